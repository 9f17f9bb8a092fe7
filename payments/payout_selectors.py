"""What payees may read: where they are paid, what they have earned, what was paid out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, TruncMonth

from common.errors import NotFound
from common.money import Currency
from payments.models import Payment, Payout, PayoutAccount, Refund
from payments.parties import Party
from payments.selectors import balances_of
from payments.states import PayoutAccountStatus, PayoutStatus, RefundStatus

__all__ = [
    "EarnedMonth",
    "Earnings",
    "account_of",
    "balances_of",
    "earned_by",
    "earnings_by_month",
    "earnings_of",
    "payouts_to",
    "personal_rows",
]
NOTHING = 0


@dataclass(frozen=True, slots=True)
class Earnings:
    """What a payee has earned in one currency, in minor units: `sold - fees - returned = net`.

    `fees` are what the platform keeps, `returned` all that went back to payers. `paid_out` has arrived, `on_the_way`
    not yet; `owed` is what is left of everything, below zero when the payee owes it.
    """

    currency: Currency
    sold_minor: int
    fees_minor: int
    returned_minor: int
    paid_out_minor: int
    on_the_way_minor: int
    owed_minor: int

    @property
    def net_minor(self) -> int:
        return self.sold_minor - self.fees_minor - self.returned_minor


@dataclass(frozen=True, slots=True)
class EarnedMonth:
    """What was paid in a month for what the payee sold, in minor units of one currency; `net` as in `Earnings`."""

    month: str
    currency: Currency
    count: int
    sold_minor: int
    net_minor: int


def account_of(payee: Party) -> PayoutAccount:
    """Return where the payee is paid by a provider. Raises: NotFound"""
    held = PayoutAccount.objects.filter(**payee.columns("owner")).exclude(status=PayoutAccountStatus.REMOVED)
    found = held.first()
    if found is None:
        raise NotFound
    return found


def payouts_to(payee: Party) -> QuerySet[Payout]:
    """Return what was paid out to the payee, or is on its way."""
    return Payout.objects.filter(**payee.columns("payee"))


def earned_by(payee: Party) -> QuerySet[Payment]:
    """Return the payments that paid for what the payee sold, with the purchase beside each.

    `fee` is what the platform keeps, `refunded_minor` all that went back to the payer, `net` the rest, the payee's.
    `payout_status` is that of its own payout (`pay_out_purchase`), None when it had none.
    """
    live = (
        Refund.objects.filter(payment=OuterRef("pk")).exclude(status=RefundStatus.FAILED).order_by().values("payment")
    )
    fees = Subquery(live.annotate(total=Sum("fee_minor")).values("total"), output_field=BigIntegerField())
    payouts = Payout.objects.filter(purchase=OuterRef("purchase")).order_by("-pk")
    rows = Payment.objects.filter(**payee.columns("payee"), is_applied=True).select_related("purchase")
    return rows.annotate(
        fee_returned=Coalesce(fees, NOTHING),
        fee=F("purchase__fee_minor") - F("fee_returned"),
        net=F("amount_minor") - F("fee") - F("refunded_minor"),
        payout_status=Subquery(payouts.values("status")[:1]),
    )


def earnings_of(payee: Party) -> list[Earnings]:
    """Return what the payee has earned, a row a currency."""
    owed = {one.currency: one.owed_minor for one in balances_of(payee)}
    sold = {
        row["currency"]: row
        for row in earned_by(payee)
        .order_by()
        .values("currency")
        .annotate(
            sold=Sum("amount_minor"),
            fees=Sum("purchase__fee_minor"),
            back=Sum("refunded_minor"),
            fees_back=Sum("fee_returned"),
        )
    }
    went = {
        row["currency"]: row
        for row in payouts_to(payee)
        .order_by()
        .values("currency")
        .annotate(
            paid=Sum("amount_minor", filter=Q(status=PayoutStatus.SUCCEEDED)),
            pending=Sum("amount_minor", filter=Q(status=PayoutStatus.PENDING)),
        )
    }
    return [
        _earnings(Currency(name), sold.get(name, {}), went.get(name, {}), owed.get(name, 0))
        for name in sorted({*sold, *went, *owed})
    ]


def earnings_by_month(payee: Party, zone: str) -> list[EarnedMonth]:
    """Return what was paid for what the payee sold, by the month of `zone` and the currency, newest month first."""
    rows = earned_by(payee).annotate(month=TruncMonth("paid_at", tzinfo=ZoneInfo(zone)))
    totals = rows.order_by("-month", "currency").values_list("month", "currency")
    found = totals.annotate(count=Count("pk"), sold=Sum("amount_minor"), kept=Sum("net"))
    return [EarnedMonth(f"{at:%Y-%m}", Currency(code), count, sold, kept) for at, code, count, sold, kept in found]


def _earnings(currency: Currency, sold: Mapping[str, Any], went: Mapping[str, Any], owed: int) -> Earnings:
    return Earnings(
        currency=currency,
        sold_minor=sold.get("sold", 0),
        fees_minor=sold.get("fees", 0) - sold.get("fees_back", 0),
        returned_minor=sold.get("back", 0),
        paid_out_minor=went.get("paid") or 0,
        on_the_way_minor=went.get("pending") or 0,
        owed_minor=owed,
    )


def personal_rows(user_id: uuid.UUID) -> list[dict[str, object]]:
    """Return the person's own payouts and where they go, for a copy of its data."""
    me = Party.person(user_id)
    names = ("id", "provider", "status", "amount_minor", "currency", "description", "created_at", "ended_at")
    accounts = PayoutAccount.objects.filter(**me.columns("owner")).order_by("pk")
    return [
        *payouts_to(me).order_by("pk").values(*names),
        *accounts.values("id", "provider", "status", "ending", "created_at"),
    ]
