"""Invoices and credit notes as PDF."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from common.money import Currency, Money, in_words
from payments.models import Invoice
from payments.states import InvoiceKind

TITLES: Final = {InvoiceKind.INVOICE: "Tax invoice", InvoiceKind.CREDIT_NOTE: "Credit note"}
MARGIN: Final = 20 * mm
LINE: Final = 6 * mm
BODY, BOLD = "Helvetica", "Helvetica-Bold"


def pdf_of(documents: Sequence[Invoice]) -> bytes:
    """Return the documents, a page each, as they were issued."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=True)
    canvas.setTitle(", ".join(one.code for one in documents))
    for one in documents:
        _Page(canvas).draw(one)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


class _Page:
    """One page, written from the top down."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._width, self._top = A4
        self._y = self._top - MARGIN

    def draw(self, one: Invoice) -> None:
        currency = Currency(one.currency)
        self._say(TITLES[InvoiceKind(one.kind)], size=18)
        self._say(f"{one.code}    {one.issued_on:%d %b %Y}")
        self._gap()
        self._party("From", one.seller)
        self._party("To", one.buyer)
        self._gap()
        for line in one.lines:
            text = f"{line['quantity']} x {line['description']}" + (f" (HSN {line['hsn']})" if line["hsn"] else "")
            self._row(text, Money(line["amount"], currency))
            for tax in line["taxes"]:
                self._row(f"    {tax['name']} {tax['rate']} %", Money(tax["amount"], currency))
        self._gap()
        self._row("Total", one.amount, font=BOLD)

    def _party(self, role: str, card: dict[str, Any]) -> None:
        self._say(f"{role}: {card['name']}", font=BOLD)
        for text in (card.get("address"), card.get("state")):
            if text:
                self._say(text)

    def _row(self, text: str, money: Money, *, font: str = BODY) -> None:
        y = self._y
        self._say(text[:80], font=font)
        self._canvas.drawRightString(self._width - MARGIN, y, in_words(money))

    def _say(self, text: str, *, font: str = BODY, size: float = 10) -> None:
        self._canvas.setFont(font, size)
        self._canvas.drawString(MARGIN, self._y, text)
        self._y -= LINE

    def _gap(self) -> None:
        self._y -= LINE
