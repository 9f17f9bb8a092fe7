"""What was measured, for the patient and for whoever treats."""

from __future__ import annotations

import pytest

from tests.appointments.file_scenes import make_doctor, read_report, sign, treat, value_of
from tests.factories import make_user, person_client
from tests.fhir.profiles import FHIR, found, parsed

pytestmark = pytest.mark.django_db

OBSERVATIONS = f"{FHIR}/Observation"


@pytest.fixture
def patient():
    return make_user()


def test_a_value_is_preliminary_until_a_doctor_has_signed_it(patient):
    analysis = read_report(patient)
    value, client = value_of(analysis), person_client(patient)
    before = parsed(client.get(f"{OBSERVATIONS}/{value.pk}"))

    sign(analysis)

    after = parsed(client.get(f"{OBSERVATIONS}/{value.pk}"))
    assert (before.status, after.status) == ("preliminary", "final")
    assert after.code.coding[0].code == "718-7"
    assert (after.valueQuantity.value, after.valueQuantity.code) == (value.value.normalize(), value.unit)
    assert after.subject.reference == f"Patient/{patient.pk}"


def test_values_are_found_by_their_code(patient):
    analysis = read_report(patient)
    client = person_client(patient)

    plain, with_system = (
        found(client.get(f"{OBSERVATIONS}?code={code}")) for code in ("718-7", "http://loinc.org|718-7")
    )

    assert [one.id for one in plain] == [one.id for one in with_system] == [str(value_of(analysis).pk)]
    assert len(found(client.get(OBSERVATIONS))) == analysis.observations.count()


def test_the_doctor_who_treats_reads_them_and_a_stranger_learns_nothing(patient):
    value = value_of(read_report(patient))
    doctor = make_doctor()
    treat(doctor, patient)
    treating, stranger = person_client(doctor.user), person_client(make_doctor().user)

    assert parsed(treating.get(f"{OBSERVATIONS}/{value.pk}")).id == str(value.pk)
    assert found(treating.get(f"{OBSERVATIONS}?patient=Patient/{patient.pk}"))
    assert stranger.get(f"{OBSERVATIONS}/{value.pk}").status_code == 404
    assert stranger.get(f"{OBSERVATIONS}?patient={patient.pk}").status_code == 404
    assert stranger.get(f"{OBSERVATIONS}?patient=nobody").status_code == 404
    assert found(stranger.get(OBSERVATIONS)) == []
