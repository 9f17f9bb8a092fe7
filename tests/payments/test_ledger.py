"""Every entry balances, none is changed, and whatever happens in whatever order the trial balance is zero."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.db import unit_of_work
from common.errors import DomainError
from common.money import Currency, Money
from payments import selectors
from payments.gateways.base import Action, ChargeState, Created, Found, Moved, TransferState
from payments.models import Account, Entry, Payment, Payout, Posting, Purchase, Refund
from payments.parties import PLATFORM, Party
from payments.services import paying, paying_out, purchasing, refunding, settling
from payments.services.ledger import Holder, Line, credit, debit, post_entry
from payments.states import AccountKind, ActionType, PayoutStatus, Provider, PurchaseKind, RefundStatus
from tests.factories import make_hospital, make_user
from tests.payments.scenes import paid, refund, totals

pytestmark = pytest.mark.django_db
BANK, SUSPENSE = Holder(AccountKind.BANK), Holder(AccountKind.SUSPENSE)


def rupees(minor: int) -> Money:
    return Money(minor, Currency.INR)


def post(reference: str, *lines: Line) -> bool:
    with unit_of_work():
        return post_entry(kind="test", reference=reference, lines=lines)


def check_now() -> None:
    """Ask the deferred constraints, which a test's transaction never reaches the end of."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def test_an_entry_is_written_once_whoever_repeats_it():
    lines = debit(BANK, rupees(5)), credit(SUSPENSE, rupees(5))

    assert [post("one", *lines), post("one", *lines), post("two", *lines)] == [True, False, True]
    assert Posting.objects.count() == 4
    check_now()


@pytest.mark.parametrize(
    "lines",
    [
        (debit(BANK, rupees(5)), credit(SUSPENSE, rupees(4))),
        (debit(BANK, rupees(5)),),
        (),
        (debit(BANK, rupees(5)), credit(SUSPENSE, Money(5, Currency.USD))),
    ],
    ids=["unequal", "one-sided", "empty", "two currencies"],
)
def test_the_database_refuses_an_entry_that_is_not_balanced(lines):
    with pytest.raises(IntegrityError, match="not balanced"), transaction.atomic():
        post_entry(kind="test", reference="odd", lines=lines)
        check_now()


def test_the_database_refuses_a_side_added_later():
    post("even", debit(BANK, rupees(5)), credit(SUSPENSE, rupees(5)))
    check_now()
    side = {"entry": Entry.objects.get(), "account": Account.objects.first(), "amount_minor": 1, "currency": "INR"}

    with pytest.raises(IntegrityError, match="not balanced"), transaction.atomic():
        Posting.objects.create(**side)
        check_now()


def test_a_side_is_in_its_accounts_currency():
    post("even", debit(BANK, rupees(5)), credit(SUSPENSE, rupees(5)))
    one, two = Account.objects.all()

    with pytest.raises(IntegrityError, match="not balanced"), transaction.atomic():
        entry = Entry.objects.create(reference="odd", kind="test")
        Posting.objects.create(entry=entry, account=one, amount_minor=5, currency="USD")
        Posting.objects.create(entry=entry, account=two, amount_minor=-5, currency="USD")
        check_now()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE payments_entry SET kind = 'x'",
        "DELETE FROM payments_entry",
        "UPDATE payments_posting SET amount_minor = 1",
        "DELETE FROM payments_posting",
    ],
)
def test_what_is_written_stays(sql):
    post("even", debit(BANK, rupees(5)), credit(SUSPENSE, rupees(5)))
    check_now()

    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_an_account_is_opened_once():
    for number in range(3):
        post(str(number), debit(BANK, rupees(5)), credit(SUSPENSE, rupees(5)))

    assert Account.objects.count() == 2


def test_what_is_owed_is_paid_out_once_and_no_more(stripe):
    purchase, _ = paid(stripe, fee_minor=10_000)
    values = {"payee": purchase.payee, "description": "January", "actor": "admin 1"}

    first = paying_out.settle_owed(amount=rupees(200_000), key="january", **values)
    again = paying_out.settle_owed(amount=rupees(200_000), key="january", **values)
    with pytest.raises(DomainError, match="payout_too_large"):
        paying_out.settle_owed(amount=rupees(100_001), key="february", **values)
    paying_out.record_payout(payout_id=first.pk, bank_reference="UTR1", actor="admin 1")
    paying_out.record_payout(payout_id=first.pk, bank_reference="UTR1", actor="admin 1")

    assert first.pk == again.pk
    assert totals() == {"gateway": 310_000, "payable": -100_000, "revenue": -10_000, "bank": -200_000}


def test_a_payout_that_fails_is_owed_again(stripe):
    purchase, _ = paid(stripe)
    values = {"payee": purchase.payee, "description": "January", "actor": "admin 1"}
    row = paying_out.settle_owed(amount=rupees(310_000), key="january", **values)

    paying_out.fail_payout(payout_id=row.pk, reason="Account closed.", actor="admin 1")
    with pytest.raises(DomainError, match="illegal_transition"):
        paying_out.record_payout(payout_id=row.pk, bank_reference="UTR1", actor="admin 1")

    assert [(one.currency, one.owed_minor) for one in selectors.balances_of(purchase.payee)] == [("INR", 310_000)]


def test_a_refund_after_the_payout_is_owed_by_the_seller(stripe):
    purchase, payment = paid(stripe)
    values = {"payee": purchase.payee, "description": "January", "actor": "admin 1"}
    paying_out.settle_owed(amount=rupees(310_000), key="january", **values)

    refund(payment, 1000)

    assert selectors.balances_of(purchase.payee)[0].owed_minor == -1000


VERBS = ("pay", "pay_wrong", "close", "refund", "finish", "fail_refund", "payout", "end_payout", "return", "accept")
STEPS = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 3), st.integers(1, 120_000)), min_size=1, max_size=30)


class History:
    """A few purchases to which anything may happen; refusals are part of life."""

    def __init__(self) -> None:
        partner = Party.partner(make_hospital().partner_id)
        payees = [partner, partner, Party.person(make_user().pk), PLATFORM]
        payer = Party.person(make_user().pk)
        self.payee = partner
        self.payments = [self._payment(payer, payee) for payee in payees]

    def _payment(self, payer: Party, payee: Party) -> uuid.UUID:
        reference = uuid.uuid4()
        with unit_of_work():
            purchasing.register_purchase(
                kind=PurchaseKind.ORDER,
                reference=reference,
                payer=payer,
                payee=payee,
                amount=rupees(100_000),
                description="Something",
                fee_minor=3_333,
            )
        begun = paying.begin(
            payer=payer,
            kind=PurchaseKind.ORDER,
            reference=reference,
            provider=Provider.STRIPE,
            return_url="",
            key=None,
        )
        created = Created(f"pi_{begun.payment.pk}", Action(ActionType.SDK))
        settling.record_created(payment_id=begun.payment.pk, created=created)
        return begun.payment.pk

    def live(self, verb: str, which: int, minor: int) -> None:
        try:
            getattr(self, f"do_{verb}")(self.payments[which], minor)
        except DomainError:
            return

    def do_pay(self, payment_id: uuid.UUID, minor: int) -> None:
        found = Found(state=ChargeState.PAID, received=rupees(100_000), payment_ref="x")
        settling.settle(payment_id=payment_id, found=found)

    def do_pay_wrong(self, payment_id: uuid.UUID, minor: int) -> None:
        found = Found(state=ChargeState.PAID, received=Money(minor, Currency.USD), payment_ref="x")
        settling.settle(payment_id=payment_id, found=found)

    def do_close(self, payment_id: uuid.UUID, minor: int) -> None:
        row = Purchase.objects.get(payments=payment_id)
        with unit_of_work():
            purchasing.close_purchase(
                kind=PurchaseKind(row.kind), reference=row.reference, reason="x", actor="x", keep_minor=minor
            )

    def do_refund(self, payment_id: uuid.UUID, minor: int) -> None:
        with unit_of_work():
            refunding.refund_payment(payment_id=payment_id, key=str(uuid.uuid4()), reason="x", actor="x", minor=minor)

    def do_finish(self, payment_id: uuid.UUID, minor: int) -> None:
        self._end_refunds(payment_id, TransferState.SUCCEEDED)

    def do_fail_refund(self, payment_id: uuid.UUID, minor: int) -> None:
        self._end_refunds(payment_id, TransferState.FAILED)

    def _end_refunds(self, payment_id: uuid.UUID, state: TransferState) -> None:
        for row in Refund.objects.filter(payment=payment_id, status=RefundStatus.PENDING):
            refunding.settle_refund(refund_id=row.pk, moved=Moved(state=state, provider_ref="re"))

    def do_payout(self, payment_id: uuid.UUID, minor: int) -> None:
        paying_out.settle_owed(
            payee=self.payee, amount=rupees(minor), key=str(uuid.uuid4()), description="x", actor="x"
        )

    def do_end_payout(self, payment_id: uuid.UUID, minor: int) -> None:
        row = Payout.objects.filter(status=PayoutStatus.PENDING).first()
        if row is not None and minor % 2:
            paying_out.record_payout(payout_id=row.pk, bank_reference="UTR", actor="x")
        elif row is not None:
            paying_out.fail_payout(payout_id=row.pk, reason="x", actor="x")

    def do_return(self, payment_id: uuid.UUID, minor: int) -> None:
        refunding.return_held(payment_id=payment_id, actor="x", reason="x")

    def do_accept(self, payment_id: uuid.UUID, minor: int) -> None:
        with unit_of_work():
            purchasing.accept_late(payment_id=payment_id)


def is_sound(payment: Payment) -> bool:
    """Whether what the ledger has of a payment is what its row says."""
    going = sum(row.amount_minor for row in payment.refunds.exclude(status=RefundStatus.FAILED))
    return 0 <= going == payment.refunded_minor <= payment.received_minor


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_the_trial_balance_is_zero(steps):
    history = History()
    for verb, which, minor in steps:
        history.live(verb, which, minor)

        assert set(selectors.trial_balance().values()) <= {0}
    check_now()
    rows = list(Payment.objects.filter(pk__in=history.payments))
    assert all(is_sound(row) for row in rows)
    on_the_way = sum(row.amount_minor for row in Refund.objects.filter(status="pending"))
    assert totals().get("refunding", 0) == -on_the_way
