"""A donor is reminded three hours and one hour before: once each, whatever runs twice or late."""

from __future__ import annotations

import datetime as dt

import pytest

from common import outbox
from common.models import OutboxEvent, Told
from donations import jobs
from donations.models import Reminder
from notifications.models import Delivery, Notification
from requests_app.services import promises
from tests.factories import make_arrived, make_hospital, make_promise, make_request

pytestmark = pytest.mark.django_db


def hours(number: float) -> dt.timedelta:
    return dt.timedelta(hours=number)


def expected_in_six_hours():
    return make_promise(make_request(make_hospital(), urgency="urgent"))


def told() -> list[Notification]:
    outbox.drain()
    return list(Notification.objects.filter(kind="reminder").order_by("created_at"))


def test_a_donor_is_reminded_twice_and_not_more(noon):
    promise = expected_in_six_hours()

    counts = []
    for step in (0, 3.1, 0.5, 1.5, 0.5):
        noon.shift(hours(step))
        jobs.remind_donors()
        jobs.remind_donors()
        counts.append(len(told()))

    assert counts == [0, 1, 1, 2, 2]
    assert {row.user_id for row in told()} == {promise.assignment.donor_id}
    assert set(Reminder.objects.values_list("hours", flat=True)) == {3, 1}


def test_the_reminder_names_place_and_hour_and_no_code(noon):
    promise = expected_in_six_hours()
    noon.shift(hours(3.1))

    jobs.remind_donors()

    (row,) = told()
    assert promise.assignment.request.partner.name in row.body
    assert "18:00" in row.body
    assert promise.code not in row.body
    assert set(Delivery.objects.filter(notification=row).values_list("channel", flat=True)) == {"sms", "whatsapp"}


def test_a_scheduler_that_was_away_sends_the_last_one_only(noon):
    expected_in_six_hours()
    noon.shift(hours(5.5))

    jobs.remind_donors()

    assert len(told()) == 1
    assert list(Reminder.objects.values_list("hours", flat=True)) == [1]


def test_who_promises_late_is_not_reminded_of_what_he_has_just_said(noon):
    make_promise(make_request(make_hospital(), urgency="critical"))  # expected within three hours

    jobs.remind_donors()
    at_once = len(told())
    noon.shift(hours(2.1))
    jobs.remind_donors()

    assert (at_once, len(told())) == (0, 1)


def test_nobody_is_reminded_after_the_hour(noon):
    expected_in_six_hours()
    noon.shift(hours(6.1))

    jobs.remind_donors()

    assert told() == []


def test_who_has_come_or_taken_the_promise_back_is_left_in_peace(noon):
    come, gone = expected_in_six_hours(), expected_in_six_hours()
    make_arrived(come)
    promises.cancel_promise(assignment_id=gone.assignment.pk, donor_id=gone.assignment.donor_id, reason="No.")
    noon.shift(hours(3.1))

    assert jobs.remind_donors() == 0
    assert told() == []


def test_a_promise_taken_back_between_the_job_and_the_message_says_nothing(noon):
    promise = expected_in_six_hours()
    noon.shift(hours(3.1))
    jobs.remind_donors()

    promises.cancel_promise(assignment_id=promise.assignment.pk, donor_id=promise.assignment.donor_id, reason="No.")

    assert told() == []


def test_a_handler_that_runs_again_tells_nobody_twice(noon):
    expected_in_six_hours()
    noon.shift(hours(3.1))
    jobs.remind_donors()
    before = len(told())

    Told.objects.all().delete()
    OutboxEvent.objects.filter(name="assignment.reminder_due").update(done_at=None)

    assert (before, len(told())) == (1, 1)


def test_many_are_reminded_in_batches(noon, monkeypatch):
    monkeypatch.setattr(jobs, "BATCH", 2)
    owner = make_hospital()
    for _ in range(5):
        make_promise(make_request(owner, urgency="urgent"))
    noon.shift(hours(3.1))

    assert jobs.remind_donors() == 5
    assert len(told()) == 5
