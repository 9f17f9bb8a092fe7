"""A ticket as a picture."""

from __future__ import annotations

import segno


def ticket_qr(text: str) -> str:
    """Return an SVG data URI of a QR code with the text."""
    return str(segno.make(text, micro=False, error="m").svg_data_uri(scale=4))
