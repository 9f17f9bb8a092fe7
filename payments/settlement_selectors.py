"""What partners and jobs may read of settlements."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator

from django.db.models import F, Min, QuerySet

from common import clock
from common.errors import NotFound
from common.money import Currency
from payments.models import Account, Posting, Settlement
from payments.proration import ZONE, add_months, month_start
from payments.states import AccountKind

OWED = (AccountKind.PAYABLE, AccountKind.COLLECTED)


def settlements_of(partner_id: uuid.UUID) -> QuerySet[Settlement]:
    return Settlement.objects.select_related("payout").filter(partner_id=partner_id)


def settlement_of(partner_id: uuid.UUID, settlement_id: uuid.UUID) -> Settlement:
    """Raises: NotFound"""
    row = settlements_of(partner_id).filter(pk=settlement_id).first()
    if row is None:
        raise NotFound
    return row


def owed_postings(partner_id: uuid.UUID, currency: str) -> QuerySet[Posting]:
    """Return every posting that moves what is owed to the partner; a credit is owed."""
    names = {"account__kind__in": OWED, "account__owner_partner_id": partner_id, "account__currency": currency}
    return Posting.objects.filter(**names)


def every_line_of(partner_id: uuid.UUID) -> QuerySet[Posting]:
    """Return every movement of what is owed to the partner, in any currency, as `lines_of` does of one month."""
    rows = Posting.objects.filter(account__kind__in=OWED, account__owner_partner_id=partner_id)
    return rows.annotate(owed_minor=-F("amount_minor"))


def lines_of(row: Settlement) -> QuerySet[Posting]:
    """Return the month's postings, `owed_minor` above zero where they are owed to the partner."""
    starts_at, ends_at = bounds(row.month)
    rows = owed_postings(row.partner_id, row.currency).select_related("entry")
    within = rows.filter(entry__created_at__gte=starts_at, entry__created_at__lt=ends_at)
    return within.annotate(owed_minor=-F("amount_minor"))


def bounds(month: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """Return when the civil month began and when the next one did."""
    starts_at = dt.datetime(month.year, month.month, 1, tzinfo=ZONE)
    return starts_at, add_months(starts_at, 1)


def unsettled() -> Iterator[tuple[uuid.UUID, Currency, dt.date]]:
    """Yield every partner, currency and month that is over and not settled, in order of time."""
    accounts = Account.objects.filter(kind__in=OWED, owner_partner__isnull=False).order_by("owner_partner", "currency")
    sold = accounts.values_list("owner_partner_id", "currency").annotate(first=Min("postings__entry__created_at"))
    this_month = month_start(clock.now())
    for partner_id, currency, first in sold:
        if first is None:
            continue
        done = Settlement.objects.filter(partner_id=partner_id, currency=currency).order_by("-month").first()
        moment = bounds(done.month)[1] if done is not None else month_start(first)
        while moment < this_month:
            yield partner_id, Currency(currency), moment.astimezone(ZONE).date()
            moment = add_months(moment, 1)
