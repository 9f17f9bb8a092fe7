"""A partner's month, written down from the ledger, and what is owed at its end paid out."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Final

from django.db.models import QuerySet, Sum

from common.db import command
from common.money import Currency, Money
from common.outbox import emit
from payments import selectors
from payments import settlement_selectors as reading
from payments.models import Posting, Settlement
from payments.parties import Party
from payments.services.paying_out import request_payout

# The kinds of entries that move what is owed, by the column that adds them up; any other kind is `other`.
COLUMNS: Final[Mapping[str, str]] = {
    "sale": "sold_minor",
    "reduction": "sold_minor",
    "refund": "returned_minor",
    "receipt": "collected_minor",
    "payout": "paid_out_minor",
}
COUNTED: Final = ("sold_minor", "returned_minor", "collected_minor", "paid_out_minor", "other_minor")


@command
def settle_month(*, partner_id: uuid.UUID, currency: Currency, month: dt.date) -> Settlement | None:
    """Write the partner's statement of a month that is over and ask for its payout; once a month, nothing for nothing.

    What went back since the month's end is not paid out with it. Locks: the partner's accounts.
    Emits: settlement.made      Raises: SettlementExists, PayoutTooLarge (it has just changed: try again), Busy
    """
    known = Settlement.objects.filter(partner_id=partner_id, currency=currency, month=month).first()
    if known is not None:
        return known
    starts_at, ends_at = reading.bounds(month)
    owed = reading.owed_postings(partner_id, currency)
    opening = -_sum(owed.filter(entry__created_at__lt=starts_at))
    moved = dict.fromkeys(COUNTED, 0)
    within = owed.filter(entry__created_at__gte=starts_at, entry__created_at__lt=ends_at)
    for kind, total in within.order_by().values_list("entry__kind").annotate(total=Sum("amount_minor")):
        moved[COLUMNS.get(kind, "other_minor")] -= total
    if not opening and not within.exists():
        return None
    closing = opening + sum(moved.values())
    payee = Party.partner(partner_id)
    minor = min(closing, _owed_now(payee, currency))
    payout = None
    if minor > 0:
        payout = request_payout(
            payee=payee,
            amount=Money(minor, currency),
            key=f"settlement:{partner_id}:{month:%Y-%m}:{currency}",
            description=f"Settlement of {month:%B %Y}",
            actor="scheduler",
        )
    row = Settlement.objects.create(
        partner_id=partner_id,
        month=month,
        currency=currency,
        opening_minor=opening,
        closing_minor=closing,
        payout=payout,
        **moved,
    )
    facts = {"settlement": str(row.pk), "partner": str(partner_id), "currency": currency}
    emit("settlement.made", key=f"partner:{partner_id}", **facts, amount=minor if payout else 0)
    return row


def _sum(rows: QuerySet[Posting]) -> int:
    return rows.aggregate(total=Sum("amount_minor"))["total"] or 0


def _owed_now(payee: Party, currency: Currency) -> int:
    return next((one.owed_minor for one in selectors.balances_of(payee) if one.currency == currency), 0)
