"""Printed documents: A4 pages of text in Latin, Devanagari and Bengali, lines and QR codes; same input, same bytes.

A text may mix the scripts: each stretch is set in the font that has it and shaped as its script wants. Signs that no
font here has print as a box. Lengths are points (1/72 inch), from the lower left corner.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import segno
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont, shapeStr
from reportlab.pdfgen.canvas import Canvas

FONTS: Final = Path(__file__).parent / "fonts"
FAMILIES: Final = ("NotoSans", "NotoSansDevanagari", "NotoSansBengali")  # the first that has a sign prints it
QUIET_ZONE: Final = 4  # modules of light around a QR code (ISO/IEC 18004 §6.3.8)
SMALLEST: Final = 6.0
# Three Bézier curves from the tip and back, as shares of the size from the middle of the foot: control, control, end.
_DROP: Final = (
    (0.1, 0.72, 0.42, 0.55, 0.36, 0.28),
    (0.3, 0.0, -0.3, 0.0, -0.36, 0.28),
    (-0.42, 0.55, -0.1, 0.72, 0.0, 1.0),
)

Align = Literal["left", "centre", "right"]


class Document:
    """One PDF in the making; `finish` returns it."""

    def __init__(self, *, title: str, language: str, lying: bool = False, compressed: bool = True) -> None:
        self._file = io.BytesIO()
        self.width, self.height = landscape(A4) if lying else A4
        self._canvas: Any = Canvas(
            self._file,
            pagesize=(self.width, self.height),
            invariant=1,
            pageCompression=int(compressed),
            lang=language,
        )
        self._canvas.setTitle(title)
        self._canvas.setAuthor("JeevanSetu")
        self._canvas.setCreator("JeevanSetu")

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float,
        bold: bool = False,
        align: Align = "left",
        colour: str = "#1c1c1c",
        within: float | None = None,
    ) -> None:
        """Write one line at `y`; what is longer than `within` is set smaller until it fits."""
        while within is not None and size > SMALLEST and width_of(words, size=size, bold=bold) > within:
            size -= 0.5
        share = {"left": 0.0, "centre": 0.5, "right": 1.0}[align]
        x -= share * width_of(words, size=size, bold=bold)
        self._canvas.setFillColor(HexColor(colour))
        for font, stretch in _stretches(words, bold=bold):
            self._canvas.setFont(font, size)
            self._canvas.drawString(x, y, shapeStr(stretch, font, size))
            x += _width(stretch, font, size)

    def line(
        self, x: float, y: float, to_x: float, to_y: float, *, colour: str = "#1c1c1c", thick: float = 0.5
    ) -> None:
        self._canvas.setStrokeColor(HexColor(colour))
        self._canvas.setLineWidth(thick)
        self._canvas.line(x, y, to_x, to_y)

    def frame(self, margin: float, *, colour: str, thick: float) -> None:
        """Draw a rectangle `margin` inside the page."""
        self._canvas.setStrokeColor(HexColor(colour))
        self._canvas.setLineWidth(thick)
        self._canvas.rect(margin, margin, self.width - 2 * margin, self.height - 2 * margin)

    def drop(self, x: float, y: float, *, size: float, colour: str) -> None:
        """Draw a drop of blood, its foot at `y`."""
        path = self._canvas.beginPath()
        path.moveTo(x, y + size)
        for curve in _DROP:
            path.curveTo(*(start + share * size for start, share in zip((x, y) * 3, curve, strict=True)))
        self._canvas.setFillColor(HexColor(colour))
        self._canvas.drawPath(path, stroke=0, fill=1)

    def qr(self, x: float, y: float, text: str, *, size: float) -> None:
        """Draw a QR code with its quiet zone into a square of `size`."""
        rows = [list(row) for row in segno.make(text, micro=False, error="m").matrix]
        module = size / (len(rows) + 2 * QUIET_ZONE)
        self._canvas.setFillColor(HexColor("#000000"))
        top = y + size - (QUIET_ZONE + 1) * module
        for down, row in enumerate(rows):
            for start, length in _dark(row):
                left = x + (QUIET_ZONE + start) * module
                self._canvas.rect(left, top - down * module, length * module, module, stroke=0, fill=1)

    def link(self, x: float, y: float, to_x: float, to_y: float, *, url: str) -> None:
        """Make a rectangle of the page open an address."""
        self._canvas.linkURL(url, (x, y, to_x, to_y))

    def next_page(self) -> None:
        self._canvas.showPage()

    def finish(self) -> bytes:
        self._canvas.save()
        return self._file.getvalue()


def width_of(words: str, *, size: float, bold: bool = False) -> float:
    """Return how wide the line is when it is printed."""
    return sum(_width(stretch, font, size) for font, stretch in _stretches(words, bold=bold))


def lines_of(words: str, *, size: float, within: float) -> list[str]:
    """Break the words into lines of at most `within`; a single word may be longer."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size=size) <= within:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _stretches(words: str, *, bold: bool) -> Iterator[tuple[str, str]]:
    """Yield stretches of one font each: a sign stays with those before it if their font has it too."""
    family, stretch = "", ""
    for sign in words:
        wanted = family if family and _has(family, sign) else _family_for(sign)
        if wanted != family and stretch:
            yield _font(family, bold=bold), stretch
            stretch = ""
        family, stretch = wanted, stretch + sign
    if stretch:
        yield _font(family, bold=bold), stretch


def _family_for(sign: str) -> str:
    return next((family for family in FAMILIES if _has(family, sign)), FAMILIES[0])


def _has(family: str, sign: str) -> bool:
    return ord(sign) in _load(family, bold=False)


def _font(family: str, *, bold: bool) -> str:
    _load(family, bold=bold)
    return _name(family, bold=bold)


def _name(family: str, *, bold: bool) -> str:
    return f"{family}-{'Bold' if bold else 'Regular'}"


@cache
def _load(family: str, *, bold: bool) -> frozenset[int]:
    """Register a font and return the signs it has.

    Glyphs that stand for no sign by themselves, such as conjuncts, get their private numbers here and in order: given
    while texts are shaped, they would depend on what was printed before, and change under other threads.
    """
    name = _name(family, bold=bold)
    font: Any = TTFont(name, str(FONTS / f"{name}.ttf"))
    signs = frozenset(font.face.charToGlyph)
    shaper = font.hbFont()
    for glyph in range(font.hbFace.glyph_count):
        if glyph not in font.face.glyphToChar:
            font.hbAddPrivate(shaper.glyph_to_string(glyph), glyph, shaper.get_glyph_h_advance(glyph))
    pdfmetrics.registerFont(font)
    return signs


def _width(stretch: str, font: str, size: float) -> float:
    return float(pdfmetrics.stringWidth(shapeStr(stretch, font, size), font, size))


def _dark(row: list[int]) -> Iterator[tuple[int, int]]:
    """Yield where dark modules begin and how many follow each other."""
    start = 0
    while start < len(row):
        length = 0
        while start + length < len(row) and row[start + length]:
            length += 1
        if length:
            yield start, length
        start += length or 1


__all__ = ["Align", "Document", "lines_of", "mm", "width_of"]
