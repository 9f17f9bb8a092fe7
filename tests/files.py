"""Files as people send them, and as they should not."""

from __future__ import annotations

import io
import zipfile

from PIL import Image


def picture(kind: str = "JPEG", size: tuple[int, int] = (32, 24), colour: str = "teal") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, colour).save(made, kind)
    return made.getvalue()


def pdf(body: bytes = b"") -> bytes:
    """A PDF of one empty page; `body` stands among its objects."""
    return (
        b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
        b"2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n"
        b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>\nendobj\n"
        + body
        + b"\ntrailer\n<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"
    )


def archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("run.js", "alert(1)")
    return made.getvalue()
