"""What others may read of payments; each party its own."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Prefetch, Q, QuerySet, Sum

from common import clock
from common.errors import NotFound
from common.money import Money
from payments.errors import ReceiptNotReady
from payments.gateways.base import PARTLY_BACK, Charge, Repayment, Transfer
from payments.models import (
    Account,
    Dispute,
    Invoice,
    Payment,
    Payout,
    PayoutAccount,
    Posting,
    ProviderNotice,
    Purchase,
    Refund,
)
from payments.parties import Party
from payments.states import (
    LIVE,
    AccountKind,
    DisputeStatus,
    NoticeOutcome,
    PaymentStatus,
    PayoutStatus,
    PurchaseKind,
    PurchaseStatus,
    RefundStatus,
)

STALE: Final = dt.timedelta(hours=1)  # due for so long and still not asked: nobody runs the errands
SLOW: Final = dt.timedelta(days=7)  # a refund or payout on its way for longer is looked at by a person
MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Balance:
    """What a payee is owed in one currency: sold for it, less what it took in by hand and what was paid out."""

    currency: str
    owed_minor: int
    collected_minor: int


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Something about money that a person has to look at."""

    kind: str
    subject: str
    detail: str


def payments_by(payer: Party) -> QuerySet[Payment]:
    """Return the payments that the party makes, with what their lists show."""
    return shown().filter(**payer.columns("payer"))


def payments_of_partner(partner_id: uuid.UUID, direction: str = "") -> QuerySet[Payment]:
    """Return what the partner pays (`made`), is paid (`received`), or both."""
    makes, takes = Q(payer_partner_id=partner_id), Q(payee_partner_id=partner_id)
    return shown().filter({"made": makes, "received": takes}.get(direction, makes | takes))


def shown() -> QuerySet[Payment]:
    return Payment.objects.select_related("purchase").prefetch_related(
        Prefetch("refunds", Refund.objects.order_by("pk"))
    )


def one(rows: QuerySet[Payment], payment_id: uuid.UUID) -> Payment:
    """Return the payment among these. Raises: NotFound"""
    found = rows.filter(pk=payment_id).first()
    if found is None:
        raise NotFound
    return found


def any_payment(payment_id: uuid.UUID) -> Payment:
    """Return the payment, whoever's it is: for the errands. Raises: NotFound"""
    return one(shown(), payment_id)


def any_refund(refund_id: uuid.UUID) -> Refund:
    """Return the refund with its payment: for the errands. Raises: NotFound"""
    found = Refund.objects.select_related("payment__purchase").filter(pk=refund_id).first()
    if found is None:
        raise NotFound
    return found


def any_payout(payout_id: uuid.UUID) -> Payout:
    """Return the payout with its account: for the errands. Raises: NotFound"""
    found = Payout.objects.select_related("account").filter(pk=payout_id).first()
    if found is None:
        raise NotFound
    return found


def any_payout_account(account_id: uuid.UUID) -> PayoutAccount:
    """Return the account, whoever's it is: for the errands. Raises: NotFound"""
    found = PayoutAccount.objects.filter(pk=account_id).first()
    if found is None:
        raise NotFound
    return found


def payer_of(payment_id: uuid.UUID) -> Party:
    """Return who pays. Raises: NotFound"""
    return any_payment(payment_id).purchase.payer


def charge_of(row: Payment) -> Charge:
    """Return what the provider is told of this payment, the same at every telling."""
    return Charge(
        id=row.pk,
        amount=row.amount,
        description=row.purchase.description,
        return_url=row.return_url,
        created_at=row.created_at,
        expires_at=row.expires_at,
        provider_ref=row.provider_ref,
        payment_ref=row.payment_ref,
    )


def repayment_of(row: Refund) -> Repayment:
    """Return what the provider is told of this refund."""
    return Repayment(
        id=row.pk,
        charge=charge_of(row.payment),
        amount=row.amount,
        reason=row.reason,
        provider_ref=row.provider_ref,
    )


def transfer_of(row: Payout) -> Transfer:
    """Return what the provider is told of this payout; an account that is gone has no name."""
    name = row.account.reference if row.account is not None else None
    return Transfer(id=row.pk, account=name or "", amount=row.amount, description=row.description)


def receipts_of(payment: Payment) -> list[Invoice]:
    """Return the invoice of a payment and its credit notes, oldest first. Raises: ReceiptNotReady"""
    found = list(Invoice.objects.filter(payment=payment).order_by("pk"))
    if not found:
        raise ReceiptNotReady
    return found


def invoices_of_partner(partner_id: uuid.UUID) -> QuerySet[Invoice]:
    """Return what the partner has invoiced and credited."""
    return Invoice.objects.filter(seller_partner_id=partner_id)


def price_for(payer: Party, kind: PurchaseKind, reference: uuid.UUID) -> Money | None:
    """Return what the party is to pay for this; None when there is nothing of theirs under this name."""
    row = Purchase.objects.filter(**payer.columns("payer"), kind=kind, reference=reference).first()
    return row.amount if row is not None else None


def is_paid(kind: PurchaseKind, reference: uuid.UUID) -> bool:
    """Whether money has paid for it (and its owner has not closed it since)."""
    return Purchase.objects.filter(kind=kind, reference=reference, status=PurchaseStatus.PAID).exists()


def balances_of(owner: Party) -> list[Balance]:
    """Return what the payee is owed, a row a currency."""
    kinds = (AccountKind.PAYABLE, AccountKind.COLLECTED)
    accounts = Account.objects.filter(owner_user_id=owner.user_id, owner_partner_id=owner.partner_id, kind__in=kinds)
    totals: dict[tuple[str, str], int] = {
        (currency, kind): total or 0
        for currency, kind, total in accounts.values_list("currency", "kind").annotate(
            total=Sum("postings__amount_minor")
        )
    }
    found = []
    for currency in sorted({currency for currency, _ in totals}):
        payable = totals.get((currency, AccountKind.PAYABLE), 0)
        collected = totals.get((currency, AccountKind.COLLECTED), 0)
        found.append(Balance(currency, -payable - collected, collected))
    return found


def open_disputes(limit: int) -> list[uuid.UUID]:
    """Return the disputes that banks have not decided yet."""
    rows = Dispute.objects.filter(status=DisputeStatus.OPEN).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def trial_balance() -> dict[str, int]:
    """Return the sum of all postings by currency: zero in each, at every moment."""
    return dict(Posting.objects.order_by().values_list("currency").annotate(total=Sum("amount_minor")))


def account_totals() -> list[tuple[str, str, str, int]]:
    """Return every kind of account with its balance: (kind, detail, currency, debits less credits)."""
    rows = Account.objects.order_by("kind", "detail", "currency").values("kind", "detail", "currency")
    found = rows.annotate(total=Sum("postings__amount_minor"))
    return [(row["kind"], row["detail"], row["currency"], row["total"] or 0) for row in found]


def due_late_returns(limit: int) -> list[uuid.UUID]:
    """Return payments whose money came late and is to go back now."""
    due = Payment.objects.filter(refund_due_at__lte=clock.now()).order_by("refund_due_at")
    return list(due.values_list("pk", flat=True)[:limit])


def mismatches() -> list[Mismatch]:
    """Return everything that a person has to look at, worst first. Bounded: a hundred of each kind."""
    now = clock.now()
    held = Payment.objects.filter(status=PaymentStatus.HELD)
    stale = Payment.objects.filter(status__in=LIVE, ask_at__lt=now - STALE)
    failed = Refund.objects.filter(status=RefundStatus.FAILED, dispute=None)
    slow = Refund.objects.filter(status=RefundStatus.PENDING, created_at__lt=now - SLOW, dispute=None)
    odd = Refund.objects.filter(status=RefundStatus.PENDING, failure="amount_differs")
    payouts = Payout.objects.filter(status=PayoutStatus.PENDING, created_at__lt=now - SLOW)
    unpaid = Payout.objects.filter(status=PayoutStatus.FAILED, repeated_by=None)
    partly = Payout.objects.filter(status=PayoutStatus.SUCCEEDED, failure=PARTLY_BACK)
    disputes = Dispute.objects.filter(status=DisputeStatus.OPEN)
    notices = ProviderNotice.objects.filter(outcome=NoticeOutcome.WAITING, received_at__lt=now - STALE)
    return [
        *(Mismatch("ledger", name, f"out by {total}") for name, total in trial_balance().items() if total),
        *_rows(
            "payment held", held, lambda row: f"{row.received_minor} {row.received_currency} for {row.amount_minor}"
        ),
        *_rows("payment not asked about", stale, lambda row: f"due {row.ask_at:%Y-%m-%d %H:%M}"),
        *_rows("refund failed", failed, lambda row: row.failure),
        *_rows("refund differs", odd, lambda row: row.failure),
        *_rows("refund slow", slow, lambda row: f"since {row.created_at:%Y-%m-%d}"),
        *_rows("payout slow", payouts, lambda row: f"since {row.created_at:%Y-%m-%d}"),
        *(one for one in _rows("payout failed", unpaid, _failed_payout) if one.detail),
        *_rows("payout partly taken back", partly, lambda row: f"of {row.amount_minor} {row.currency}"),
        *_rows("payment disputed", disputes, _answer_by),
        *_rows("webhook not handled", notices, lambda row: f"{row.provider} {row.event_id}"),
    ]


def personal_rows(user_id: uuid.UUID) -> list[dict[str, object]]:
    """Return the person's own payments, for a copy of its data."""
    names = ("id", "provider", "status", "amount_minor", "currency", "refunded_minor", "created_at", "paid_at")
    rows = Payment.objects.filter(payer_user_id=user_id).order_by("pk")
    return list(rows.values(*names, "purchase__description"))


def personal_invoices(user_id: uuid.UUID) -> list[dict[str, object]]:
    """Return what was written for the person as buyer or seller, for a copy of its data."""
    rows = Invoice.objects.filter(Q(seller_user_id=user_id) | Q(payment__payer_user_id=user_id)).order_by("pk")
    names = ("code", "kind", "buyer", "lines", "amount_minor", "currency", "issued_on")
    return [{name: getattr(row, name) for name in names} for row in rows]


def _answer_by(row: Dispute) -> str:
    due = f", answer by {row.answer_by:%Y-%m-%d}" if row.answer_by else ""
    return f"{row.amount_minor} {row.currency}{due}"


def _failed_payout(row: Payout) -> str:
    """Say why it failed; nothing when the money has gone out otherwise since."""
    owed = next((one.owed_minor for one in balances_of(row.payee) if one.currency == row.currency), 0)
    return f"{row.failure}, {row.amount_minor} {row.currency}" if owed >= row.amount_minor else ""


def _rows(kind: str, rows: QuerySet[Any], say: Callable[[Any], str]) -> Iterable[Mismatch]:
    for row in rows.order_by("pk")[:MOST]:
        yield Mismatch(kind, str(row.pk), say(row))
