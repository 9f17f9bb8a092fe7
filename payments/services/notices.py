"""Webhooks: kept once, then a reason to ask the provider and nothing more."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from django.db.models import Q, QuerySet

from common import clock
from common.db import command, delete_in_batches, lock, step
from common.notices import keep_once
from common.outbox import emit
from common.retention import retained
from payments.gateways.base import Notice
from payments.models import Payment, Payout, ProviderNotice, Refund
from payments.services import payees
from payments.states import NoticeOutcome, PaymentStatus, PayoutStatus, Provider, RefundStatus

TAKEN_BACK: Final = "transfer.reversed"  # of a payout that was done
KEEP: Final = dt.timedelta(days=90)  # the longest that a provider repeats one is three days


@command
def receive(*, provider: Provider, notice: Notice, body: bytes) -> bool:
    """Keep a verified webhook; return whether it is new. Emits: payment.notified"""
    row, is_new = keep_once(
        ProviderNotice,
        provider=provider,
        event_id=notice.event_id,
        kind=notice.kind,
        body=body,
        said={"our_id": notice.our_id[:60], "refs": [ref[:120] for ref in notice.refs if ref]},
    )
    if is_new:
        emit("payment.notified", key=f"notice:{row.pk}", notice=row.pk)
    return is_new


@step
def act_on(*, notice_id: int) -> None:
    """Have the provider asked about whatever the webhook speaks of; what is not ours is left alone.

    Locks: the payments, the refunds, the payouts.      Emits: payment.questioned, payee.questioned
    """
    row = ProviderNotice.objects.get(pk=notice_id)
    now, ours = clock.now(), _uuid(row.our_id)
    about = Q(provider_ref__in=row.refs) | Q(payment_ref__in=row.refs) if row.refs else Q(pk=None)
    payments = Payment.objects.filter(about | Q(pk=ours), provider=row.provider)
    for payment in lock(Payment, payments.values_list("pk", flat=True)):
        # Whoever has just made it holds the errand for a minute, and asks when the provider's reply is stored.
        if payment.state not in (PaymentStatus.CREATED, PaymentStatus.SUCCEEDED):
            payment.ask_at = now
            payment.save(update_fields=["ask_at"])
    theirs = Q(provider_ref__in=row.refs) if row.refs else Q(pk=None)
    refunds = Refund.objects.filter(
        theirs | Q(pk=ours), payment__provider=row.provider, status=RefundStatus.PENDING, ask_at__isnull=False
    )
    locked = lock(Refund, refunds.values_list("pk", flat=True))
    for refund in locked:
        refund.ask_at = now
        refund.save(update_fields=["ask_at"])
    if ours is None or not Refund.objects.filter(pk=ours).exists():
        _question(row, payments)
    has_others = _ask_about_payouts(row, theirs | Q(pk=ours))
    is_ours = bool(locked) or has_others or payments.exists()
    row.outcome = NoticeOutcome.ASKED if is_ours else NoticeOutcome.IGNORED
    row.save(update_fields=["outcome"])


def _question(row: ProviderNotice, payments: QuerySet[Payment]) -> None:
    """Have the provider asked about refunds and disputes of these payments that nobody here has asked for."""
    if any(word in row.kind for word in ("refund", "dispute")):
        refs = [ref for ref in (*row.refs, row.our_id) if ref]
        for payment in payments.exclude(status=PaymentStatus.CREATED):
            emit("payment.questioned", key=f"questioned:{payment.pk}", payment=str(payment.pk), refs=refs)


def _ask_about_payouts(row: ProviderNotice, about: Q) -> bool:
    """Have the provider asked about the payouts and accounts that it names; return whether there are any."""
    wanted = Q(status=PayoutStatus.SUCCEEDED) if row.kind == TAKEN_BACK else Q(ask_at__isnull=False)
    payouts = Payout.objects.filter(about & wanted, provider=row.provider)
    rows = lock(Payout, payouts.values_list("pk", flat=True))
    Payout.objects.filter(pk__in=[one.pk for one in rows]).update(ask_at=clock.now())
    is_account = row.kind.startswith("account.") and payees.question_accounts(provider=row.provider, refs=row.refs)
    return bool(rows) or is_account


@retained(
    "payment_notices",
    what="Webhooks of payment providers",
    since="since they came",
    why="A repeated one is known again; the longest that a provider repeats one is three days.",
    keep=KEEP,
    floor=dt.timedelta(days=7),
)
def prune(keep: dt.timedelta) -> int:
    """Delete webhooks that were received long ago; return how many went."""
    return delete_in_batches(ProviderNotice.objects.filter(received_at__lt=clock.now() - keep))


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
