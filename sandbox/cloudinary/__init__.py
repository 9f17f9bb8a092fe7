"""Cloudinary's stand-in."""

from sandbox.cloudinary.api import routes

__all__ = ["routes"]
