"""What is owed goes to the payee's account at a provider, once, whatever is lost on the way; else by hand."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from common.db import unit_of_work
from common.money import Currency, Money
from notifications.models import Notification
from payments import payout_selectors, selectors
from payments.errors import PayoutAutomatic, PayoutRepeated, PayoutTooLarge
from payments.models import Payout, PayoutAccount
from payments.parties import Party
from payments.services import erasing, payees, paying_out
from tests.factories import make_hospital, make_user, member_client, person_client
from tests.payments.payees import (
    DOCTOR_ACCOUNT,
    account_of,
    dashboard,
    make_payee,
    owe,
    pay_out,
    set_account,
    sold,
    told,
    transfers,
)
from tests.payments.scenes import PRICE, begin, events, make_purchase, paid, refund, run_all, totals

pytestmark = pytest.mark.django_db
NET = PRICE - 31_000
LOST = ["lost_reply", "lost_request", "truncated_json", "error_5xx", "html_body", "rate_limit"]
ACCOUNT = "/api/v1/me/payout-account"
DAY = dt.timedelta(days=1)


def fault(stripe, **wish):
    stripe.sandbox.faults(**{name: {"channel": "stripe", **limits} for name, limits in wish.items()})


def make_due():
    Payout.objects.filter(ask_at__isnull=False).update(ask_at=dt.datetime(2030, 1, 1, tzinfo=dt.UTC))


def run_again():
    make_due()
    run_all()


def at_rest():
    with connection.cursor() as cursor:
        cursor.execute("SELECT reference FROM payments_payoutaccount")
        return bytes(cursor.fetchone()[0])


def kinds(*names):
    return list(Notification.objects.filter(kind__in=names).order_by("pk").values_list("kind", flat=True))


def test_the_proceeds_of_a_purchase_go_to_the_payees_account(stripe):
    payee = make_payee()
    purchase, _ = sold(stripe, payee)

    row = pay_out(purchase)
    run_all()

    (transfer,) = transfers(stripe)
    row.refresh_from_db()
    assert (transfer["amount"], transfer["currency"], transfer["destination"]) == (NET, "inr", DOCTOR_ACCOUNT)
    assert transfer["metadata"] == {"payout": str(row.pk)}
    assert (row.status, row.provider, row.provider_ref) == ("succeeded", "stripe", transfer["id"])
    assert totals() == {"gateway": 31_000, "revenue": -31_000}
    assert kinds("payout_sent") == ["payout_sent"]


def test_the_amount_is_that_of_the_purchase_and_what_went_back_of_it(stripe):
    payee = make_payee()
    purchase, payment = sold(stripe, payee)
    refund(payment, PRICE // 10)
    sold(stripe, payee)  # another, which changes nothing

    row = pay_out(purchase)

    assert row.amount_minor == NET - PRICE // 10 + 3_100
    assert (row.currency, row.purchase_id) == (payment.received_currency, purchase.pk)


def test_the_currency_is_that_of_the_money_that_came(stripe):
    payee = make_payee()
    purchase, _ = sold(stripe, payee, amount=Money(PRICE, Currency.USD))

    pay_out(purchase)
    run_all()

    assert transfers(stripe)[0]["currency"] == "usd"
    assert selectors.trial_balance() == {"USD": 0}


def test_a_purchase_is_paid_out_once_however_often_it_is_asked_for(stripe):
    purchase, _ = sold(stripe, make_payee())

    first, second = pay_out(purchase), pay_out(purchase)
    for _ in range(3):
        run_again()

    assert first.pk == second.pk
    assert len(transfers(stripe)) == 1


def test_what_the_payee_took_by_hand_or_nobody_paid_is_not_paid_out(stripe):
    owner = make_hospital()
    payee = Party.partner(owner.partner_id)
    unpaid, _ = make_purchase(payee=payee)
    purchase, client = make_purchase(payee=payee)
    payment = begin(purchase, client, "offline")
    body = {"amount": {"amount": PRICE, "currency": "INR"}, "method": "cash"}
    url = f"/api/v1/partner/payments/{payment.pk}/record"
    assert member_client(owner).post(url, body, format="json").status_code == 200

    assert (pay_out(unpaid), pay_out(purchase)) == (None, None)


def test_what_the_payee_owes_otherwise_is_kept_back(stripe):
    payee = make_payee()
    first, payment = sold(stripe, payee)
    pay_out(first)
    run_all()
    refund(payment, 100_000)
    second, _ = sold(stripe, payee)

    row = pay_out(second)

    assert row.amount_minor == NET - 90_000  # a tenth of what went back was the fee
    assert selectors.balances_of(payee)[0].owed_minor == 0


@pytest.mark.parametrize("name", LOST)
def test_a_payout_that_got_no_answer_is_paid_once(stripe, name):
    purchase, _ = sold(stripe, make_payee())
    fault(stripe, **{name: {"times": 1, "only_to": "payout"}})

    pay_out(purchase)
    run_all()
    stripe.forget_keys()  # as after a day: what was made is found, not made again
    run_again()

    assert Payout.objects.get().status == "succeeded"
    assert [row["amount"] for row in transfers(stripe)] == [NET]


def test_a_question_that_got_no_answer_pays_nothing(stripe):
    purchase, _ = sold(stripe, make_payee())
    fault(stripe, error_5xx={"times": 1, "only_to": "payout", "on": "look_up"})

    pay_out(purchase)
    run_all()
    before = transfers(stripe)
    run_again()

    assert (before, len(transfers(stripe))) == ([], 1)


def test_what_the_provider_refuses_is_owed_again_and_paid_again_by_a_person(stripe):
    payee = make_payee()
    purchase, _ = sold(stripe, payee)
    dashboard(stripe.sandbox, f"/stripe/accounts/{DOCTOR_ACCOUNT}", "PUT", state="unready")

    row = pay_out(purchase)
    run_all()
    found = [one.kind for one in selectors.mismatches()]
    payees.remove_account(owner=payee, actor="test")
    again = paying_out.repeat_payout(payout_id=row.pk, actor="admin")
    paying_out.record_payout(payout_id=again.pk, bank_reference="UTR1", actor="admin")
    run_all()

    row.refresh_from_db()
    assert (row.status, row.failure) == ("failed", "insufficient_capabilities_for_transfer")
    assert (found, selectors.mismatches()) == (["payout failed"], [])
    assert (again.provider, again.amount_minor, again.purchase_id) == ("offline", NET, purchase.pk)
    assert kinds("payout_failed", "payout_sent") == ["payout_failed", "payout_sent"]
    with pytest.raises(PayoutRepeated):
        paying_out.repeat_payout(payout_id=row.pk, actor="admin")


def test_a_failed_payout_that_went_out_otherwise_is_not_paid_again(stripe):
    payee = Party.person(make_user().pk)
    sold(stripe, payee)
    row = owe(payee, NET)
    paying_out.fail_payout(payout_id=row.pk, reason="No such account.", actor="admin")
    owe(payee, NET, "other")

    with pytest.raises(PayoutTooLarge):
        paying_out.repeat_payout(payout_id=row.pk, actor="admin")
    assert selectors.mismatches() == []


def test_without_money_at_the_provider_a_payout_waits_and_is_owed_again_after_three_days(stripe, noon):
    purchase, _ = sold(stripe, make_payee())
    dashboard(stripe.sandbox, f"/stripe/accounts/{DOCTOR_ACCOUNT}", "PUT", state="unfunded")

    row = pay_out(purchase)
    run_all()
    row.refresh_from_db()
    waiting = (row.status, row.failure)
    noon.shift(3 * DAY)
    run_again()

    row.refresh_from_db()
    assert (waiting, row.status) == (("pending", "balance_insufficient"), "failed")
    assert transfers(stripe) == []


def test_a_payout_without_an_answer_is_never_given_up(stripe, noon):
    purchase, _ = sold(stripe, make_payee())
    fault(stripe, rate_limit={"only_to": "payout", "on": "any"})

    row = pay_out(purchase)
    for _ in range(3):
        noon.shift(3 * DAY)
        run_again()

    row.refresh_from_db()
    assert row.status == "pending"
    assert "payout slow" in [one.kind for one in selectors.mismatches()]


def test_nothing_is_paid_to_an_account_that_was_removed(stripe):
    payee = make_payee()
    purchase, _ = sold(stripe, payee)
    row = pay_out(purchase)
    payees.remove_account(owner=payee, actor="test")

    run_all()

    row.refresh_from_db()
    assert (row.status, row.failure, transfers(stripe)) == ("failed", "account_closed", [])


def test_what_was_paid_before_the_account_was_removed_is_known(stripe):
    payee = make_payee()
    purchase, _ = sold(stripe, payee)
    fault(stripe, lost_reply={"times": 1, "only_to": "payout"})
    row = pay_out(purchase)
    run_all()
    payees.remove_account(owner=payee, actor="test")

    run_again()

    row.refresh_from_db()
    assert (row.status, len(transfers(stripe))) == ("succeeded", 1)


def test_a_transfer_that_was_taken_back_is_owed_again(stripe):
    payee = make_payee()
    purchase, _ = sold(stripe, payee)
    row = pay_out(purchase)
    run_all()
    (transfer,) = transfers(stripe)
    dashboard(stripe.sandbox, f"/stripe/transfers/{transfer['id']}/reverse")

    for _ in range(2):
        told("transfer.reversed", id=transfer["id"], metadata=transfer["metadata"])

    row.refresh_from_db()
    assert (row.status, row.failure) == ("failed", "reversed")
    assert selectors.balances_of(payee)[0].owed_minor == NET
    assert totals() == {"gateway": PRICE, "payable": -NET, "revenue": -31_000}
    assert len(events("payout.failed")) == 1


def test_a_part_that_was_taken_back_is_reported_until_the_rest_is_too(stripe):
    purchase, _ = sold(stripe, make_payee())
    row = pay_out(purchase)
    run_all()
    (transfer,) = transfers(stripe)

    found = []
    for amount in (1_000, NET - 1_000):
        dashboard(stripe.sandbox, f"/stripe/transfers/{transfer['id']}/reverse", amount=amount)
        told("transfer.reversed", id=transfer["id"], metadata=transfer["metadata"])
        row.refresh_from_db()
        found.append((row.status, [one.kind for one in selectors.mismatches()]))

    assert found == [("succeeded", ["payout partly taken back"]), ("failed", ["payout failed"])]


def test_what_a_provider_pays_is_not_recorded_by_hand(stripe):
    purchase, _ = sold(stripe, make_payee())
    row = pay_out(purchase)

    with pytest.raises(PayoutAutomatic):
        paying_out.record_payout(payout_id=row.pk, bank_reference="UTR1", actor="admin")
    with pytest.raises(PayoutAutomatic):
        paying_out.fail_payout(payout_id=row.pk, reason="x", actor="admin")


def test_earnings_tell_what_was_sold_kept_given_back_and_paid_out(stripe):
    payee = make_payee()
    first, payment = sold(stripe, payee)
    pay_out(first)
    run_all()
    refund(payment, 100_000)
    sold(stripe, payee)

    (total,) = payout_selectors.earnings_of(payee)
    rows = payout_selectors.earned_by(payee).order_by("pk")

    assert (total.sold_minor, total.fees_minor, total.returned_minor) == (2 * PRICE, 52_000, 100_000)
    assert (total.net_minor, total.paid_out_minor, total.on_the_way_minor) == (2 * NET - 90_000, NET, 0)
    assert total.owed_minor == total.net_minor - total.paid_out_minor
    assert [(row.net, row.payout_status) for row in rows] == [(NET - 90_000, "succeeded"), (NET, None)]


def test_earnings_cost_the_same_whether_few_or_many(stripe, django_assert_num_queries):
    payee = make_payee()
    for _ in range(3):
        sold(stripe, payee)

    with django_assert_num_queries(1):
        assert len(payout_selectors.earned_by(payee)) == 3
    with django_assert_num_queries(3):
        payout_selectors.earnings_of(payee)


def test_an_account_is_shown_by_its_end_alone_and_sealed_at_rest(sandbox):
    user = make_user()
    client = person_client(user)

    before = client.get(ACCOUNT).status_code
    put = client.put(ACCOUNT, {"provider": "stripe", "account": DOCTOR_ACCOUNT}, format="json")
    run_all()
    shown = client.get(ACCOUNT)

    assert (before, put.status_code, put.json()["status"]) == (404, 200, "checking")
    assert (shown.json()["ending"], shown.json()["status"]) == ("k3Qz", "ready")
    assert DOCTOR_ACCOUNT not in put.content.decode() + shown.content.decode()
    assert kinds("payout_account_ready") == ["payout_account_ready"]
    assert DOCTOR_ACCOUNT.encode() not in at_rest()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"provider": "razorpay", "account": DOCTOR_ACCOUNT}, "invalid_input"),
        ({"provider": "stripe", "account": "IN00BANK0001"}, "payout_account_invalid"),
        ({"provider": "stripe"}, "invalid_input"),
    ],
)
def test_what_is_no_account_is_refused(sandbox, body, code):
    reply = person_client(make_user()).put(ACCOUNT, body, format="json")

    assert (reply.status_code, reply.json()["code"]) == (400, code)


def test_nothing_is_paid_out_by_a_provider_that_is_not_set_up(sandbox, settings):
    settings.STRIPE_CONNECT = False

    reply = person_client(make_user()).put(ACCOUNT, {"provider": "stripe", "account": DOCTOR_ACCOUNT}, format="json")

    assert (reply.status_code, reply.json()["code"]) == (400, "payout_provider_unavailable")


@pytest.mark.parametrize(("state", "why"), [("unready", "transfers_not_active"), ("closed", "not_connected")])
def test_an_account_that_cannot_be_paid_to_is_refused_until_it_can(stripe, state, why):
    dashboard(stripe.sandbox, f"/stripe/accounts/{DOCTOR_ACCOUNT}", "PUT", state=state)
    payee = make_payee()
    refused = account_of(payee)
    dashboard(stripe.sandbox, f"/stripe/accounts/{DOCTOR_ACCOUNT}", "PUT", state="ready")

    told("account.updated", id=DOCTOR_ACCOUNT)

    assert (refused.status, refused.failure) == ("refused", why)
    assert account_of(payee).status == "ready"


def test_a_new_account_takes_the_place_of_the_old_one_which_is_forgotten(stripe):
    payee = make_payee()
    old = account_of(payee)

    set_account(payee, "acct_2Other00000000")
    run_all()

    old.refresh_from_db()
    assert (old.status, old.reference) == ("removed", None)
    assert account_of(payee).ending == "0000"
    assert set_account(payee, "acct_2Other00000000").pk == account_of(payee).pk


def test_a_partners_month_goes_to_its_account(stripe):
    owner = make_hospital()
    client = member_client(owner)
    wish = {"provider": "stripe", "account": "acct_1Partner0000"}
    assert client.put("/api/v1/partner/payout-account", wish, format="json").status_code == 200
    run_all()
    paid(stripe, payee=Party.partner(owner.partner_id))

    owe(Party.partner(owner.partner_id), PRICE, "settlement")
    run_all()

    (row,) = client.get("/api/v1/partner/payouts").json()["results"]
    assert (row["provider"], row["status"]) == ("stripe", "succeeded")
    assert row["bank_reference"] == transfers(stripe)[0]["id"]
    assert client.delete("/api/v1/partner/payout-account").status_code == 204
    assert client.get("/api/v1/partner/payout-account").status_code == 404


def test_a_person_reads_its_own_payouts_and_balance(stripe):
    user = make_user()
    payee = Party.person(user.pk)
    purchase, _ = sold(stripe, payee)
    pay_out(purchase)

    mine, strange = [client.get("/api/v1/me/payouts").json() for client in map(person_client, (user, make_user()))]
    balance = person_client(user).get("/api/v1/me/balance").json()

    assert [row["provider"] for row in mine["results"]] == ["offline"]
    assert strange["results"] == []
    assert balance == {"balances": [{"currency": "INR", "owed": 0, "collected": 0}]}


def test_an_account_is_forgotten_with_its_person(stripe):
    payee = make_payee()

    with unit_of_work():
        erasing.end_account(user_id=payee.user_id)

    assert list(PayoutAccount.objects.values_list("status", "ending")) == [("removed", "k3Qz")]
    assert PayoutAccount.objects.get().reference is None
