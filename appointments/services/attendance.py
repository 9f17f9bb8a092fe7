"""Who came to a meeting, as its provider tells: each end is noted by itself, so that order and repetition do not
matter."""

from __future__ import annotations

import datetime as dt
from typing import Final

from appointments.gateways.base import Notice
from appointments.models import Attendance, Meeting, MeetingNotice, MeetingSitting
from appointments.states import MeetingNews, MeetingNoticeOutcome, MeetingProvider, Side
from common import clock
from common.db import command, delete_in_batches, lock, step
from common.notices import keep_once
from common.outbox import emit
from common.retention import retained

KEEP: Final = dt.timedelta(days=30)


@command
def receive(*, notice: Notice, body: bytes) -> bool:
    """Keep a verified webhook; return whether it is new. Emits: meeting.notified"""
    row, is_new = keep_once(
        MeetingNotice,
        event_id=notice.event_id,
        kind=notice.kind,
        body=body,
        said={"external_id": notice.external_id, "news": notice.news, "said": dict(notice.said)},
    )
    if is_new:
        emit("meeting.notified", key=f"meeting_notice:{row.pk}", notice=row.pk)
    return is_new


@step
def act_on(*, notice_id: int) -> None:
    """Note what a webhook says of one of our meetings; what is not ours, or says nothing of interest, is left alone.

    Locks: the meeting.      Emits: meeting.joined, when a side comes for the first time
    """
    notice = MeetingNotice.objects.get(pk=notice_id)
    notice.outcome = MeetingNoticeOutcome.NOTED if _note(notice) else MeetingNoticeOutcome.IGNORED
    notice.save(update_fields=["outcome"])


def _note(notice: MeetingNotice) -> bool:
    news = MeetingNews(notice.news)
    if news is MeetingNews.OTHER or not notice.external_id:
        return False
    ours = Meeting.objects.filter(provider=MeetingProvider.ZOOM, external_id=notice.external_id)
    meetings = lock(Meeting, ours.values_list("pk", flat=True))
    if not meetings:
        return False
    at = dt.datetime.fromisoformat(notice.said["at"])
    sitting, _ = MeetingSitting.objects.get_or_create(meeting=meetings[0], external_id=notice.said["sitting"])
    if news in (MeetingNews.STARTED, MeetingNews.ENDED):
        _note_sitting(sitting, news, at)
    else:
        _note_person(sitting, notice, news, at)
    return True


def _note_sitting(sitting: MeetingSitting, news: MeetingNews, at: dt.datetime) -> None:
    if news is MeetingNews.STARTED:
        sitting.started_at = min(at, sitting.started_at or at)
    else:
        sitting.ended_at = max(at, sitting.ended_at or at)
    sitting.save()


def _note_person(sitting: MeetingSitting, notice: MeetingNotice, news: MeetingNews, at: dt.datetime) -> None:
    side = Side(notice.said["side"])
    before = Attendance.objects.filter(sitting__meeting=sitting.meeting_id, side=side, joined_at__isnull=False)
    is_first = news is MeetingNews.JOINED and not before.exists()
    row, _ = Attendance.objects.get_or_create(
        sitting=sitting, participant=notice.said["participant"], defaults={"side": side}
    )
    if news is MeetingNews.JOINED:
        row.joined_at = min(at, row.joined_at or at)
    else:
        row.left_at = max(at, row.left_at or at)
    row.save()
    if is_first:
        appointment_id = sitting.meeting.appointment_id
        key = f"appointment:{appointment_id}"
        emit("meeting.joined", key=key, appointment=str(appointment_id), side=str(side), at=at.isoformat())


@retained(
    "meeting_notices",
    what="Webhooks of the provider of meetings",
    since="since they came",
    why="A repeated one is known again.",
    keep=KEEP,
    floor=dt.timedelta(days=7),
)
def prune(keep: dt.timedelta) -> int:
    """Delete webhooks that were received long ago; return how many went."""
    return delete_in_batches(MeetingNotice.objects.filter(received_at__lt=clock.now() - keep))
