"""Who hears of an appointment, in which words, and what nobody is told."""

from __future__ import annotations

import datetime as dt

import pytest

from appointments.services import booking, ending, moving, waiting
from appointments.states import VisitKind
from common import clock
from notifications.kinds import Kind
from notifications.models import Notification
from tests.appointments.scenes import DAY, TOMORROW, book, booked, make_doctor, of_doctor, of_patient, seen
from tests.factories import make_user
from tests.notifications.test_handlers import drain, told

pytestmark = pytest.mark.django_db


def readers(kind):
    return {row.user_id for row in told(kind)}


def test_both_sides_hear_of_each_step_of_a_booking():
    doctor = make_doctor()
    row = booked(doctor)
    drain()
    moving.reschedule(**of_patient(row), starts_at=TOMORROW + DAY)
    drain()
    ending.cancel_as_doctor(**of_doctor(row), reason="I am ill.")
    drain()

    both = {row.patient_id, doctor.user_id}
    assert readers(Kind.APPOINTMENT_HELD) == readers(Kind.APPOINTMENT_CONFIRMED) == {row.patient_id}
    assert readers(Kind.APPOINTMENT_BOOKED) == {doctor.user_id}
    assert readers(Kind.APPOINTMENT_MOVED) == readers(Kind.APPOINTMENT_CANCELLED) == both


def test_no_message_says_why_a_patient_comes_or_names_the_patient():
    doctor, patient = make_doctor(), make_user(name="Zubeida Quereshi")
    row = booked(doctor, patient=patient, reason="Blood in the urine")
    ending.cancel_as_patient(**of_patient(row), reason="It was kidney stones")
    drain()

    said = " ".join(f"{one.title} {one.body}" for one in Notification.objects.all())
    assert "Dr. Asha Rao" in said
    for secret in ("Blood in", "kidney", "Zubeida"):
        assert secret not in said


def test_a_doctor_hears_nothing_of_a_time_that_was_never_booked():
    doctor = make_doctor()
    row = book(doctor)
    ending.cancel_as_patient(**of_patient(row))
    drain()

    assert readers(Kind.APPOINTMENT_CANCELLED) == {row.patient_id}
    assert not Notification.objects.filter(user=doctor.user).exists()


def test_offers_and_proposals_say_until_when(noon):
    doctor = make_doctor()
    row = seen(doctor, noon)
    booking.propose_follow_up(**of_doctor(row), starts_at=TOMORROW + 7 * DAY, kind=None)
    gone = booked(doctor, starts_at=TOMORROW + DAY)
    waits = make_user()
    today = clock.today(doctor.zone)
    waiting.join(
        doctor_id=doctor.pk, patient_id=waits.pk, kind=VisitKind.VIDEO, first_day=today, last_day=today + 3 * DAY
    )
    ending.cancel_as_patient(**of_patient(gone))
    drain()

    assert readers(Kind.APPOINTMENT_PROPOSED) == {row.patient_id}
    assert readers(Kind.WAITLIST_OFFERED) == {waits.pk}
    assert waits.pk not in readers(Kind.APPOINTMENT_HELD)


def test_a_missed_visit_is_told_to_both(noon):
    doctor = make_doctor()
    row = booked(doctor)
    noon.move_to(row.starts_at + dt.timedelta(minutes=16))
    ending.miss_as_patient(**of_patient(row))
    drain()

    assert readers(Kind.APPOINTMENT_MISSED) == {row.patient_id, doctor.user_id}
