"""A day and an hour before, once for each time that an appointment has had."""

from __future__ import annotations

import datetime as dt

import pytest

from appointments.jobs import remind_of_visits
from appointments.models import Reminder
from appointments.services import reminders
from common.models import OutboxEvent
from common.outbox import drain
from notifications.models import Notification
from tests.appointments.visit_scenes import cancel, confirm, reschedule, say

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def rooms(settings) -> None:
    """By Jitsi: nobody outside is asked."""
    settings.ZOOM_ACCOUNT_ID = ""


def told() -> list[tuple[int, int]]:
    rows = OutboxEvent.objects.filter(name="appointment.reminder_due").order_by("pk")
    return [(row.payload["hours"], row.payload["sequence"]) for row in rows]


def run() -> None:
    remind_of_visits()
    drain()


def test_both_sides_are_reminded_a_day_and_an_hour_before(noon):
    visit = confirm(hours_ahead=48)

    noon.shift(24 * HOUR)
    run()
    noon.shift(23 * HOUR)
    run()

    assert told() == [(24, 0), (1, 0)]
    mine = Notification.objects.filter(user=visit.patient, kind="visit_reminder")
    assert mine.count() == 2
    assert Notification.objects.filter(user=visit.doctor.user, kind="consult_reminder").count() == 2
    assert "Dr Asha Rao" in mine.first().body


def test_a_second_run_tells_nobody_again(noon):
    confirm(hours_ahead=24.5)
    noon.shift(HOUR)

    run()
    run()

    assert told() == [(24, 0)]


def test_nothing_is_told_before_its_time(noon):
    confirm(hours_ahead=48)
    noon.shift(23 * HOUR)

    run()

    assert told() == []


def test_what_is_booked_within_a_day_is_reminded_of_an_hour_before_only(noon):
    confirm(hours_ahead=20)
    noon.shift(19 * HOUR)

    run()

    assert told() == [(1, 0)]


def test_what_is_booked_within_the_hour_needs_no_reminder():
    confirm(hours_ahead=0.9)

    assert not Reminder.objects.exists()


def test_after_a_late_start_the_day_before_is_not_told_an_hour_before(noon):
    confirm(hours_ahead=48)
    noon.shift(47.5 * HOUR)

    run()

    assert told() == [(1, 0)]


def test_when_nobody_ran_until_it_began_nobody_is_told(noon):
    confirm(hours_ahead=48)
    noon.shift(49 * HOUR)

    run()

    assert told() == []
    assert not Reminder.objects.filter(outcome="waiting").exists()


def test_a_moved_appointment_is_reminded_of_at_its_new_time_only(noon):
    visit = confirm(hours_ahead=48)
    reschedule(visit, hours=72)

    noon.shift(25 * HOUR)
    run()
    noon.shift(72 * HOUR)
    run()

    assert told() == [(24, 1)]


def test_one_reminded_of_and_then_moved_is_reminded_of_again(noon):
    visit = confirm(hours_ahead=30)
    noon.shift(7 * HOUR)
    run()

    reschedule(visit, hours=48)
    noon.shift(48 * HOUR)
    run()

    assert told() == [(24, 0), (24, 1)]


def test_a_cancelled_appointment_is_not_reminded_of(noon):
    cancel(confirm(hours_ahead=48))
    noon.shift(24 * HOUR)

    run()

    assert told() == []


def test_one_cancelled_between_the_job_and_the_message_is_not_told(noon):
    visit = confirm(hours_ahead=48)
    noon.shift(24 * HOUR)
    remind_of_visits()

    cancel(visit)

    assert not Notification.objects.filter(kind="visit_reminder").exists()


def test_a_confirmation_heard_late_makes_no_reminder_of_the_past_twice(noon):
    visit = confirm(hours_ahead=48)
    say("appointment.confirmed", visit)

    assert Reminder.objects.count() == 2


def test_a_batch_after_the_other_until_none_is_due(noon, monkeypatch):
    monkeypatch.setattr(reminders, "BATCH", 2)
    for number in range(5):
        confirm(hours_ahead=30 + number)
    noon.shift(12 * HOUR)

    run()

    assert len(told()) == 5
