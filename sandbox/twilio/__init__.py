"""Twilio's stand-in."""

from sandbox.twilio.api import routes

__all__ = ["routes"]
