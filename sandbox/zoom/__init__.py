"""Zoom's stand-in."""

from sandbox.zoom.api import routes

__all__ = ["routes"]
