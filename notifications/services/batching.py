"""Telling an announcement: batch by batch in the order of ids, each in one transaction with the place it has come to.

One statement writes a batch's notifications and deliveries (`spreading`), so that memory stays flat however many there
are. A worker that is killed leaves nothing of its batch, and the dedupe key would keep a repeated one from telling
anybody twice.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from common import clock
from common.db import command, lock_free, step
from common.transitions import advance
from notifications import doorbell
from notifications.audience import MEMBERS, PEOPLE, Span, parts_of
from notifications.kinds import Kind
from notifications.models import Announcement, Delivery, Notification
from notifications.preferences import Asked, Reason, can_wait, earliest, wakings, windows_of
from notifications.services import devices, spreading
from notifications.services.announcing import record
from notifications.services.telling import tell_listeners
from notifications.states import (
    ANNOUNCEMENT_TRANSITIONS,
    LOUD_CHANNELS,
    AnnouncementStatus,
    Channel,
    DeliveryStatus,
)

BATCH: Final = 5000  # people in one transaction: a second, for which a pause waits
MOST_EACH: Final = len(Channel) - 1 + devices.MOST  # messages to one of them
WORKER: Final = "worker"
CANCELLED: Final = "cancelled"
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
    batch = spreading.next_batch(part, after=row.told_to, limit=BATCH)
    if batch.count and now < row.valid_until:
        may_ring = wakings(batch.hours, Kind.ANNOUNCEMENT, at=now, are_people=part.name == PEOPLE)
        seen = spreading.tell(row, part, Span(row.told_to, batch.upto), wakings=may_ring, now=now)
        row.told_to, row.people_done = batch.upto, row.people_done + batch.count
        tell_listeners(f"announcement:{row.pk}", seen)
        transaction.on_commit(doorbell.ring)
    elif batch.count or part is parts[-1]:
        row.prepared_at = now
        record(row, "prepared", actor=WORKER, people_done=row.people_done)
    else:
        row.part, row.told_to = parts[-1].name, None


@step
def _settle(row: Announcement) -> None:
    """Hold, let go or drop the next queued messages, as the announcement's state says."""
    now = clock.now()
    told = Notification.objects.filter(subject_id=row.pk, kind=Kind.ANNOUNCEMENT).order_by("pk")
    if row.settled_to is not None:
        told = told.filter(pk__gt=row.settled_to)
    batch = list(told.values_list("pk", flat=True)[:BATCH])
    following = _not_following(Delivery.objects.filter(notification__in=batch, status__in=WAITING), row)
    held = lock_free(following.only("pk"), limit=BATCH * MOST_EACH)
    chosen = Delivery.objects.filter(pk__in=[delivery.pk for delivery in held])
    if row.state_now is AnnouncementStatus.CANCELLED:
        chosen.update(status=DeliveryStatus.SKIPPED, error_code=CANCELLED, ended_at=now)
    elif row.state_now is AnnouncementStatus.PAUSED:
        chosen.update(run_at=F("valid_until"))  # too late by then, unless it is let go before
    else:
        _let_go(row, chosen, now)
        transaction.on_commit(doorbell.ring)
    row.is_unsettled = len(batch) == BATCH
    row.settled_to = batch[-1] if row.is_unsettled else None


@step
def _let_go(row: Announcement, chosen: QuerySet[Delivery], now: dt.datetime) -> None:
    """Let these go, what rings at the end of the owner's quiet hours; what is not worth it then is skipped."""
    chosen.exclude(channel__in=LOUD_CHANNELS).update(run_at=now)
    for at, ids in _wakings_of(chosen.filter(channel__in=LOUD_CHANNELS), now).items():
        woken = Delivery.objects.filter(pk__in=ids)
        if at > now and at >= row.valid_until:
            woken.update(status=DeliveryStatus.SKIPPED, error_code=Reason.QUIET_HOURS, run_at=at, ended_at=now)
        else:
            woken.update(run_at=at)


def _wakings_of(loud: QuerySet[Delivery], now: dt.datetime) -> dict[dt.datetime, list[uuid.UUID]]:
    """Return which of these deliveries may go when."""
    owners = ("notification__user", "notification__member")
    zones = ("notification__user__zone", "notification__member__partner__zone")
    asked = {
        pk: Asked("", of_person or of_member, user, member)
        for pk, user, member, of_person, of_member in loud.values_list("pk", *owners, *zones)
    }
    windows = windows_of([one.id for one in set(asked.values()) if one.id])
    found = dict[dt.datetime, list[uuid.UUID]]()
    for pk, one in asked.items():
        at = earliest(one, windows, at=now, can_wait=can_wait(Kind.ANNOUNCEMENT))
        found.setdefault(at, []).append(pk)
    return found


def _not_following(waiting: QuerySet[Delivery], row: Announcement) -> QuerySet[Delivery]:
    """Return those of the queued messages that do not follow the announcement's state yet."""
    if row.state_now is AnnouncementStatus.CANCELLED:
        return waiting
    is_held = Q(run_at__gte=F("valid_until"))
    return waiting.filter(~is_held) if row.state_now is AnnouncementStatus.PAUSED else waiting.filter(is_held)


def _deliveries(row: Announcement, statuses: tuple[DeliveryStatus, ...]) -> QuerySet[Delivery]:
    told = Notification.objects.filter(pk=OuterRef("notification_id"), subject_id=row.pk, kind=Kind.ANNOUNCEMENT)
    return Delivery.objects.filter(Exists(told), status__in=statuses)


def _advance(row: Announcement, verb: str) -> None:
    row.status = advance(ANNOUNCEMENT_TRANSITIONS, row.state_now, verb)
    record(row, verb, actor=WORKER, people_done=row.people_done)
