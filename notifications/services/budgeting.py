"""What messages cost, and when a day has cost enough.

Counted as deliveries are leased, each once, by whichever worker (`delivering.claim`). What is critical, carries a code,
or goes first (priority 0) is counted and never stopped.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings

from common import clock, outbox
from common.db import command, lock, step
from common.money import Currency
from notifications import operating
from notifications.models import ChannelSpend, ChannelTerms
from notifications.preferences import quiet_until
from notifications.states import Channel
from notifications.templates import is_gsm7

TURN: Final = "notifications.budget"
OVER_BUDGET: Final = "over_budget"
# 3GPP TS 23.040: characters of a text that fits in one SMS, and of each part of a longer one.
GSM7_ALONE, GSM7_PART = 160, 153
WIDE_ALONE, WIDE_PART = 70, 67


@dataclass(frozen=True)
class Terms:
    """What holds for a channel: minor units for one segment, message or call, and for a day (None: no limit)."""

    price_minor: int
    daily_limit_minor: int | None
    currency: Currency


def terms_now() -> dict[str, Terms]:
    """Return what holds for each channel that somebody has set terms for; one query."""
    newest = ChannelTerms.objects.order_by("channel", "-pk").distinct("channel")
    rows = newest.values_list("channel", "price_minor", "daily_limit_minor", "currency")
    return {row[0]: Terms(row[1], row[2], Currency(row[3])) for row in rows}


@step
def set_terms(
    *,
    channel: Channel,
    price_minor: int,
    daily_limit_minor: int | None,
    currency: Currency,
    reason: str,
    admin_id: uuid.UUID,
) -> ChannelTerms:
    """Say what a channel costs and may cost from now on; what held before stays as history."""
    return ChannelTerms.objects.create(
        channel=channel,
        price_minor=price_minor,
        daily_limit_minor=daily_limit_minor,
        currency=currency,
        reason=reason,
        set_by_id=admin_id,
    )


@command
def tell_used_up(*, day: dt.date, channels: Iterable[str]) -> int:
    """Let administrators know that a day's budget is used up, once for each channel; return for how many.

    Locks: the spends.      Emits: budget.used_up
    """
    rows = ChannelSpend.objects.filter(day=day, channel__in=list(channels), told_at=None)
    fresh = [row for row in lock(ChannelSpend, rows.values_list("pk", flat=True)) if row.told_at is None]
    ChannelSpend.objects.filter(pk__in=[row.pk for row in fresh]).update(told_at=clock.now())
    for row in fresh:
        outbox.emit("budget.used_up", key=f"budget:{row.pk}", channel=row.channel, day=row.day.isoformat())
    return len(fresh)


def day_of(now: dt.datetime) -> dt.date:
    """Return the day that a message counts for."""
    return now.astimezone(ZoneInfo(settings.DEFAULT_ZONE)).date()


def next_morning(now: dt.datetime) -> dt.datetime:
    """Return when what had to wait for another day's budget may go: as that day begins, and nobody is woken."""
    zone = ZoneInfo(settings.DEFAULT_ZONE)
    begins = dt.datetime.combine(day_of(now) + dt.timedelta(days=1), dt.time(), tzinfo=zone)
    window = operating.quiet_hours()
    return begins if window is None else quiet_until(begins, window, settings.DEFAULT_ZONE)


def segments_of(channel: Channel, body: str) -> int:
    """Return by how many units the channel bills the text: an SMS by its segments, everything else by one."""
    if channel is not Channel.SMS:
        return 1
    if is_gsm7(body):
        return _parts(len(body), GSM7_ALONE, GSM7_PART)
    return _parts(len(body.encode("utf-16-le")) // 2, WIDE_ALONE, WIDE_PART)


def _parts(length: int, alone: int, part: int) -> int:
    return 1 if length <= alone else -(-length // part)
