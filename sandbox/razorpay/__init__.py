"""Razorpay's stand-in."""

from sandbox.razorpay.api import routes

__all__ = ["routes"]
