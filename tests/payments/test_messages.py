"""Whoever pays hears that money has arrived, came too late, or went back; nobody hears what was bought."""

from __future__ import annotations

import pytest

from common.money import Currency, Money, in_code, in_words
from notifications.models import Notification
from payments.parties import Party
from payments.states import PurchaseKind
from tests.factories import make_hospital, member_client
from tests.payments.scenes import ask, begin, close, make_purchase, paid, refund, register, run_all

pytestmark = pytest.mark.django_db
KINDS = {"payment_received", "payment_late", "refund_sent"}


def told():
    rows = Notification.objects.filter(kind__in=KINDS).order_by("pk")
    return [(row.kind, row.user_id or row.member_id, row.body) for row in rows]


def test_a_person_hears_of_the_money_and_of_what_goes_back(stripe):
    purchase, payment = paid(stripe)
    refund(payment, 50_000)
    run_all()
    run_all()

    heard = told()

    assert [(kind, who) for kind, who, _ in heard] == [
        ("payment_received", purchase.payer_user_id),
        ("refund_sent", purchase.payer_user_id),
    ]
    assert "INR 3,100.00" in heard[0][2]
    assert "INR 500.00" in heard[1][2]
    assert all("Blood" not in body for _, _, body in heard)


def test_late_money_for_what_no_seller_answers_for_is_said_to_be_late(stripe):
    purchase, client = make_purchase(kind=PurchaseKind.TRANSFER)
    payment = begin(purchase, client)
    stripe.press(payment)
    close(purchase)
    ask(payment)
    run_all()

    assert [kind for kind, _, _ in told()] == ["payment_late"]


def test_members_hear_of_what_their_hospital_pays(stripe):
    buyer = make_hospital()
    purchase = register(Party.partner(buyer.partner_id))
    body = {"purchase": {"kind": purchase.kind, "id": str(purchase.reference)}, "provider": "stripe"}
    member_client(buyer).post("/api/v1/partner/payments", body, format="json")
    payment = purchase.payments.get()
    stripe.pay_in_app(payment)
    ask(payment)
    run_all()

    assert [(kind, who) for kind, who, _ in told()] == [("payment_received", buyer.pk)]


@pytest.mark.parametrize(
    ("minor", "currency", "words", "code"),
    [
        (125_000, "INR", "₹1,250.00", "INR 1,250.00"),
        (5, "BDT", "৳0.05", "BDT 0.05"),
        (-1_234_567, "USD", "-$12,345.67", "USD -12,345.67"),
    ],
)
def test_money_is_written_for_people(minor, currency, words, code):
    money = Money(minor, Currency(currency))

    assert (in_words(money), in_code(money)) == (words, code)


def test_money_is_whole_and_of_one_currency():
    rupee, dollar = Money(100, Currency.INR), Money(100, Currency.USD)

    assert rupee + rupee - rupee == rupee
    with pytest.raises(ValueError, match="INR and USD"):
        _ = rupee + dollar
    with pytest.raises(TypeError):
        Money(1.5, Currency.INR)
