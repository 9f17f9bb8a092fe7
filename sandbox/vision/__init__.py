"""A stand-in of a vision-language model behind an OpenAI-compatible endpoint."""

from sandbox.vision.api import routes

__all__ = ["routes"]
