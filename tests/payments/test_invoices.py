"""Invoices have every number once, say what was sold, and are taken back by credit notes."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from payments.models import Invoice
from payments.parties import PLATFORM
from payments.services.invoicing import code_of, financial_year
from payments.states import InvoiceKind
from tests.factories import person_client
from tests.payments.scenes import API, PRICE, begin, make_purchase, paid, refund, run_all
from users.models import User

pytestmark = pytest.mark.django_db
GST = [
    {
        "description": "Processing of red cells",
        "hsn": "300290",
        "quantity": 2,
        "amount": 200_000,
        "taxes": [
            {"name": "CGST", "rate": "9", "amount": 18_000},
            {"name": "SGST", "rate": "9", "amount": 18_000},
        ],
    },
    {"description": "Delivery", "amount": 74_000},
]


@pytest.mark.parametrize(
    ("day", "year"), [((2026, 3, 31), 2025), ((2026, 4, 1), 2026), ((2026, 12, 31), 2026), ((2027, 1, 1), 2026)]
)
def test_a_financial_year_begins_in_april(day, year):
    assert financial_year(dt.date(*day)) == year


def test_a_number_fits_what_the_rules_allow():
    assert code_of(InvoiceKind.INVOICE, 2026, 42) == "INV/26-27/000042"
    assert len(code_of(InvoiceKind.INVOICE, 2099, 999_999)) <= 16


def test_each_seller_counts_by_itself_from_one_each_year(stripe):
    first, _ = paid(stripe)
    paid(stripe, payee=first.payee)
    paid(stripe)
    paid(stripe, payee=PLATFORM)
    with time_machine.travel(dt.datetime(2031, 3, 31, 18, 29, tzinfo=dt.UTC)):
        paid(stripe, payee=first.payee)
    with time_machine.travel(dt.datetime(2031, 3, 31, 18, 31, tzinfo=dt.UTC)):
        paid(stripe, payee=first.payee)

    of_first = Invoice.objects.filter(seller_partner_id=first.payee.id).order_by("pk")
    assert [row.code for row in of_first] == [
        "INV/30-31/000001",
        "INV/30-31/000002",
        "INV/30-31/000003",
        "INV/31-32/000001",
    ]
    assert Invoice.objects.filter(number=1).count() == 4


def test_an_invoice_says_what_was_sold_with_its_taxes(stripe):
    purchase, payment = paid(stripe, lines=GST)
    client = person_client(User.objects.get(pk=purchase.payer_user_id))

    body = client.get(f"{API}/{payment.pk}/receipt").json()["documents"]

    assert len(body) == 1
    assert body[0]["lines"][0]["taxes"] == GST[0]["taxes"]
    assert body[0]["amount"] == {"amount": PRICE, "currency": "INR"}
    assert body[0]["buyer"]["name"] == User.objects.get(pk=purchase.payer_user_id).name


def test_a_part_that_goes_back_has_a_credit_note_with_its_share_of_tax(stripe):
    _, payment = paid(stripe, lines=GST)

    refund(payment, PRICE // 2)
    run_all()

    note = Invoice.objects.get(kind="credit_note")
    assert (note.code, note.amount_minor, note.credits.kind) == ("CN/30-31/000001", PRICE // 2, "invoice")
    assert [tax["amount"] for tax in note.lines[0]["taxes"]] == [9_000, 9_000]
    assert note.lines[0]["amount"] + 18_000 == PRICE // 2


def test_there_is_no_receipt_before_the_money(stripe):
    purchase, client = make_purchase()
    payment = begin(purchase, client)

    for path in ("receipt", "receipt.pdf"):
        reply = client.get(f"{API}/{payment.pk}/{path}")
        assert (reply.status_code, reply.json()["code"]) == (409, "receipt_not_ready")


def test_the_receipt_can_be_printed(stripe):
    purchase, payment = paid(stripe, lines=GST)
    refund(payment, 1000)
    run_all()
    client = person_client(User.objects.get(pk=purchase.payer_user_id))

    reply = client.get(f"{API}/{payment.pk}/receipt.pdf")

    assert (reply.status_code, reply["Content-Type"]) == (200, "application/pdf")
    assert reply.content.startswith(b"%PDF")
    assert reply.content.count(b"/Type /Page\n") == 2
    assert "INV-30-31-000001.pdf" in reply["Content-Disposition"]


@pytest.mark.parametrize("sql", ["UPDATE payments_invoice SET number = 7", "DELETE FROM payments_invoice"])
def test_an_invoice_stays(stripe, sql):
    paid(stripe)

    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
