"""A stand-in of partners' own systems, which are sent webhooks."""

from sandbox.receiver.api import routes

__all__ = ["routes"]
