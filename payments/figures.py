"""What administrators count of money. The amounts are for a first look; the ledger and its reports are the books."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import Case, Count, F, Q, QuerySet, Sum, When

from common import figures
from common.figures import Counted, Scope
from common.money import Currency, Money
from partners import selectors as partners
from payments.models import Payment, Payout, Refund
from payments.states import LIVE, UNPAID, PaymentStatus, PayoutStatus, RefundStatus


@dataclass(frozen=True)
class Takings:
    """What was paid in the period in one currency, and how much of it is the platform's before anything goes back."""

    received: Money
    share: Money


def begun(scope: Scope) -> QuerySet[Payment]:
    """Return the payments that were begun in the period, to payees of the city."""
    return partners.of_real(scope.created(Payment.objects.all()), "payee_partner", city=scope.city)


def given_back(scope: Scope) -> QuerySet[Refund]:
    """Return the refunds that were begun in the period."""
    return partners.of_real(scope.created(Refund.objects.all()), "payment__payee_partner", city=scope.city)


def paid_out(scope: Scope) -> QuerySet[Payout]:
    """Return the payouts that were begun in the period."""
    return partners.of_real(scope.created(Payout.objects.all()), "payee_partner", city=scope.city)


PAYMENTS: Final = Counted(
    "payments.payment",
    begun,
    {
        "begun": Q(),
        "succeeded": Q(status=PaymentStatus.SUCCEEDED),
        "waiting": Q(status__in=sorted(LIVE)),
        "unpaid": Q(status__in=sorted(UNPAID)),
        "held": Q(status=PaymentStatus.HELD),
    },
    {"waiting": "the payer is waited for", "held": "another amount arrived"},
)
REFUNDS: Final = Counted(
    "payments.refund",
    given_back,
    {
        "given_back": Q(status=RefundStatus.SUCCEEDED),
        "on_its_way": Q(status=RefundStatus.PENDING),
        "failed": Q(status=RefundStatus.FAILED),
    },
)
PAYOUTS: Final = Counted(
    "payments.payout",
    paid_out,
    {
        "paid_out": Q(status=PayoutStatus.SUCCEEDED),
        "on_its_way": Q(status=PayoutStatus.PENDING),
        "failed": Q(status=PayoutStatus.FAILED),
    },
)
figures.register(PAYMENTS, REFUNDS, PAYOUTS)


def takings(scope: Scope) -> list[Takings]:
    """Return what the period's payments brought, a row a currency."""
    share = Case(When(payee_user=None, payee_partner=None, then=F("received_minor")), default=F("purchase__fee_minor"))
    rows = PAYMENTS.rows_of("succeeded", scope).order_by("received_currency").values("received_currency")
    found = rows.annotate(received=Sum("received_minor"), share=Sum(share))
    return [
        Takings(_money(row["received"], row["received_currency"]), _money(row["share"], row["received_currency"]))
        for row in found
    ]


def outgoing(scope: Scope, counted: Counted) -> dict[str, list[Money]]:
    """Return the amounts of refunds or payouts by figure, a sum a currency."""
    wanted = {f"n_{name}": Sum("amount_minor", filter=where) for name, where in counted.parts.items()}
    rows = list(counted.rows(scope).order_by("currency").values("currency").annotate(**wanted, rows=Count("pk")))
    return {
        name: [_money(row[f"n_{name}"], row["currency"]) for row in rows if row[f"n_{name}"]] for name in counted.parts
    }


def _money(minor: int, currency: str) -> Money:
    return Money(minor, Currency(currency))
