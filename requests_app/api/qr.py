"""The arrival code as a picture."""

from __future__ import annotations

import uuid

import segno


def arrival_qr(assignment_id: uuid.UUID, code: str) -> str:
    """Return an SVG data URI of a QR code whose text is `jeevansetu:arrival:<assignment>:<code>`."""
    picture = segno.make(f"jeevansetu:arrival:{assignment_id}:{code}", micro=False, error="m")
    return str(picture.svg_data_uri(scale=4))
