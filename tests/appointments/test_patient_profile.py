"""What patients say of themselves: all of it anew, in versions, sealed, and gone when they are forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from appointments.models import PatientVersion
from appointments.services import patients
from tests.appointments.record_scenes import make_patient
from tests.factories import make_user, person_client

URL = "/api/v1/me/patient"
FACTS: dict[str, Any] = {
    "sex": "female",
    "date_of_birth": "1988-04-12",
    "blood_group": "B+",
    "history": "Appendix removed.",
    "allergies": [{"substance": "Penicillin", "severity": "severe"}],
    "conditions": [{"name": "Asthma"}],
    "medicines": [{"name": "Salbutamol"}],
    "emergency_contact": {"name": "Ravi", "phone": "98765 43210"},
    "abha_number": "91234567890123",
    "abha_address": "meera.rao@abdm",
}
pytestmark = pytest.mark.django_db


def put(client: Any, **facts: Any) -> Any:
    return client.put(URL, facts, format="json")


def test_a_profile_is_said_and_read_again():
    person = make_user()
    client = person_client(person)
    empty = client.get(URL).json()

    answer = put(client, **FACTS)

    assert (empty["version"], empty["facts"], empty["public_id"]) == (0, {}, person.public_id)
    assert answer.status_code == 200, answer.content
    assert answer.json()["facts"] == {
        **FACTS,
        "abha_number": "91-2345-6789-0123",
        "emergency_contact": {"name": "Ravi", "phone": "+919876543210"},
    }
    assert client.get(URL).json() == answer.json()


def test_every_version_stays_and_says_what_it_changed():
    client = person_client(make_user())

    put(client, **FACTS)
    put(client, **FACTS)
    put(client, **{**FACTS, "history": "", "conditions": []})

    rows = client.get(f"{URL}/history").json()["results"]
    assert [(row["number"], row["changed"]) for row in rows] == [(2, ["conditions", "history"]), (1, sorted(FACTS))]
    assert "history" not in client.get(URL).json()["facts"]


def test_a_slower_device_overwrites_nothing():
    client = person_client(make_user())
    put(client, history="First.", version=0)

    late = put(client, history="Second.", version=0)

    assert (late.status_code, late.json()["code"]) == (409, "patient_profile_changed")
    assert client.get(URL).json()["facts"] == {"history": "First."}


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"abha_number": "1234"}, "/abha_number"),
        ({"abha_address": "meera@bank"}, "/abha_address"),
        ({"date_of_birth": "2031-01-01"}, "/date_of_birth"),
        ({"date_of_birth": "1888-01-01"}, "/date_of_birth"),
        ({"blood_group": "C+"}, "/blood_group"),
        ({"allergies": [{"reaction": "rash"}]}, "/allergies/0/substance"),
        ({"allergies": [{"substance": "x"}] * 51}, "/allergies"),
        ({"emergency_contact": {"name": "Ravi", "phone": "1"}}, "/emergency_contact/phone"),
    ],
)
def test_what_makes_no_sense_is_pointed_at(facts, pointer):
    answer = put(person_client(make_user()), **facts)

    assert answer.status_code == 400, answer.content
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not PatientVersion.objects.exists()


def test_the_database_holds_nothing_in_clear():
    make_patient(history="Appendix removed.")

    with connection.cursor() as cursor:
        cursor.execute("SELECT facts FROM appointments_patientversion")
        sealed = bytes(cursor.fetchone()[0])

    assert b"Appendix" not in sealed
    assert b"Penicillin" not in sealed


@pytest.mark.parametrize("change", ["UPDATE appointments_patientversion SET number = 9", "DELETE FROM {}"])
def test_no_version_is_changed(change):
    patient = make_patient()

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format("appointments_patientversion"))

    assert PatientVersion.objects.get().patient_id == patient.pk


def test_a_patient_who_says_the_same_writes_nothing():
    patient = make_patient()

    patients.save_profile(patient_id=patient.pk, facts=PatientVersion.objects.get().said)

    assert PatientVersion.objects.count() == 1
