"""Invoices and credit notes as PDF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from common.money import Currency, Money, in_words
from common.pdf import Document, mm
from payments.models import Invoice
from payments.states import InvoiceKind

TITLES: Final = {InvoiceKind.INVOICE: "Invoice", InvoiceKind.CREDIT_NOTE: "Credit note"}
TAXED: Final = "Tax invoice"  # what it is called where there is tax on it (CGST Act, section 31)
MARGIN: Final = 20 * mm
LINE: Final = 6 * mm
SIZE: Final = 10.0
MONEY_WIDTH: Final = 40 * mm


def pdf_of(documents: Sequence[Invoice]) -> bytes:
    """Return the documents, a page each, as they were issued."""
    file = Document(title=", ".join(one.code for one in documents), language="en-IN")
    for index, one in enumerate(documents):
        if index:
            file.next_page()
        _Page(file).draw(one)
    return file.finish()


class _Page:
    """One page, written from the top down."""

    def __init__(self, file: Document) -> None:
        self._file = file
        self._y = file.height - MARGIN
        self._right = file.width - MARGIN

    def draw(self, one: Invoice) -> None:
        currency = Currency(one.currency)
        self._say(_title(one), size=18, bold=True)
        self._gap()
        self._say(f"{one.code}    {one.issued_on:%d %b %Y}")
        self._gap()
        self._party("From", one.seller)
        self._party("To", one.buyer)
        self._rule()
        for line in one.lines:
            text = f"{line['quantity']} x {line['description']}" + (f" (HSN {line['hsn']})" if line["hsn"] else "")
            self._row(text, Money(line["amount"], currency))
            for tax in line["taxes"]:
                self._row(f"{tax['name']} {tax['rate']} %", Money(tax["amount"], currency), indent=6 * mm)
        self._rule()
        self._row("Total", one.amount, bold=True)

    def _party(self, role: str, card: dict[str, Any]) -> None:
        self._say(f"{role}: {card['name']}", bold=True)
        for text in (card.get("address"), card.get("state")):
            if text:
                self._say(text)
        self._gap()

    def _row(self, text: str, money: Money, *, indent: float = 0, bold: bool = False) -> None:
        self._file.text(self._right, self._y, in_words(money), size=SIZE, bold=bold, align="right")
        self._say(text, bold=bold, indent=indent, within=self._right - MARGIN - indent - MONEY_WIDTH)

    def _say(
        self, text: str, *, size: float = SIZE, bold: bool = False, indent: float = 0, within: float | None = None
    ) -> None:
        x = MARGIN + indent
        self._file.text(x, self._y, text, size=size, bold=bold, within=within or self._right - x)
        self._y -= LINE

    def _rule(self) -> None:
        self._file.line(MARGIN, self._y, self._right, self._y)
        self._y -= LINE

    def _gap(self) -> None:
        self._y -= LINE / 2


def _title(one: Invoice) -> str:
    kind = InvoiceKind(one.kind)
    is_taxed = any(line["taxes"] for line in one.lines)
    return TAXED if kind is InvoiceKind.INVOICE and is_taxed else TITLES[kind]
