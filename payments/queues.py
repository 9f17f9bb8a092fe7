"""Money that waits for an administrator."""

from __future__ import annotations

import uuid
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from common.money import Currency, Money, in_words
from common.queues import Act, Case, Queue
from payments import selectors
from payments.models import Payment, Payout, Refund
from payments.services import paying_out, refunding
from payments.states import PaymentStatus, PayoutStatus, RefundStatus

# Where a mismatch is looked at, by the first word of its kind.
PAGES: Final = {"payment": "payment", "refund": "refund", "payout": "payout", "webhook": "providernotice"}


def held() -> QuerySet[Payment]:
    return Payment.objects.filter(status=PaymentStatus.HELD).select_related("purchase").order_by("pk")


def stuck_refunds() -> QuerySet[Refund]:
    wrong = Q(status=RefundStatus.FAILED) | Q(status=RefundStatus.PENDING, failure="amount_differs")
    return Refund.objects.filter(wrong, dispute=None).order_by("pk")


def failed_payouts() -> QuerySet[Payout]:
    rows = Payout.objects.filter(status=PayoutStatus.FAILED, repeated_by=None).order_by("pk")
    return rows.select_related("payee_partner", "payee_user")


def show_held(row: Payment) -> Case:
    received = Money(row.received_minor, Currency(row.received_currency))
    return Case(
        str(row.pk),
        f"{in_words(received)} arrived for {in_words(row.amount)}",
        row.created_at,
        [("For", row.purchase.description), ("Provider", row.provider), ("Its reference", row.provider_ref)],
        reverse("admin:payments_payment_change", args=[row.pk]),
    )


def show_refund(row: Refund) -> Case:
    return Case(
        str(row.pk),
        f"{in_words(row.amount)} could not go back",
        row.created_at,
        [("Why it goes back", row.reason), ("What failed", row.failure or row.status), ("Asked by", row.actor)],
        reverse("admin:payments_payment_change", args=[row.payment_id]),
    )


def show_payout(row: Payout) -> Case:
    return Case(
        str(row.pk),
        f"{in_words(row.amount)} to {row.payee_partner or row.payee_user}",
        row.created_at,
        [("What failed", row.failure), ("Provider", row.provider), ("For", row.description)],
        reverse("admin:payments_payout_change", args=[row.pk]),
    )


def _send_back(request: HttpRequest, pk: str, words: str) -> Refund:
    return refunding.return_held(payment_id=uuid.UUID(pk), actor=f"admin {request.user.pk}", reason=words)


def _pay_again(request: HttpRequest, pk: str, words: str) -> Payout:
    return paying_out.repeat_payout(payout_id=uuid.UUID(pk), actor=f"admin {request.user.pk}: {words}")


class Mismatches(Queue):
    """What the nightly comparison looks for, asked now: of several tables, and each looked at on its own page."""

    def count(self) -> int:
        return len(selectors.mismatches())

    def cases(self) -> list[Case]:
        return [self._case(one) for one in selectors.mismatches()]

    def _case(self, one: Any) -> Case:
        page = PAGES.get(one.kind.partition(" ")[0])
        link = (
            reverse(f"admin:payments_{page}_change", args=[one.subject]) if page else reverse("admin:payments_report")
        )
        return Case(one.subject, f"{one.kind}: {one.detail}".removesuffix(": "), None, [("Which", one.subject)], link)


HELD: Final = Queue(
    "held",
    "Money held",
    "Another amount or currency arrived than was asked for. Sending it back is the usual way.",
    "payments.view_payment",
    "payments.change_payment",
    held,
    show_held,
    (Act("send_back", "Send it back", _send_back, needs_words=True),),
)
REFUNDS: Final = Queue(
    "refunds",
    "Refunds that did not go through",
    "Find out at the provider why, and give the money back there or by hand.",
    "payments.view_refund",
    "payments.change_refund",
    stuck_refunds,
    show_refund,
)
PAYOUTS: Final = Queue(
    "payouts",
    "Payouts that failed",
    "Ask the payee for the right account, then pay again.",
    "payments.view_payout",
    "payments.change_payout",
    failed_payouts,
    show_payout,
    (Act("pay_again", "Pay again", _pay_again, needs_words=True),),
)
MISMATCHES: Final = Mismatches(
    "mismatches",
    "Mismatches of money",
    "Everything about money that a person has to look at, worst first.",
    "payments.view_entry",
    "payments.change_entry",
    held,
    show_held,
)
