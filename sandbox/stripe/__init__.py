"""Stripe's stand-in."""

from sandbox.stripe.api import routes

__all__ = ["routes"]
