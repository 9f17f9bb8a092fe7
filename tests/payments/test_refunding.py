"""No more goes back than came, each refund once, and the ledger follows."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from common.db import unit_of_work
from payments.errors import NothingToRefund, RefundTooLarge
from payments.models import Invoice, Payment, Refund
from payments.parties import Party
from payments.services import paying, refunding
from tests.conftest import NOON
from tests.factories import make_hospital, make_user, member_client, person_client
from tests.payments.scenes import (
    PRICE,
    ask,
    begin,
    close,
    events,
    make_purchase,
    paid,
    refund,
    register,
    run_all,
    totals,
)

pytestmark = pytest.mark.django_db


def test_a_part_goes_back_and_then_the_rest(stripe):
    _, payment = paid(stripe, fee_minor=10_001)

    refund(payment, 100_000, "first")
    run_all()
    refund(payment, None, "rest")
    run_all()

    assert [row.amount_minor for row in Refund.objects.order_by("pk")] == [100_000, PRICE - 100_000]
    assert sum(Refund.objects.values_list("fee_minor", flat=True)) == 10_001
    assert totals() == {}
    assert stripe.captured() == {str(payment.pk): 0}
    assert len(events("refund.succeeded")) == 2


def test_more_than_was_paid_is_refused(stripe):
    _, payment = paid(stripe)
    refund(payment, PRICE - 1)

    with pytest.raises(RefundTooLarge):
        refund(payment, 2, "other")
    assert Refund.objects.count() == 1


def test_the_database_itself_refuses_more_than_was_paid(stripe):
    _, payment = paid(stripe)
    values = {"payment": payment, "currency": "INR", "reason": "x", "actor": "x"}

    with pytest.raises(IntegrityError, match="payment_refunds_within_paid"), transaction.atomic():
        Refund.objects.create(key="a", amount_minor=PRICE + 1, **values)
    with pytest.raises(IntegrityError, match="payment_refunds_within_paid"), transaction.atomic():
        Refund.objects.create(key="a", amount_minor=PRICE, **values)
        Refund.objects.create(key="b", amount_minor=1, **values)


def test_a_refund_keeps_its_amount(stripe):
    _, payment = paid(stripe)
    back = refund(payment, 100)

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE payments_refund SET amount_minor = 1 WHERE id = %s", [str(back.pk)])


def test_the_same_key_gives_back_once(stripe):
    _, payment = paid(stripe)

    assert refund(payment, 100).pk == refund(payment, 100).pk
    run_all()
    assert refund(payment, 100).status == "succeeded"
    assert stripe.captured() == {str(payment.pk): PRICE - 100}


def test_what_nobody_has_paid_cannot_go_back(stripe):
    purchase, client = make_purchase()

    with pytest.raises(NothingToRefund):
        refund(begin(purchase, client))


def test_closing_gives_back_all_but_the_fee_for_cancelling_once(stripe):
    purchase, payment = paid(stripe)

    close(purchase, keep_minor=10_000)
    assert close(purchase) is None
    run_all()

    payment.refresh_from_db()
    assert (payment.refunded_minor, payment.status) == (PRICE - 10_000, "succeeded")
    assert totals() == {"gateway": 10_000, "payable": -10_000}


def test_a_refund_may_take_days_and_then_fail(stripe):
    _, payment = paid(stripe)
    stripe.sandbox.faults(refund_pending=True)
    back = refund(payment, 100_000)
    run_all()
    back.refresh_from_db()
    waiting = back.status, totals()["refunding"]

    stripe.end_refund(back, "failed")
    with time_machine.travel(NOON + dt.timedelta(days=2)):
        run_all()

    back.refresh_from_db()
    payment.refresh_from_db()
    assert waiting == ("pending", -100_000)
    assert (back.status, back.failure, payment.refunded_minor) == ("failed", "lost_or_stolen_card", 0)
    assert totals() == {"gateway": PRICE, "payable": -PRICE}
    assert len(events("refund.failed")) == 1
    assert refund(payment, PRICE, "again").status == "pending"


def test_money_held_goes_back_whole_in_its_own_currency(stripe):
    purchase, client = make_purchase()
    payment = begin(purchase, client)
    stripe.sandbox.faults(wrong_currency=True)
    stripe.press(payment)
    ask(payment)

    refunding.return_held(payment_id=payment.pk, actor="admin 1", reason="Wrong currency.")
    run_all()

    payment.refresh_from_db()
    assert (payment.status, Refund.objects.get().currency, Refund.objects.get().status) == (
        "failed",
        "USD",
        "succeeded",
    )
    assert totals() == {}
    assert Invoice.objects.count() == 0


def by_hand():
    """A payment by hand to a partner, and its members' client."""
    user, owner = make_user(), make_hospital()
    purchase = register(Party.person(user.pk), Party.partner(owner.partner_id))
    return begin(purchase, person_client(user), "offline"), member_client(owner), owner


def record(client, payment, amount=PRICE, currency="INR", method="cash"):
    body = {"amount": {"amount": amount, "currency": currency}, "method": method}
    return client.post(f"/api/v1/partner/payments/{payment.pk}/record", body, format="json")


def test_a_member_records_cash_once_and_the_seller_is_owed_nothing():
    payment, client, _ = by_hand()

    first, second = record(client, payment), record(client, payment)

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["status"] == "succeeded"
    assert len(events("payment.succeeded")) == 1
    assert totals() == {"collected": PRICE, "payable": -PRICE}
    assert client.get("/api/v1/partner/balance").json()["balances"] == [
        {"currency": "INR", "owed": 0, "collected": PRICE}
    ]


@pytest.mark.parametrize(("amount", "currency"), [(PRICE - 1, "INR"), (PRICE + 1, "INR"), (PRICE, "USD")])
def test_another_amount_is_not_recorded(amount, currency):
    payment, client, _ = by_hand()

    reply = record(client, payment, amount, currency)

    assert (reply.status_code, reply.json()["code"]) == (400, "amount_differs")


def test_only_the_seller_records_and_only_what_is_paid_by_hand(stripe):
    payment, _, owner = by_hand()
    stranger = member_client(make_hospital())
    user = make_user()
    card = begin(register(Party.person(user.pk), Party.partner(owner.partner_id)), person_client(user))

    assert record(stranger, payment).status_code == 404
    assert record(member_client(owner), card).json()["code"] == "not_offline"


def test_cash_goes_back_by_hand_and_is_recorded():
    payment, client, _ = by_hand()
    record(client, payment)
    url = f"/api/v1/partner/payments/{payment.pk}/refunds"

    without_key = client.post(url, {"amount": 5000, "reason": "x"}, format="json")
    back = client.post(url, {"amount": 5000, "reason": "x"}, format="json", headers={"Idempotency-Key": "k"})
    again = client.post(url, {"amount": 5000, "reason": "x"}, format="json", headers={"Idempotency-Key": "k"})
    run_all()
    done = [client.post(f"/api/v1/partner/refunds/{back.json()['id']}/record") for _ in range(2)]

    assert without_key.json()["code"] == "idempotency_key_required"
    assert (back.status_code, back.json()["status"], again.json()["id"]) == (201, "pending", back.json()["id"])
    assert [reply.json()["status"] for reply in done] == ["succeeded"] * 2
    assert totals() == {"collected": PRICE - 5000, "payable": 5000 - PRICE}


def test_a_stranger_refunds_nothing(stripe):
    _, payment = paid(stripe)
    stranger = member_client(make_hospital())

    reply = stranger.post(
        f"/api/v1/partner/payments/{payment.pk}/refunds",
        {"reason": "x"},
        format="json",
        headers={"Idempotency-Key": "k"},
    )

    assert reply.status_code == 404
    assert Refund.objects.count() == 0


def test_cancelled_cash_is_over_at_once():
    payment, client, _ = by_hand()
    paying.cancel(payment_id=payment.pk, payer=Party.person(payment.payer_user_id), actor="payer")

    assert record(client, payment).json()["code"] == "purchase_closed"
    assert Payment.objects.get().status == "cancelled"


def test_a_purchase_that_nobody_paid_has_nothing_to_refund():
    purchase, _ = make_purchase()

    with unit_of_work():
        found = refunding.refund_purchase(
            kind=purchase.kind, reference=purchase.reference, key="k", reason="x", actor="x"
        )

    assert found is None


def test_whoever_is_paid_does_not_see_how_the_payer_pays(stripe):
    user, owner = make_user(), make_hospital()
    payment = begin(register(Party.person(user.pk), Party.partner(owner.partner_id)), person_client(user))
    client = member_client(owner)

    listed = client.get("/api/v1/partner/payments", {"direction": "received"}).json()["results"]
    read = client.get(f"/api/v1/partner/payments/{payment.pk}").json()

    assert [row["id"] for row in listed] == [str(payment.pk)]
    assert "action" not in listed[0]
    assert read["action"]["url"] == read["action"]["client_token"] == ""
    assert client.get("/api/v1/partner/payments", {"direction": "made"}).json()["results"] == []


def test_a_hospital_pays_as_a_person_does(stripe):
    buyer = make_hospital()
    purchase = register(Party.partner(buyer.partner_id))
    client, stranger = member_client(buyer), member_client(make_hospital())
    body = {"purchase": {"kind": purchase.kind, "id": str(purchase.reference)}, "provider": "stripe"}

    reply = client.post("/api/v1/partner/payments", body, format="json")

    assert (reply.status_code, reply.json()["action"]["type"]) == (201, "sdk")
    assert stranger.post("/api/v1/partner/payments", body, format="json").json()["code"] == "purchase_unknown"
    assert stranger.get(f"/api/v1/partner/payments/{reply.json()['id']}").status_code == 404
    assert client.post(f"/api/v1/partner/payments/{reply.json()['id']}/cancel").status_code == 200
