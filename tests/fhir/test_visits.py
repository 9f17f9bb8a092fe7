"""Appointments, for the two who meet and nobody else."""

from __future__ import annotations

import datetime as dt

import pytest

from appointments.models import Doctor
from tests.appointments.scenes import TOMORROW, book, booked, make_doctor, seen
from tests.factories import make_user, person_client
from tests.fhir.profiles import FHIR, found, parsed

pytestmark = pytest.mark.django_db

APPOINTMENTS = f"{FHIR}/Appointment"


def test_both_sides_read_the_same_appointment():
    doctor = make_doctor()
    row = booked(doctor, reason="A cough for two weeks")

    shown = [parsed(person_client(user).get(f"{APPOINTMENTS}/{row.pk}")) for user in (row.patient, doctor.user)]

    assert shown[0] == shown[1]
    assert (shown[0].status, shown[0].start, shown[0].minutesDuration) == ("booked", TOMORROW, 30)
    assert [one.actor.reference for one in shown[0].participant] == [
        f"Patient/{row.patient_id}",
        f"Practitioner/{doctor.pk}",
    ]
    assert shown[0].reasonCode[0].text == "A cough for two weeks"


def test_nobody_else_does():
    row = booked(make_doctor())
    strangers = [person_client(make_user()), person_client(make_doctor().user)]

    assert [one.get(f"{APPOINTMENTS}/{row.pk}").status_code for one in strangers] == [404, 404]
    assert [found(one.get(APPOINTMENTS)) for one in strangers] == [[], []]


def test_a_suspended_doctor_reads_none_any_more():
    row = booked(make_doctor())
    Doctor.objects.filter(pk=row.doctor_id).update(status="suspended")
    doctor, patient = person_client(row.doctor.user), person_client(row.patient)

    assert (doctor.get(f"{APPOINTMENTS}/{row.pk}").status_code, found(doctor.get(APPOINTMENTS))) == (404, [])
    assert patient.get(f"{APPOINTMENTS}/{row.pk}").status_code == 200


def test_of_what_was_never_agreed_nobody_is_told_why_here():
    row = book(make_doctor(), reason="A cough for two weeks")

    shown = parsed(person_client(row.doctor.user).get(f"{APPOINTMENTS}/{row.pk}"))

    assert (shown.status, shown.reasonCode) == ("pending", None)


def test_a_hold_that_is_over_is_cancelled_before_any_sweep(noon):
    row = book(make_doctor())
    client = person_client(row.patient)
    before = parsed(client.get(f"{APPOINTMENTS}/{row.pk}")).status
    noon.shift(dt.timedelta(hours=1))

    assert before == "pending"
    assert parsed(client.get(f"{APPOINTMENTS}/{row.pk}")).status == "cancelled"
    assert len(found(client.get(f"{APPOINTMENTS}?status=cancelled"))) == 1
    assert found(client.get(f"{APPOINTMENTS}?status=pending")) == []


def test_a_visit_that_was_held_is_fulfilled(noon):
    row = seen(make_doctor(), noon)

    assert parsed(person_client(row.patient).get(f"{APPOINTMENTS}/{row.pk}")).status in {"arrived", "fulfilled"}


def test_appointments_are_found_by_their_day():
    row = booked(make_doctor())
    client = person_client(row.patient)
    day = TOMORROW.date()

    assert len(found(client.get(f"{APPOINTMENTS}?date={day}"))) == 1
    assert found(client.get(f"{APPOINTMENTS}?date=gt{day}")) == []
