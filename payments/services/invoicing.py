"""Invoices and credit notes: the next number is taken and used in one transaction, so that none is missing."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from common import clock
from common.db import lock_one, step
from common.money import share
from partners import selectors as partners
from payments.models import Invoice, InvoiceCounter, Payment, Purchase, Refund
from payments.parties import Party, PartyKind
from payments.states import InvoiceKind
from users import selectors as people

ZONE: Final = "Asia/Kolkata"  # in which the Indian financial year begins
FIRST_MONTH: Final = 4  # April: Income-tax Act 2025, section 3
LETTERS: Final = {InvoiceKind.INVOICE: "INV", InvoiceKind.CREDIT_NOTE: "CN"}
PLATFORM_CARD: Final = {"name": "JeevanSetu", "address": "", "phone": ""}


def financial_year(day: dt.date) -> int:
    """Return the year in which the financial year of this day began."""
    return day.year if day.month >= FIRST_MONTH else day.year - 1


def code_of(kind: InvoiceKind, year: int, number: int) -> str:
    """Return what stands on the paper, as in `INV/26-27/000042`: 16 characters at most (CGST Rules, rule 46)."""
    return f"{LETTERS[kind]}/{year % 100:02d}-{(year + 1) % 100:02d}/{number:06d}"


@step
def issue_invoice(purchase: Purchase, payment: Payment) -> Invoice:
    """Write the invoice of a paid purchase. Locks: the seller's counter."""
    return _issue(
        InvoiceKind.INVOICE,
        purchase.payee,
        payment=payment,
        seller=card_of(purchase.payee),
        buyer=card_of(purchase.payer),
        lines=purchase.lines,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
    )


@step
def issue_credit_note(payment: Payment, refund: Refund) -> Invoice | None:
    """Write the credit note of a refund; none where nothing was invoiced. Locks: the seller's counter."""
    invoice = Invoice.objects.filter(payment=payment, kind=InvoiceKind.INVOICE).first()
    if invoice is None:
        return None
    return _issue(
        InvoiceKind.CREDIT_NOTE,
        payment.payee,
        payment=payment,
        refund=refund,
        credits=invoice,
        seller=invoice.seller,
        buyer=invoice.buyer,
        lines=_part_of(invoice, refund),
        amount_minor=refund.amount_minor,
        currency=refund.currency,
    )


def card_of(party: Party) -> dict[str, Any]:
    """Return how a party stands on an invoice today."""
    if party.kind is PartyKind.PARTNER and party.id is not None:
        profile = partners.profile_of(party.id)
        return {"name": profile.name, "address": profile.address, "phone": profile.phone, "state": profile.state}
    if party.kind is PartyKind.PERSON and party.id is not None:
        return {"name": people.get_user(party.id).name, "address": "", "phone": ""}
    return dict(PLATFORM_CARD)


def _part_of(invoice: Invoice, refund: Refund) -> list[dict[str, Any]]:
    """Return the invoice's lines when all goes back; else one line in which each tax has its share."""
    if refund.amount_minor == invoice.amount_minor:
        return list(invoice.lines)
    taxes: dict[tuple[str, str], int] = {}
    for line in invoice.lines:
        for tax in line["taxes"]:
            name = (tax["name"], tax["rate"])
            taxes[name] = taxes.get(name, 0) + tax["amount"]
    parts: list[dict[str, Any]] = [
        {"name": name, "rate": rate, "amount": share(amount, refund.amount_minor, invoice.amount_minor)}
        for (name, rate), amount in taxes.items()
    ]
    rest = refund.amount_minor - sum(part["amount"] for part in parts)
    return [{"description": refund.reason[:120], "hsn": "", "quantity": 1, "amount": rest, "taxes": parts}]


def _issue(kind: InvoiceKind, by: Party, **values: Any) -> Invoice:
    today = clock.today(ZONE)
    year = financial_year(today)
    number = _next_number(kind, by, year)
    return Invoice.objects.create(
        kind=kind,
        seller_user_id=by.user_id,
        seller_partner_id=by.partner_id,
        year=year,
        number=number,
        code=code_of(kind, year, number),
        issued_on=today,
        **values,
    )


def _next_number(kind: InvoiceKind, seller: Party, year: int) -> int:
    names = {**seller.columns("seller"), "kind": kind, "year": year}
    InvoiceCounter.objects.bulk_create([InvoiceCounter(**names)], ignore_conflicts=True)
    pk = InvoiceCounter.objects.values_list("pk", flat=True).get(**names)
    row = lock_one(InvoiceCounter, pk)
    row.last += 1
    row.save(update_fields=["last"])
    return row.last
