"""Telling an announcement: batch by batch in the order of ids, each in one transaction with the place it has come to.

One statement writes a batch's notifications and deliveries, so that memory stays flat whoever many there are. A worker
that is killed leaves nothing of its batch, and the dedupe key would keep a repeated one from telling anybody twice.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final
from zoneinfo import ZoneInfoNotFoundError

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from common import clock
from common.db import command, lock_free, step
from common.ids import UUID7_SQL
from common.transitions import advance
from notifications import doorbell
from notifications.audience import COLUMNS, MEMBERS, Part, parts_of
from notifications.kinds import RULES, Kind
from notifications.models import Announcement, Delivery, Mute, Notification, OptOut
from notifications.preferences import Reason
from notifications.services import budgeting
from notifications.services.announcing import channels_of, record, said_in, texts_of
from notifications.states import ANNOUNCEMENT_TRANSITIONS, AnnouncementStatus, Channel, DeliveryStatus
from notifications.templates import FALLBACK
from requests_app.services.waves import quiet_until

BATCH: Final = 5000  # people in one transaction: a second, for which a pause waits
SUBJECT: Final = "announcement"
WORKER: Final = "worker"
CANCELLED: Final = "cancelled"
NOTIFICATIONS: Final = Notification._meta.db_table
DELIVERIES: Final = Delivery._meta.db_table
OPT_OUTS: Final = OptOut._meta.db_table
MUTES: Final = Mute._meta.db_table
WAITING: Final = (DeliveryStatus.QUEUED, DeliveryStatus.FAILED)
UNDECIDED: Final = (*WAITING, DeliveryStatus.SENDING, DeliveryStatus.IN_DOUBT)


def run_due() -> int:
    """Take one step for each announcement that has something to do; return for how many."""
    return sum(work_on(announcement_id=pk) for pk in due())


def due() -> list[uuid.UUID]:
    """Return the announcements that a batch waits for."""
    begins = Q(status=AnnouncementStatus.SCHEDULED, starts_at__lte=clock.now())
    goes_on = Q(status=AnnouncementStatus.SENDING, prepared_at=None)
    rows = Announcement.objects.filter(begins | goes_on | Q(is_unsettled=True))
    return list(rows.order_by("pk").values_list("pk", flat=True))


@command
def work_on(*, announcement_id: uuid.UUID) -> bool:
    """Begin, tell the next batch, or let queued messages follow a step; return whether anything was done.

    Locks: the announcement, unless another worker has it, and then queued deliveries.
    """
    for row in lock_free(Announcement.objects.filter(pk=announcement_id), limit=1):
        if row.is_unsettled:
            _settle(row)
        elif row.state_now is AnnouncementStatus.SCHEDULED and row.starts_at is not None:
            if row.starts_at > clock.now():
                return False
            _advance(row, "start")
        elif row.state_now is AnnouncementStatus.SENDING and row.prepared_at is None:
            _tell_batch(row)
        else:
            return False
        row.save()
        return True
    return False


@command
def finish(*, announcement_id: uuid.UUID) -> bool:
    """Finish one of which every message has left or is known not to, or have strays of a paused one held.

    Locks: the announcement, unless a worker has it.
    """
    for row in lock_free(Announcement.objects.filter(pk=announcement_id), limit=1):
        if row.state_now is AnnouncementStatus.SENDING:
            if row.prepared_at is None or row.is_unsettled or _deliveries(row, UNDECIDED).exists():
                return False
            _advance(row, "finish")
        elif not _not_following(_deliveries(row, WAITING), row).exists():
            return False
        else:
            row.is_unsettled = True  # a retry that was on its way when the step was taken
        row.save()
        return True
    return False


def to_finish() -> list[uuid.UUID]:
    """Return the announcements that may be over, or of which a message may have strayed."""
    told = Q(status=AnnouncementStatus.SENDING, prepared_at__isnull=False)
    stopped = Q(status__in=[AnnouncementStatus.PAUSED, AnnouncementStatus.CANCELLED], valid_until__gt=clock.now())
    return list(Announcement.objects.filter(told | stopped).order_by("pk").values_list("pk", flat=True))


@step
def _tell_batch(row: Announcement) -> None:
    now = clock.now()
    parts = parts_of(row)
    part = next((part for part in parts if part.name == row.part), None)
    if part is None:  # an audience of members alone
        row.part = MEMBERS
        part = parts[0]
    upto, count, zones = _bounds(part, row)
    if count and now < row.valid_until:
        _insert(row, part, upto=upto, run_at=_wakes(zones, now), now=now)
        row.told_to, row.people_done = upto, row.people_done + count
        transaction.on_commit(doorbell.ring)
    elif count or part is parts[-1]:
        row.prepared_at = now
        record(row, "prepared", actor=WORKER, people_done=row.people_done)
    else:
        row.part, row.told_to = parts[-1].name, None


def _bounds(part: Part, row: Announcement) -> tuple[uuid.UUID | None, int, list[str]]:
    """Return the last of the next batch, how many are in it, and their zones."""
    batch = part.sql(after=row.told_to, limit=BATCH)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH batch ({COLUMNS}) AS MATERIALIZED ({batch.text})
            SELECT (SELECT id FROM batch ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM batch),
                ARRAY(SELECT DISTINCT zone FROM batch)
            """,  # noqa: S608 - the audience is the ORM's own SQL
            batch.params,
        )
        upto, count, zones = cursor.fetchone()
    return upto, count, zones


def _wakes(zones: list[str], now: dt.datetime) -> dict[str, dt.datetime]:
    """Return for each zone when its quiet hours are over: now, where they are not."""
    return {zone: quiet_in(zone, now) or now for zone in zones}


def quiet_in(zone: str, now: dt.datetime) -> dt.datetime | None:
    try:
        return quiet_until(now, zone)
    except (ZoneInfoNotFoundError, ValueError):
        return quiet_until(now, settings.DEFAULT_ZONE)


def _insert(
    row: Announcement, part: Part, *, upto: uuid.UUID | None, run_at: dict[str, dt.datetime], now: dt.datetime
) -> None:
    batch, texts = part.sql(after=row.told_to, upto=upto), texts_of(row)
    spoken = sorted(texts)
    bodies = [
        (language, channel, texts[language].by_channel[channel]) for language in spoken for channel in channels_of(row)
    ]
    seal = Delivery._meta.get_field("body")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH batch ({COLUMNS}) AS MATERIALIZED ({batch.text}),
            audience AS (
                SELECT *, CASE WHEN language = ANY(%s) THEN language ELSE %s END AS spoken FROM batch
            ), told AS (
                INSERT INTO {NOTIFICATIONS} (
                    id, dedupe_key, kind, {part.owner}, title, body, subject_kind, subject_id, is_critical, created_at
                )
                SELECT {UUID7_SQL}, %s || a.id, %s, a.id, t.title, t.body, %s, %s, false, %s
                FROM audience AS a
                JOIN unnest(%s::text[], %s::text[], %s::text[]) AS t(language, title, body) ON t.language = a.spoken
                ORDER BY a.id
                ON CONFLICT (dedupe_key) DO NOTHING
                RETURNING id, {part.owner} AS who, title
            )
            INSERT INTO {DELIVERIES} (
                id, notification_id, channel, "to", language, subject, body, is_secret, priority, segments, status,
                run_at, valid_until, attempts, locked_by, provider_id, error_code, created_at, ended_at
            )
            SELECT {UUID7_SQL}, told.id, c.channel, CASE c.channel WHEN 'email' THEN a.email ELSE a.phone END,
                c.said_in, CASE c.channel WHEN 'email' THEN told.title ELSE '' END, c.body, false, %s, c.segments,
                CASE WHEN w.reason = '' THEN 'queued' ELSE 'skipped' END, z.run_at, %s, 0, '', '',
                w.reason, %s, CASE WHEN w.reason = '' THEN NULL ELSE %s END
            FROM told JOIN audience AS a ON a.id = told.who
            JOIN unnest(%s::text[], %s::text[], %s::text[], %s::bytea[], %s::int[])
                AS c(language, said_in, channel, body, segments)
                ON c.language = a.spoken
            JOIN unnest(%s::text[], %s::timestamptz[]) AS z(zone, run_at) ON z.zone = a.zone
            LEFT JOIN {OPT_OUTS} AS o ON o.phone = a.phone AND o.channel = c.channel
            LEFT JOIN {MUTES} AS m ON m.{part.owner} = a.id AND m."group" = %s AND m.channel = c.channel
            CROSS JOIN LATERAL (
                SELECT CASE WHEN o.id IS NOT NULL THEN %s WHEN m.id IS NOT NULL THEN %s ELSE '' END
            ) AS w(reason)
            WHERE c.channel <> 'email' OR a.email <> ''
            """,  # noqa: S608 - the audience is the ORM's own SQL, all other names are the models'
            [
                *batch.params,
                *(spoken, FALLBACK, f"announcement:{row.pk}:", str(Kind.ANNOUNCEMENT), SUBJECT, row.pk, now),
                *(
                    spoken,
                    [texts[language].title for language in spoken],
                    [texts[language].inbox for language in spoken],
                ),
                *(RULES[Kind.ANNOUNCEMENT].priority, row.valid_until, now, now),
                [language for language, _, _ in bodies],
                [said_in(row, language) for language, _, _ in bodies],
                [str(channel) for _, channel, _ in bodies],
                [seal.get_db_prep_value(body, connection) for _, _, body in bodies],
                [budgeting.segments_of(Channel(channel), body) for _, channel, body in bodies],
                *(list(run_at), list(run_at.values())),
                *(str(RULES[Kind.ANNOUNCEMENT].group), Reason.OPTED_OUT, Reason.SWITCHED_OFF),
            ],
        )


@step
def _settle(row: Announcement) -> None:
    """Hold, let go or drop the next queued messages, as the announcement's state says."""
    now = clock.now()
    told = Notification.objects.filter(subject_id=row.pk, kind=Kind.ANNOUNCEMENT).order_by("pk")
    if row.settled_to is not None:
        told = told.filter(pk__gt=row.settled_to)
    batch = list(told.values_list("pk", flat=True)[:BATCH])
    following = _not_following(Delivery.objects.filter(notification__in=batch, status__in=WAITING), row)
    held = lock_free(following.only("pk"), limit=BATCH * len(Channel))
    chosen = Delivery.objects.filter(pk__in=[delivery.pk for delivery in held])
    if row.state_now is AnnouncementStatus.CANCELLED:
        chosen.update(status=DeliveryStatus.SKIPPED, error_code=CANCELLED, ended_at=now)
    elif row.state_now is AnnouncementStatus.PAUSED:
        chosen.update(run_at=F("valid_until"))  # too late by then, unless it is let go before
    else:
        for zone, wakes in _wakes(_zones(chosen), now).items():
            of_zone = Q(notification__user__zone=zone) | Q(notification__member__partner__zone=zone)
            chosen.filter(pk__in=chosen.filter(of_zone).values("pk")).update(run_at=wakes)
        transaction.on_commit(doorbell.ring)
    row.is_unsettled = len(batch) == BATCH
    row.settled_to = batch[-1] if row.is_unsettled else None


def _not_following(waiting: QuerySet[Delivery], row: Announcement) -> QuerySet[Delivery]:
    """Return those of the queued messages that do not follow the announcement's state yet."""
    if row.state_now is AnnouncementStatus.CANCELLED:
        return waiting
    is_held = Q(run_at__gte=F("valid_until"))
    return waiting.filter(~is_held) if row.state_now is AnnouncementStatus.PAUSED else waiting.filter(is_held)


def _deliveries(row: Announcement, statuses: tuple[DeliveryStatus, ...]) -> QuerySet[Delivery]:
    told = Notification.objects.filter(pk=OuterRef("notification_id"), subject_id=row.pk, kind=Kind.ANNOUNCEMENT)
    return Delivery.objects.filter(Exists(told), status__in=statuses)


def _zones(chosen: QuerySet[Delivery]) -> list[str]:
    pairs = chosen.values_list("notification__user__zone", "notification__member__partner__zone").distinct()
    return [people or members for people, members in pairs]


def _advance(row: Announcement, verb: str) -> None:
    row.status = advance(ANNOUNCEMENT_TRANSITIONS, row.state_now, verb)
    record(row, verb, actor=WORKER, people_done=row.people_done)
