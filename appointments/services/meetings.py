"""Meetings follow their appointments: made, moved and removed at the provider by errands, never by the booking itself.

What an appointment wants of its meeting is decided here in the transaction that tells of it; what the provider has
done is recorded here when it is known (`appointments.errands` asks).
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from appointments.gateways import preferred
from appointments.gateways.base import Made, Plan
from appointments.gateways.jitsi import JitsiGateway
from appointments.models import Appointment, Meeting, MeetingNotice
from appointments.states import (
    MEETING_TRANSITIONS,
    TAKES_TIME,
    AppointmentStatus,
    MeetingNoticeOutcome,
    MeetingProvider,
    MeetingStatus,
    VisitKind,
)
from common import clock, throttle
from common.db import command, lock_free, lock_one, step, take_turn
from common.errors import TooMany
from common.outbox import emit
from common.transitions import advance

LEASE: Final = dt.timedelta(minutes=3)  # longer than the calls of one errand may take together
FIRST_WAIT: Final = dt.timedelta(seconds=5)  # after a try in vain; doubles
LONGEST_WAIT: Final = dt.timedelta(minutes=10)
MOST_IN_VAIN: Final = 10  # half an hour, about; then the other provider's link is given
LOOK_AT: Final = 8  # due ones, until one of them can be asked for
SOON: Final = dt.timedelta(minutes=15)  # before an appointment, the first failure is enough
TOPIC: Final = "Video consultation"  # people's names and reasons are none of the provider's business
RATE_LIMITED: Final = "rate_limited"
HOSTS_BUSY: Final = "hosts_busy"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be done at a provider; `asked` tells this try from every other of the same meeting.

    `is_unsure`: an earlier try may have made it. `is_crowded`: its host has another meeting at the new time.
    """

    meeting_id: uuid.UUID
    provider: MeetingProvider
    status: MeetingStatus
    plan: Plan
    sequence: int
    asked: int
    is_unsure: bool = False
    is_crowded: bool = False


@step
def follow(*, appointment_id: uuid.UUID) -> None:
    """Let the meeting be as the appointment stands now, whatever has happened to it. Safe to repeat and late.

    Locks: the meeting.
    """
    visit = Appointment.objects.get(pk=appointment_id)
    if not Meeting.objects.filter(appointment=visit).exists():
        if _wants(visit):
            _begin(visit)
        return
    row = lock_one(Meeting, Meeting.objects.values_list("pk", flat=True).get(appointment=visit))
    if _wants(visit):
        _keep_up(row, visit)
    elif visit.state in (AppointmentStatus.COMPLETED, AppointmentStatus.MISSED):
        _end(row)
    elif visit.state not in TAKES_TIME or visit.kind != VisitKind.VIDEO:
        _remove(row)


def _wants(visit: Appointment) -> bool:
    is_ahead = visit.state in (AppointmentStatus.CONFIRMED, AppointmentStatus.IN_PROGRESS)
    return is_ahead and visit.kind == VisitKind.VIDEO


def _begin(visit: Appointment) -> None:
    gateway, now = preferred(), clock.now()
    if gateway.provider is MeetingProvider.ZOOM:
        wanted = {"provider": gateway.provider, "ask_at": now}
        Meeting.objects.get_or_create(appointment=visit, defaults=wanted)
        return
    made = gateway.make(_plan(Meeting(appointment=visit), visit))
    there = {"provider": gateway.provider, "status": MeetingStatus.MADE, "join_url": made.join_url, "made_at": now}
    Meeting.objects.get_or_create(appointment=visit, defaults={**there, "told_sequence": visit.sequence})


def _keep_up(row: Meeting, visit: Appointment) -> None:
    if row.state is not MeetingStatus.MADE or row.told_sequence == visit.sequence:
        return  # whoever is asking the provider sees the new time, or sees that it has changed meanwhile
    if row.provider == MeetingProvider.ZOOM:
        row.status = advance(MEETING_TRANSITIONS, row.state, "reschedule")
        _ask_now(row)
    else:
        row.told_sequence = visit.sequence
    row.save()


def _end(row: Meeting) -> None:
    if row.state is MeetingStatus.WANTED:
        _remove(row)
    elif (row.state, "end") in MEETING_TRANSITIONS:
        row.status = advance(MEETING_TRANSITIONS, row.state, "end")
        _finish(row)


def _remove(row: Meeting) -> None:
    if (row.state, "remove") not in MEETING_TRANSITIONS:
        return
    was_asked = bool(row.asked or row.external_id)
    row.status = advance(MEETING_TRANSITIONS, row.state, "remove")
    if row.provider == MeetingProvider.ZOOM and was_asked:
        _ask_now(row)
        row.save()
        return
    row.status = advance(MEETING_TRANSITIONS, row.state, "drop")
    _finish(row)


def _ask_now(row: Meeting) -> None:
    """Have the provider asked at once, or when whoever is asking now has had the time to be answered."""
    row.in_vain, row.failure = 0, ""
    row.ask_at = max(clock.now(), row.leased_until or clock.now())


def _finish(row: Meeting) -> None:
    row.ask_at, row.leased_until, row.ended_at = None, None, clock.now()
    row.join_url = row.password = None
    row.save()


@command
def claim() -> Task | None:
    """Lease the meeting whose errand is due the longest, and say what is to be done. None: nothing can be done now.

    Locks: the meetings looked at, passing over what others hold; choosing a host takes a turn.
    """
    take_turn("meeting-hosts")
    due = Meeting.objects.filter(ask_at__lte=clock.now()).order_by("ask_at", "id")
    return next((task for row in lock_free(due, limit=LOOK_AT) if (task := _lease(row)) is not None), None)


def _lease(row: Meeting) -> Task | None:
    visit = Appointment.objects.get(pk=row.appointment_id)
    is_unsure = row.asked > 0 and not row.external_id
    is_crowded = row.state is MeetingStatus.MOVING and not _is_free(row.host, row, visit)
    if row.state is MeetingStatus.WANTED and not is_unsure:
        row.host = next((host for host in settings.ZOOM_USERS if _is_free(host, row, visit)), "")
    if row.state is MeetingStatus.WANTED and not row.host:
        _postpone(row, visit, HOSTS_BUSY, None)
        return None
    if row.state in (MeetingStatus.WANTED, MeetingStatus.MOVING):
        try:
            throttle.spend("zoom_writes", row.host)
        except TooMany as exc:
            _postpone(row, visit, RATE_LIMITED, float(str(exc.facts["retry_after"])))
            return None
    row.ask_at = row.leased_until = clock.now() + LEASE
    row.asked += 1
    row.save()
    return Task(
        meeting_id=row.pk,
        provider=MeetingProvider(row.provider),
        status=row.state,
        plan=_plan(row, visit),
        sequence=visit.sequence,
        asked=row.asked,
        is_unsure=is_unsure,
        is_crowded=is_crowded,
    )


@command
def record_made(*, task: Task, made: Made, sequence: int | None) -> bool:
    """Store the link; return False when another try has stored one already, and this meeting is one too many.

    `sequence` is what the provider was told of; None, when it may stand at an earlier time. If the appointment was
    moved or cancelled meanwhile, the provider is asked again at once. Locks: the meeting.
    """
    row = lock_one(Meeting, task.meeting_id)
    is_open = row.provider == task.provider and row.state in (MeetingStatus.WANTED, MeetingStatus.REMOVING)
    if not is_open or row.external_id not in ("", made.external_id):
        return row.external_id == made.external_id
    visit = Appointment.objects.get(pk=row.appointment_id)
    row.external_id = made.external_id
    if row.state is MeetingStatus.REMOVING:
        row.leased_until = None
        _ask_now(row)
    else:
        _store(row, made, sequence)
        if sequence != visit.sequence:
            row.status = advance(MEETING_TRANSITIONS, row.state, "reschedule")
            _ask_now(row)
    row.save()
    _hear_again(row)
    return True


def _store(row: Meeting, made: Made, sequence: int | None) -> None:
    row.status = advance(MEETING_TRANSITIONS, row.state, "make")
    row.join_url, row.password, row.told_sequence = made.join_url, made.password or None, sequence
    row.ask_at, row.leased_until, row.made_at = None, None, clock.now()
    row.asked = row.in_vain = 0
    row.failure = ""


def _hear_again(row: Meeting) -> None:
    """What the provider told of the meeting before its reply was stored counts now."""
    unheard = MeetingNotice.objects.filter(external_id=row.external_id, outcome=MeetingNoticeOutcome.IGNORED)
    for notice_id in list(unheard.values_list("pk", flat=True)) if row.external_id else ():
        emit("meeting.notified", key=f"meeting_notice:{notice_id}", notice=notice_id)


@command
def record_moved(*, task: Task) -> None:
    """Note the time at which the meeting stands now; if the appointment was moved again, so is the meeting.

    Locks: the meeting.
    """
    row = lock_one(Meeting, task.meeting_id)
    if row.state is not MeetingStatus.MOVING or row.asked != task.asked:
        return
    visit = Appointment.objects.get(pk=row.appointment_id)
    row.told_sequence, row.leased_until = task.sequence, None
    if task.sequence == visit.sequence:
        row.status = advance(MEETING_TRANSITIONS, row.state, "move")
        row.ask_at, row.asked, row.in_vain, row.failure = None, 0, 0, ""
    else:
        _ask_now(row)
    row.save()


@command
def record_lost(*, meeting_id: uuid.UUID, external_id: str) -> None:
    """The provider has this meeting no more: another is made. Locks: the meeting."""
    row = lock_one(Meeting, meeting_id)
    if row.external_id != external_id or (row.state, "lose") not in MEETING_TRANSITIONS:
        return
    row.status = advance(MEETING_TRANSITIONS, row.state, "lose")
    row.external_id, row.join_url, row.password, row.told_sequence, row.host = "", None, None, None, ""
    row.asked, row.leased_until = 0, None
    _ask_now(row)
    row.save()


@command
def record_removed(*, task: Task) -> None:
    """Forget the link of a meeting that is no more. Locks: the meeting."""
    row = lock_one(Meeting, task.meeting_id)
    if row.state is MeetingStatus.REMOVING and row.asked == task.asked:
        row.status = advance(MEETING_TRANSITIONS, row.state, "drop")
        _finish(row)


@command
def postpone(*, task: Task, code: str, retry_after: float | None = None) -> None:
    """A try has come to nothing: later again, or, when it is enough, another way. Locks: the meeting."""
    row = lock_one(Meeting, task.meeting_id)
    if row.asked == task.asked and row.ask_at is not None:
        _postpone(row, Appointment.objects.get(pk=row.appointment_id), code, retry_after)


def _postpone(row: Meeting, visit: Appointment, code: str, retry_after: float | None) -> None:
    now = clock.now()
    row.failure, row.leased_until = code[:60], None
    row.in_vain += code != RATE_LIMITED
    doubled = FIRST_WAIT * 2 ** min(row.in_vain, 10) / 2
    row.ask_at = now + max(min(doubled, LONGEST_WAIT), dt.timedelta(seconds=retry_after or 0))
    is_enough = row.in_vain >= MOST_IN_VAIN
    if row.state is MeetingStatus.WANTED and (is_enough or row.ask_at > visit.starts_at - SOON):
        _fall_back(row, visit)
    elif row.state is MeetingStatus.MOVING and is_enough:
        # A host may begin a meeting at any time: its link serves, though it stands at the hour of before.
        row.status = advance(MEETING_TRANSITIONS, row.state, "move")
        row.told_sequence, row.ask_at = visit.sequence, None
    elif row.state is MeetingStatus.REMOVING and is_enough:
        log.error("a meeting could not be removed", extra={"meeting": str(row.pk), "error_code": code})
        row.status = advance(MEETING_TRANSITIONS, row.state, "give_up")
        row.ask_at, row.ended_at = None, now
    row.save()


def _fall_back(row: Meeting, visit: Appointment) -> None:
    """Both get a link all the same. Emits: meeting.fell_back"""
    log.warning("a meeting falls back", extra={"meeting": str(row.pk), "error_code": row.failure})
    failure = row.failure
    row.provider, row.host = MeetingProvider.JITSI, ""
    _store(row, JitsiGateway().make(_plan(row, visit)), visit.sequence)
    row.failure = failure
    emit("meeting.fell_back", key=f"appointment:{visit.pk}", appointment=str(visit.pk), sequence=visit.sequence)


def _is_free(host: str, row: Meeting, visit: Appointment) -> bool:
    """Whether the host has no other meeting then: a user of Zoom holds one at a time."""
    others = Meeting.objects.filter(host=host, status__in=("wanted", "made", "moving")).exclude(pk=row.pk)
    overlapping = {"appointment__starts_at__lt": visit.ends_at, "appointment__ends_at__gt": visit.starts_at}
    return bool(host) and not others.filter(**overlapping, appointment__status__in=sorted(TAKES_TIME)).exists()


def _plan(row: Meeting, visit: Appointment) -> Plan:
    return Plan(
        id=row.pk,
        host=row.host,
        topic=TOPIC,
        starts_at=visit.starts_at,
        minutes=max(1, round((visit.ends_at - visit.starts_at) / dt.timedelta(minutes=1))),
        external_id=row.external_id,
    )


def plan_of(meeting: Meeting) -> Plan:
    """Return the meeting as it is to be, for its provider."""
    return _plan(meeting, meeting.appointment)
