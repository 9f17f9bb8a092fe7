"""PhonePe's stand-in."""

from sandbox.phonepe.api import routes

__all__ = ["routes"]
