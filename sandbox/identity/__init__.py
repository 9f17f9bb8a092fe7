"""A stand-in of a licensed provider of identities."""

from sandbox.identity.api import routes

__all__ = ["routes"]
