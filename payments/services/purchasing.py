"""What the apps above call: register what is to be paid, close it, take money that came late."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Q

from common.db import lock, lock_one, on_one_rung, step
from common.errors import NotFound
from common.money import Money
from common.transitions import advance
from payments.errors import PurchaseClosed, PurchaseFixed, PurchasePaid
from payments.models import Payment, Purchase, Refund
from payments.parties import Party
from payments.services import refunding, settling
from payments.states import LIVE, PURCHASE_TRANSITIONS, PaymentStatus, PurchaseKind, PurchaseStatus


@step
def register_purchase(
    *,
    kind: PurchaseKind,
    reference: uuid.UUID,
    payer: Party,
    payee: Party,
    amount: Money,
    description: str,
    lines: Sequence[dict[str, Any]] = (),
    fee_minor: int = 0,
    closes_at: dt.datetime | None = None,
) -> Purchase:
    """Say what is to be paid; the same (kind, reference) again replaces the price while nobody is paying.

    `lines` are for the invoice (see `Purchase`) and must add up to the amount; without any, the description is the
    only line. `closes_at` ends what may be begun. A closed purchase opens again. Locks: the purchase.
    Raises: PurchaseFixed, Busy
    """
    wish = {
        **payer.columns("payer"),
        **payee.columns("payee"),
        "amount_minor": amount.minor,
        "currency": amount.currency,
        "fee_minor": fee_minor,
        "description": description[:120],
        "lines": _lines(lines, amount, description),
        "closes_at": closes_at,
    }
    Purchase.objects.bulk_create([Purchase(kind=kind, reference=reference, **wish)], ignore_conflicts=True)
    pk = Purchase.objects.values_list("pk", flat=True).get(kind=kind, reference=reference)
    row = lock_one(Purchase, pk)
    if all(getattr(row, name) == value for name, value in wish.items()) and row.state is PurchaseStatus.OPEN:
        return row
    if row.state is PurchaseStatus.PAID or _is_being_paid(row):
        raise PurchaseFixed
    for name, value in wish.items():
        setattr(row, name, value)
    row.status = PurchaseStatus.OPEN
    row.save()
    return row


@step
def register_purchases(wishes: Iterable[Mapping[str, Any]]) -> list[Purchase]:
    """`register_purchase` for several things that are sold together.

    Locks: the purchases.      Raises: PurchaseFixed, Busy
    """
    with on_one_rung(Purchase):
        return [register_purchase(**wish) for wish in wishes]


@step
def close_purchase(
    *, kind: PurchaseKind, reference: uuid.UUID, reason: str, actor: str, keep_minor: int = 0
) -> Refund | None:
    """Take no money for it any more, and give back what was paid but for `keep_minor` (a fee for cancelling).

    Open payments are cancelled at the provider. Money that arrives afterwards is late (`payment.succeeded` with
    `late`), and goes back by itself unless `accept_late` takes it. A second call changes nothing.
    Locks: the purchase, its payments.      Raises: Busy
    """
    pk = Purchase.objects.filter(kind=kind, reference=reference).values_list("pk", flat=True).first()
    if pk is None:
        return None
    row = lock_one(Purchase, pk)
    if row.state is PurchaseStatus.CLOSED:
        return None
    row.status = advance(PURCHASE_TRANSITIONS, row.state, "close")
    row.save(update_fields=["status"])
    touched = Payment.objects.filter(Q(status__in=LIVE) | Q(is_applied=True), purchase=row)
    refund = None
    for payment in lock(Payment, touched.values_list("pk", flat=True)):
        if payment.state in LIVE:
            settling.want_cancelled(payment, actor=actor)
        elif payment.refundable_minor > keep_minor:
            minor = payment.refundable_minor - keep_minor
            refund = refunding.refund_locked(payment, key="close", reason=reason, actor=actor, minor=minor)
    return refund


@step
def accept_late(*, payment_id: uuid.UUID) -> Payment:
    """Let money that came late pay its purchase after all: its owner has what was bought at hand again.

    Locks: the purchase, the payment.      Emits: nothing; the caller knows.
    Raises: NotFound, PurchasePaid (something else has paid it), PurchaseClosed (the money is on its way back), Busy
    """
    purchase_id = Payment.objects.filter(pk=payment_id).values_list("purchase_id", flat=True).first()
    if purchase_id is None:
        raise NotFound
    purchase, payment = lock_one(Purchase, purchase_id), lock_one(Payment, payment_id)
    if purchase.state is PurchaseStatus.PAID:
        raise PurchasePaid
    if payment.state is not PaymentStatus.SUCCEEDED or payment.refunded_minor or payment.is_applied:
        raise PurchaseClosed
    settling.apply_money(purchase, payment, actor="owner", verb="accept_late")
    return payment


def _is_being_paid(row: Purchase) -> bool:
    taken = Q(status__in=[*LIVE, PaymentStatus.HELD]) | Q(is_applied=True)
    return Payment.objects.filter(taken, purchase=row).exists()


def _lines(lines: Sequence[dict[str, Any]], amount: Money, description: str) -> list[dict[str, Any]]:
    if not lines:
        return [{"description": description[:120], "hsn": "", "quantity": 1, "amount": amount.minor, "taxes": []}]
    total = sum(line["amount"] + sum(tax["amount"] for tax in line.get("taxes", ())) for line in lines)
    if total != amount.minor:
        raise ValueError(f"The lines add up to {total}, not to {amount.minor}.")
    return [{"hsn": "", "quantity": 1, "taxes": [], **line} for line in lines]
