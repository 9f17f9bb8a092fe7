"""Firebase Cloud Messaging, as far as the product speaks it."""

from sandbox.fcm.api import routes

__all__ = ["routes"]
