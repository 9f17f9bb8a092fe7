"""A logistics provider's stand-in."""

from sandbox.logistics.api import routes

__all__ = ["routes"]
