"""Patients, for themselves and for whoever may read the profile."""

from __future__ import annotations

import datetime as dt

import pytest

from appointments.models import RecordRead
from appointments.services.patients import save_profile
from tests.appointments.file_scenes import make_doctor, treat
from tests.factories import make_user, person_client
from tests.fhir.profiles import FHIR, found, parsed

pytestmark = pytest.mark.django_db

PATIENTS = f"{FHIR}/Patient"


@pytest.fixture
def patient():
    user = make_user(name="Meera Nair")
    save_profile(patient_id=user.pk, facts={"sex": "female", "date_of_birth": "1990-04-12"})
    return user


def test_a_person_is_a_patient_with_what_was_said(patient):
    shown = parsed(person_client(patient).get(f"{PATIENTS}/{patient.pk}"))

    assert (shown.name[0].text, shown.gender, shown.birthDate) == ("Meera Nair", "female", dt.date(1990, 4, 12))
    assert shown.identifier[0].value == patient.public_id
    assert shown.telecom is None


def test_who_said_nothing_is_a_patient_all_the_same():
    user = make_user()

    assert [one.id for one in found(person_client(user).get(PATIENTS))] == [str(user.pk)]


def test_a_read_of_the_doctor_who_treats_is_in_the_patients_log(patient):
    doctor = make_doctor()
    treat(doctor, patient)

    shown = found(person_client(doctor.user).get(f"{PATIENTS}?_id={patient.pk}"))

    assert [one.id for one in shown] == [str(patient.pk)]
    assert list(RecordRead.objects.values_list("doctor_id", "patient_id", "scope")) == [
        (doctor.pk, patient.pk, "profile")
    ]


def test_a_stranger_learns_nothing(patient):
    strangers = [person_client(make_user()), person_client(make_doctor().user)]

    assert [one.get(f"{PATIENTS}/{patient.pk}").status_code for one in strangers] == [404, 404]
    assert [one.get(f"{PATIENTS}?_id={patient.pk}").status_code for one in strangers] == [404, 404]
