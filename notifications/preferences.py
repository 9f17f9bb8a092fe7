"""Who wants to be told what, how and when: set by set, with the same number of queries for one and for many.

A kind that is always sent (`Rule.is_always_sent`) or an occasion that is critical passes everything here; what never
passes is STOP, which the providers hold as well.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet

from common.clock import parse_window
from notifications import operating
from notifications.kinds import CAN_WAIT, RULES, Kind
from notifications.models import Delivery, MessageSettings, Mute, OptOut
from notifications.operating import Window
from notifications.owners import Owner
from notifications.states import LOUD_CHANNELS, Channel, DeliveryStatus, Group, QuietMode

CAP_WINDOW: Final = dt.timedelta(hours=24)
M = TypeVar("M", bound=Model)
# What tells, with the zone, one account's quiet hours from another's: nothing said (""), none ("-"), or the own window.
# `s` is the account's row of MessageSettings, where there is one.
OWN_WINDOW: Final = "CASE WHEN s.id IS NULL THEN '' ELSE concat(s.quiet_from, '-', s.quiet_until) END"


class Reason:
    """Why a delivery is skipped, as its `error_code` says."""

    OPTED_OUT = "opted_out"  # STOP, or the link in a message
    SWITCHED_OFF = "switched_off"  # the preferences
    DAILY_CAP = "daily_cap"
    QUIET_HOURS = "quiet_hours"  # not worth sending any more when they end
    BY_HAND = "by_hand"  # an administrator let it not go


def wanting(people: QuerySet[M], kind: Kind, channel: Channel) -> QuerySet[M]:
    """Return those of these people (rows with `pk` and `phone` of accounts) who may be told of the kind by the channel.

    One condition in SQL, whatever their number. It knows wishes and STOP; not quiet hours, nor the daily cap.
    """
    stopped = OptOut.objects.filter(phone=OuterRef("phone"), channel=channel)
    heard = people.filter(~Exists(stopped))
    if RULES[kind].is_always_sent:
        return heard
    muted = Mute.objects.filter(user=OuterRef("pk"), group=RULES[kind].group, channel=channel)
    return heard.filter(~Exists(muted))


@dataclass(frozen=True)
class Choices:
    """What one account has chosen; `window` is what holds, none when nothing is held back."""

    muted: frozenset[tuple[str, str]]
    mode: QuietMode
    window: Window | None

    def wants(self, group: Group, channel: Channel) -> bool:
        return (group, channel) not in self.muted


def choices_of(owner: Owner) -> Choices:
    """Return what the account has chosen."""
    muted = frozenset(Mute.objects.filter(owner.rows).values_list("group", "channel"))
    own = MessageSettings.objects.filter(owner.rows).first()
    if own is None:
        return Choices(muted, QuietMode.DEFAULT, operating.quiet_hours() if owner.user_id else None)
    if own.quiet_from is None or own.quiet_until is None:
        return Choices(muted, QuietMode.OFF, None)
    return Choices(muted, QuietMode.OWN, (own.quiet_from, own.quiet_until))


@dataclass(frozen=True, slots=True)
class Asked:
    """One whom something is to be told, as far as it matters here."""

    phone: str
    zone: str
    user_id: uuid.UUID | None = None
    member_id: uuid.UUID | None = None

    @property
    def id(self) -> uuid.UUID | None:
        return self.user_id or self.member_id


@dataclass(frozen=True)
class Wishes:
    """What a set of recipients wants; ask it about each, it asks the database nothing."""

    rule_passes: bool
    can_wait: bool
    stopped: frozenset[tuple[str, str]]
    muted: frozenset[tuple[uuid.UUID, str]]
    windows: Mapping[uuid.UUID, Window | None]
    sent: Mapping[tuple[uuid.UUID, str], int] = field(default_factory=dict)

    def refusal(self, asked: Asked, channel: Channel) -> str:
        """Return why nothing goes to them by this channel; empty when it may go."""
        if (asked.phone, channel) in self.stopped:
            return Reason.OPTED_OUT
        if self.rule_passes or asked.id is None:
            return ""
        if (asked.id, channel) in self.muted:
            return Reason.SWITCHED_OFF
        cap = operating.DAILY_CAP.value()
        if cap and asked.user_id and self.sent.get((asked.user_id, channel), 0) >= cap:
            return Reason.DAILY_CAP
        return ""

    def not_before(self, asked: Asked, channel: Channel, at: dt.datetime) -> dt.datetime:
        """Return when it may go at the earliest: `at`, or the end of the quiet hours in which that lies."""
        if self.rule_passes or channel not in LOUD_CHANNELS or asked.id is None:
            return at
        return earliest(asked, self.windows, at=at, can_wait=self.can_wait)


def wishes_of(asked: Sequence[Asked], kind: Kind, *, at: dt.datetime, is_critical: bool = False) -> Wishes:
    """Return what these want about this kind; at most four queries, whatever their number.

    The daily cap counts what went to a person in the 24 hours before `at`, without what passes it. Two events at the
    same moment may both be the last one below the cap.
    """
    rule = RULES[kind]
    phones = {one.phone for one in asked if one.phone}
    rows = OptOut.objects.filter(phone__in=phones, channel__in=rule.channels).values_list("phone", "channel")
    stopped = frozenset(rows) if phones else frozenset()
    users = [one.user_id for one in asked if one.user_id]
    ids = [one.id for one in asked if one.id]
    passes = rule.is_always_sent or is_critical
    if passes or not ids:
        return Wishes(passes, False, stopped, frozenset(), {})  # noqa: FBT003 - a record's own fields
    owned = Q(user__in=ids) | Q(member__in=ids)
    mutes = Mute.objects.filter(owned, group=rule.group).values_list("user_id", "member_id", "channel")
    return Wishes(
        rule_passes=False,
        can_wait=can_wait(kind),
        stopped=stopped,
        muted=frozenset((user or member, channel) for user, member, channel in mutes),
        windows=windows_of(ids),
        sent=_sent_to(users, since=at - CAP_WINDOW) if users and operating.DAILY_CAP.value() else {},
    )


def windows_of(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Window | None]:
    """Return the quiet hours of those of these people and members who have chosen; None for «none». One query."""
    rows = MessageSettings.objects.filter(Q(user__in=ids) | Q(member__in=ids))
    return {
        user or member: (start, end) if start is not None and end is not None else None
        for user, member, start, end in rows.values_list("user_id", "member_id", "quiet_from", "quiet_until")
    }


def can_wait(kind: Kind) -> bool:
    """Whether everybody's quiet hours hold it; one's own hold whatever is not critical."""
    return RULES[kind].priority >= CAN_WAIT


def earliest(
    asked: Asked, windows: Mapping[uuid.UUID, Window | None], *, at: dt.datetime, can_wait: bool
) -> dt.datetime:
    """Return when what rings may go to one of whom `windows_of` was asked."""
    if asked.id is not None and asked.id in windows:
        return _end(at, windows[asked.id], asked.zone)
    return _end(at, _of_everybody(everybodys=can_wait and asked.user_id is not None), asked.zone)


def wakings(hours: Iterable[str], kind: Kind, *, at: dt.datetime, are_people: bool) -> dict[str, dt.datetime]:
    """Return, for each zone and `OWN_WINDOW` with a blank between, when what rings may go.

    For so many at once that they stay in the database: there are few such pairs, however many have them.
    """
    everybodys, found = are_people and can_wait(kind), {}
    for pair in hours:
        zone, _, own = pair.rpartition(" ")
        window = parse_window(own.strip("-")) if own else _of_everybody(everybodys=everybodys)
        found[pair] = _end(at, window, zone)
    return found


def _of_everybody(*, everybodys: bool) -> Window | None:
    return operating.quiet_hours() if everybodys else None


def _end(at: dt.datetime, window: Window | None, zone: str) -> dt.datetime:
    return at if window is None else quiet_until(at, window, zone)


def quiet_until(at: dt.datetime, window: Window, zone: str) -> dt.datetime:
    """Return `at`, or the end of the window `[from, until)` of the zone's day in which it lies."""
    start, end = window
    local = at.astimezone(_zone(zone))
    now = local.time()
    is_quiet = start <= now < end if start < end else now >= start or now < end
    if not is_quiet:
        return at
    day = local.date() + dt.timedelta(days=1 if now >= end else 0)
    return dt.datetime.combine(day, end, tzinfo=_zone(zone)).astimezone(dt.UTC)


def _sent_to(user_ids: Sequence[uuid.UUID], *, since: dt.datetime) -> dict[tuple[uuid.UUID, str], int]:
    """Return how many notifications went to each person by each channel, without those that nothing holds back."""
    always = [kind for kind, rule in RULES.items() if rule.is_always_sent]
    rows = (
        Delivery.objects.filter(
            notification__user__in=user_ids, notification__created_at__gt=since, notification__is_critical=False
        )
        .exclude(status=DeliveryStatus.SKIPPED)
        .exclude(notification__kind__in=always)
        .values_list("notification__user", "channel")
        .annotate(count=Count("notification", distinct=True))
        .order_by()
    )
    return {(user, channel): count for user, channel, count in rows}


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.DEFAULT_ZONE)
