"""The payer's own acts: begin, cancel; and money that a member took by hand."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

from common import clock
from common.db import command, lock_one
from common.errors import NotFound
from common.idempotency import IdempotencyMismatch
from common.money import Money
from payments.errors import (
    AmountDiffers,
    NotOffline,
    PaymentOpen,
    PurchaseClosed,
    PurchasePaid,
    PurchaseUnknown,
)
from payments.gateways.base import ChargeState, Found
from payments.models import Payment, Purchase
from payments.parties import Party
from payments.services import settling
from payments.states import LIVE, OfflineMethod, PaymentStatus, Provider, PurchaseKind, PurchaseStatus

PAY_WITHIN: Final = dt.timedelta(minutes=30)
PAY_BY_HAND_WITHIN: Final = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A client's Idempotency-Key for this call, and what it sent with it, as digests."""

    digest: str
    body: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A payment, and whether this call made it and holds the errand to the provider."""

    payment: Payment
    is_new: bool


@command
def begin(
    *,
    payer: Party,
    kind: PurchaseKind,
    reference: uuid.UUID,
    provider: Provider,
    return_url: str,
    key: ClientKey | None,
) -> Begun:
    """Write down an attempt to pay before anybody is asked for money; a double tap finds the first.

    The caller then takes it to the provider, outside any transaction, and nobody else does so for a minute.
    Locks: the purchase.
    Raises: PurchaseUnknown, PurchasePaid, PurchaseClosed, PaymentOpen, IdempotencyMismatch, Busy
    """
    mine = Purchase.objects.filter(**payer.columns("payer"), kind=kind, reference=reference)
    pk = mine.values_list("pk", flat=True).first()
    if pk is None:
        raise PurchaseUnknown
    purchase = lock_one(Purchase, pk)
    known = None if key is None else Payment.objects.filter(client_key=key.digest).first()
    if known is not None and key is not None:
        if known.client_body != key.body:
            raise IdempotencyMismatch
        return Begun(known, is_new=False)
    _refuse_unpayable(purchase)
    live = Payment.objects.filter(purchase=purchase, status__in=LIVE).first()
    if live is None:
        return Begun(_create(purchase, provider, return_url, key), is_new=True)
    if live.provider != provider or live.is_cancel_wanted:
        raise PaymentOpen(payment=str(live.pk), provider=live.provider)
    return Begun(live, is_new=False)


@command
def cancel(*, payment_id: uuid.UUID, payer: Party, actor: str) -> Payment:
    """Ask for no money any more; it is cancelled when the provider has said that it will take none.

    Locks: the payment.      Emits: payment.cancelled for what is paid by hand      Raises: NotFound, Busy
    """
    if not Payment.objects.filter(**payer.columns("payer"), pk=payment_id).exists():
        raise NotFound
    row = lock_one(Payment, payment_id)
    if row.state in LIVE and not row.is_cancel_wanted:
        settling.want_cancelled(row, actor=actor)
    return row


@command
def record_offline(
    *, payment_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, amount: Money, method: OfflineMethod
) -> Payment:
    """A member has the money in hand. A second time changes nothing.

    Locks: the purchase, the payment.      Emits: payment.succeeded
    Raises: NotFound, NotOffline, AmountDiffers, PurchaseClosed, Busy
    """
    found = Payment.objects.filter(pk=payment_id, payee_partner_id=partner_id).values_list("purchase_id", flat=True)
    purchase_id = found.first()
    if purchase_id is None:
        raise NotFound
    purchase, row = lock_one(Purchase, purchase_id), lock_one(Payment, payment_id)
    if row.provider != Provider.OFFLINE:
        raise NotOffline
    if amount != row.amount:
        raise AmountDiffers(due=row.amount_minor, currency=row.currency)
    if row.state is PaymentStatus.SUCCEEDED:
        return row
    if row.state not in LIVE:
        raise PurchaseClosed
    row.method = method
    found_paid = Found(state=ChargeState.PAID, received=amount)
    settling.settle_locked(purchase, row, found_paid, actor=f"member {member_id}")
    return row


@command
def come_back(*, payment_id: uuid.UUID) -> None:
    """The payer's browser is back from the provider: ask at once how the payment stands.

    Locks: the payment.      Raises: NotFound, Busy
    """
    row = lock_one(Payment, payment_id)
    if row.state is PaymentStatus.PENDING:
        row.ask_at = clock.now()
        row.save(update_fields=["ask_at"])


@command
def reserve_submission(*, payment_id: uuid.UUID) -> bool:
    """Take the errand of a payment whose way to the provider nobody has been heard of; tell whether it is free.

    Locks: the payment.      Raises: NotFound, Busy
    """
    row = lock_one(Payment, payment_id)
    now = clock.now()
    if row.state is not PaymentStatus.CREATED or (row.ask_at is not None and row.ask_at > now):
        return False
    row.ask_at = now + settling.LEASE
    row.save(update_fields=["ask_at"])
    return True


def _refuse_unpayable(purchase: Purchase) -> None:
    if purchase.state is PurchaseStatus.PAID:
        raise PurchasePaid
    if not purchase.is_payable(clock.now()):
        raise PurchaseClosed


def _create(purchase: Purchase, provider: Provider, return_url: str, key: ClientKey | None) -> Payment:
    now = clock.now()
    until = now + (PAY_BY_HAND_WITHIN if provider is Provider.OFFLINE else PAY_WITHIN)
    row = Payment.objects.create(
        purchase=purchase,
        provider=provider,
        **purchase.payer.columns("payer"),
        **purchase.payee.columns("payee"),
        amount_minor=purchase.amount_minor,
        currency=purchase.currency,
        return_url=return_url,
        expires_at=min(until, purchase.closes_at) if purchase.closes_at else until,
        ask_at=now + settling.LEASE,
        client_key=key.digest if key else None,
        client_body=key.body if key else "",
        created_at=now,
    )
    settling.record(row, "create", actor="payer")
    return row
