"""Webhooks: kept once, then a reason to ask the provider and nothing more."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from django.db.models import Q

from common import clock
from common.db import command, delete_in_batches, lock, step
from common.notices import keep_once
from common.outbox import emit
from payments.gateways.base import Notice
from payments.models import Payment, ProviderNotice, Refund
from payments.states import NoticeOutcome, PaymentStatus, Provider, RefundStatus

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

    Locks: the payments, the refunds.
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
    is_ours = bool(locked) or payments.exists()
    row.outcome = NoticeOutcome.ASKED if is_ours else NoticeOutcome.IGNORED
    row.save(update_fields=["outcome"])


def prune() -> int:
    """Delete webhooks that were received long ago; return how many went."""
    return delete_in_batches(ProviderNotice.objects.filter(received_at__lt=clock.now() - KEEP))


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
