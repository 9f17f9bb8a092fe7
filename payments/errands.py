"""The way to the providers: what is due is claimed, asked about outside any transaction, and the answer settled.

`ask_at` says when an errand is due. Whoever claims it puts it a minute ahead, so that two workers do not ask at
once; whoever is killed on the way loses nothing, for the same errand is due again. A webhook only makes it due now.
"""

from __future__ import annotations

import uuid
from typing import Final

from common import clock
from common.db import command, lock_free
from payments import selectors
from payments.gateways import gateway_of, payout_gateway_of
from payments.gateways.base import ChargeState, Found, Gateway, Moved, NotDone, PayoutGateway, Refused, Undone, Unknown
from payments.models import Payment, Payout, Refund
from payments.services import paying, paying_out, refunding, settling
from payments.states import UNPAID, PaymentStatus, PayoutAccountStatus, PayoutStatus, PurchaseStatus

BITE: Final = 4  # errands claimed at a time: together they take less than a lease, however slow the provider is


def submit(payment_id: uuid.UUID, *, again: bool) -> Payment:
    """Take a payment to its provider and note how the payer goes on; a lost reply leaves it for the next errand."""
    row = selectors.any_payment(payment_id)
    gateway = gateway_of(row.provider)
    if gateway is None:
        settling.postpone(payment_id=payment_id, code="not_configured")
        return row
    try:
        created = gateway.create(selectors.charge_of(row), again=again)
    except Refused as exc:
        return settling.record_refusal(payment_id=payment_id, code=exc.code)
    except NotDone as exc:
        settling.postpone(payment_id=payment_id, code=exc.code)
        return row
    return settling.record_created(payment_id=payment_id, created=created)


def take_to_provider(begun: paying.Begun) -> None:
    """Submit what was just begun, or what somebody began and never got an answer for."""
    if begun.is_new:
        submit(begun.payment.pk, again=False)
    elif begun.payment.state is PaymentStatus.CREATED and paying.reserve_submission(payment_id=begun.payment.pk):
        submit(begun.payment.pk, again=True)


def ask(payment_id: uuid.UUID) -> None:
    """Learn how a payment stands; end it at the provider when it is over here."""
    row = selectors.any_payment(payment_id)
    is_over = _is_over(row)
    if row.state is PaymentStatus.CREATED:
        if is_over:
            settling.abandon(payment_id=payment_id)
        else:
            submit(payment_id, again=True)
        return
    gateway = gateway_of(row.provider)
    if gateway is None:
        settling.postpone(payment_id=payment_id, code="not_configured")
        return
    charge = selectors.charge_of(row)
    try:
        found = gateway.cancel(charge) if is_over else gateway.fetch(charge)
    except NotDone as exc:
        if not (isinstance(exc, Refused) and row.state in UNPAID):
            settling.postpone(payment_id=payment_id, code=exc.code)
            return
        found = Found(state=ChargeState.CANCELLED)  # it never came to know of what has ended here
    settling.settle(payment_id=payment_id, found=found)


def move_refund(refund_id: uuid.UUID) -> None:
    """Give money back at the provider, or learn how that stands."""
    row = selectors.any_refund(refund_id)
    gateway = gateway_of(row.payment.provider)
    if gateway is None:
        refunding.postpone_refund(refund_id=refund_id, code="not_configured")
        return
    try:
        moved = _moved(gateway, row)
    except Refused as exc:
        refunding.refuse_refund(refund_id=refund_id, code=exc.code)
    except NotDone as exc:
        refunding.postpone_refund(refund_id=refund_id, code=exc.code)
    else:
        refunding.settle_refund(refund_id=refund_id, moved=moved)


def move_payout(payout_id: uuid.UUID) -> None:
    """Pay a payee by the provider, or learn how that stands. What was never paid is not paid to a closed account."""
    row = selectors.any_payout(payout_id)
    gateway = payout_gateway_of(row.provider)
    if gateway is None:
        paying_out.postpone_payout(payout_id=payout_id, code="not_configured", is_undone=False)
        return
    try:
        moved = _paid_out(gateway, row)
    except Refused as exc:
        paying_out.refuse_payout(payout_id=payout_id, code=exc.code)
    except NotDone as exc:
        paying_out.postpone_payout(payout_id=payout_id, code=exc.code, is_undone=isinstance(exc, Undone))
    else:
        paying_out.settle_payout(payout_id=payout_id, moved=moved)


def run_due(*, limit: int = BITE) -> int:
    """Run up to `limit` errands of each kind; return how many there were."""
    payments, refunds, payouts = claim(Payment, limit=limit), claim(Refund, limit=limit), claim(Payout, limit=limit)
    for payment_id in payments:
        ask(payment_id)
    for refund_id in refunds:
        move_refund(refund_id)
    for payout_id in payouts:
        move_payout(payout_id)
    late = selectors.due_late_returns(limit)
    for payment_id in late:
        refunding.return_unclaimed(payment_id=payment_id)
    return len(payments) + len(refunds) + len(payouts) + len(late)


@command
def claim(model: type[Payment | Refund | Payout], *, limit: int) -> list[uuid.UUID]:
    """Put due rows a lease ahead. Locks: the rows, passing over what others hold."""
    due = model._default_manager.filter(ask_at__lte=clock.now()).order_by("ask_at", "id")
    rows = lock_free(due, limit=limit)
    model._default_manager.filter(pk__in=[row.pk for row in rows]).update(ask_at=clock.now() + settling.LEASE)
    return [row.pk for row in rows]


def _is_over(row: Payment) -> bool:
    """Whether no money is wanted by this payment any more: its time is up, or its purchase is paid or closed."""
    if row.state not in (PaymentStatus.CREATED, PaymentStatus.PENDING):
        return False
    is_open = row.purchase.state is PurchaseStatus.OPEN
    return row.is_cancel_wanted or not is_open or clock.now() >= row.expires_at


def _moved(gateway: Gateway, row: Refund) -> Moved:
    repayment = selectors.repayment_of(row)
    if row.provider_ref or row.asked:
        return gateway.fetch_refund(repayment)
    return gateway.refund(repayment)


def _paid_out(gateway: PayoutGateway, row: Payout) -> Moved:
    transfer, is_pending = selectors.transfer_of(row), row.state is PayoutStatus.PENDING
    if is_pending and row.account is not None and row.account.state is PayoutAccountStatus.READY:
        return gateway.pay_out(transfer)
    known = gateway.find_payout(transfer)
    if known is None:
        raise Refused("account_closed") if is_pending else Unknown("not_found")
    return known
