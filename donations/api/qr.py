"""A ticket as a picture."""

from __future__ import annotations

import segno


def ticket_qr(text: str) -> str:
    """Return an SVG data URI of a QR code with the text.

    The mask is given, because trying all eight takes five times as long, and masks are against patterns that a
    signature does not have.
    """
    return str(segno.make(text, micro=False, error="m", mask=0).svg_data_uri(scale=4))
