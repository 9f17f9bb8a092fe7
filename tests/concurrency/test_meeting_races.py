"""Workers, webhooks and doctors at the same moment: one meeting, at the right time, and one line for each who came."""

from __future__ import annotations

import datetime as dt

from rest_framework.test import APIClient

from appointments.errands import meetings as errands
from appointments.models import Attendance, Reminder
from appointments.services import meetings, reminders
from appointments.states import MeetingStatus
from common.models import OutboxEvent
from common.outbox import drain
from tests.appointments.conftest import sandbox, started, zoom  # noqa: F401 - fixtures
from tests.appointments.visit_scenes import confirm, meeting_of, reschedule, say
from tests.appointments.zoom_side import event, post
from tests.concurrency.scenes import race_test
from tests.conftest import NOON
from tests.races import meeting, race

pytestmark = race_test


def asked_together(zoom, monkeypatch, workers: int) -> int:  # noqa: F811
    """Let so many workers look for errands at once; return how many meetings Zoom made."""
    confirm()
    race(*[lambda: errands.run_due(limit=1) for _ in range(workers)])
    return zoom.books()["made"]


def test_many_workers_make_one_meeting(zoom, monkeypatch):  # noqa: F811
    assert asked_together(zoom, monkeypatch, 4) == 1


def test_without_lock_and_turn_they_make_several(zoom, monkeypatch):  # noqa: F811
    with meeting(3) as wait:

        def look(rows, *, limit):
            found = list(rows[:limit])
            wait()
            return found

        monkeypatch.setattr(meetings, "lock_free", look)
        monkeypatch.setattr(meetings, "take_turn", lambda name: None)

        assert asked_together(zoom, monkeypatch, 3) > 1


def test_one_made_too_many_by_a_worker_that_was_late_is_removed(zoom, noon):  # noqa: F811
    visit = confirm()
    slow = meetings.claim()
    noon.shift(meetings.LEASE)
    errands.run_due()

    errands.run(slow)

    assert zoom.books()["made"] == 2
    assert [str(row["id"]) for row in zoom.meetings()] == [meeting_of(visit).external_id]


def test_a_meeting_made_while_its_appointment_moves_ends_at_the_new_time(zoom):  # noqa: F811
    visit = confirm()

    race(errands.run_due, lambda: reschedule(visit))
    drain()
    while errands.run_due():
        pass

    (made,) = zoom.meetings()
    assert made["start_time"] == f"{visit.starts_at:%Y-%m-%dT%H:%M:%SZ}"
    assert meeting_of(visit).state is MeetingStatus.MADE


def test_two_at_one_time_never_share_a_host(zoom, settings):  # noqa: F811
    settings.ZOOM_USERS = ["first@clinic.example", "second@clinic.example"]
    for _ in range(2):
        confirm(starts_at=NOON + dt.timedelta(hours=30))

    race(errands.run_due, errands.run_due)

    assert {row["user"] for row in zoom.meetings()} == set(settings.ZOOM_USERS)


def test_one_webhook_in_parallel_is_one_line(zoom):  # noqa: F811
    visit = confirm()
    errands.run_due()
    body = event(meeting_of(visit).external_id, "participant_joined", at=NOON, who="77")

    replies = race(*[lambda: post(APIClient(), body) for _ in range(4)])
    race(drain, drain)

    assert {reply.status_code for reply in replies} <= {204, 409}
    assert Attendance.objects.count() == 1
    assert OutboxEvent.objects.filter(name="meeting.joined").count() == 1


def due_reminder(noon) -> None:
    confirm(hours_ahead=30)
    noon.shift(dt.timedelta(hours=7))


def reminded() -> int:
    return OutboxEvent.objects.filter(name="appointment.reminder_due").count()


def test_two_schedulers_remind_once(settings, noon):
    settings.ZOOM_ACCOUNT_ID = ""
    due_reminder(noon)

    race(*[reminders.tell_some for _ in range(3)])

    assert reminded() == 1


def test_without_the_lock_they_remind_twice(settings, noon, monkeypatch):
    settings.ZOOM_ACCOUNT_ID = ""
    due_reminder(noon)
    with meeting(2) as wait:

        def look(rows, *, limit):
            found = list(rows[:limit])
            wait()
            return found

        monkeypatch.setattr(reminders, "lock_free", look)
        race(*[reminders.tell_some for _ in range(2)])

    assert reminded() == 2


def test_a_reminder_planned_twice_at_once_is_one(settings):
    settings.ZOOM_ACCOUNT_ID = ""
    visit = confirm()

    race(*[lambda: say("appointment.confirmed", visit) for _ in range(3)])

    assert Reminder.objects.filter(appointment=visit).count() == 2
