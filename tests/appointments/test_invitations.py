"""Each change of an appointment reaches both sides, and their calendars."""

from __future__ import annotations

import pytest
from icalendar import Calendar

from common import clock
from notifications.models import Delivery, Notification
from notifications.worker import Worker
from tests.appointments.visit_scenes import cancel, confirm, make_appointment, make_doctor, reschedule, say
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair(sandbox):
    """A doctor and a patient who both have a verified e-mail address."""
    verified = {"email_verified_at": clock.now()}
    doctor = make_doctor(user=make_user(name="Asha Rao", email="doctor@example.org", **verified))
    return {"doctor": doctor, "patient": make_user(email="patient@example.org", **verified)}


def mails(sandbox, to: str) -> list[tuple[str, str, int, str]]:
    Worker(threads=2).run_once()
    found = []
    for mail in reversed(sandbox.messages(to)):
        (event,) = Calendar.from_ical(mail["calendar"]).walk("VEVENT")
        found.append((mail["method"], str(event["UID"]), int(event["SEQUENCE"]), str(event["STATUS"])))
    return found


def test_confirmed_moved_and_cancelled_reach_the_calendars_of_both(sandbox, pair):
    visit = confirm(**pair)
    first = mails(sandbox, "patient@example.org")
    reschedule(visit)
    mails(sandbox, "patient@example.org")
    cancel(visit)

    uid = f"{visit.pk}@jeevansetu"
    assert first == [("REQUEST", uid, 0, "CONFIRMED")]
    wanted = [("REQUEST", uid, 0, "CONFIRMED"), ("REQUEST", uid, 1, "CONFIRMED"), ("CANCEL", uid, 2, "CANCELLED")]
    assert mails(sandbox, "patient@example.org") == wanted
    assert mails(sandbox, "doctor@example.org") == wanted


def test_the_doctors_message_does_not_name_the_patient(pair):
    confirm(**pair)

    texts = " ".join(
        body or ""
        for body in Delivery.objects.filter(notification__user=pair["doctor"].user).values_list("body", flat=True)
    )
    assert texts
    assert pair["patient"].name not in texts
    assert "chest" not in texts


def test_an_invitation_to_what_was_cancelled_since_brings_nothing(pair):
    visit = make_appointment(**pair)
    visit.status = "cancelled"
    visit.save()

    say("appointment.confirmed", visit)

    assert set(Delivery.objects.filter(channel="email").values_list("invitation", flat=True)) == {None}


def test_each_change_tells_each_side_once(pair):
    visit = confirm(**pair)
    event_count = Notification.objects.count()

    reschedule(visit)

    assert event_count == 2
    assert Notification.objects.count() == 4
