"""bKash's stand-in."""

from sandbox.bkash.api import routes

__all__ = ["routes"]
