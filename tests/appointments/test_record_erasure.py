"""What is copied of a patient's records, and what stays of them when the patient is gone."""

from __future__ import annotations

import pytest

from appointments.models import (
    DoctorReferral,
    NoteAddendum,
    PatientVersion,
    Prescription,
    RecordGrant,
    RecordRead,
    VisitNote,
)
from appointments.services import notes
from appointments.services.forgetting_records import delete_traces
from common import outbox
from common.db import unit_of_work
from tests.appointments.file_scenes import make_doctor
from tests.appointments.record_scenes import (
    accepted_referral,
    break_glass,
    draft,
    grant,
    make_visit,
    prescribe,
    refer,
    write_and_sign,
)
from tests.factories import PASSWORD, make_user, person_client
from users.services import erasure

pytestmark = pytest.mark.django_db


def whole_record():
    """A patient of whom there is one of everything."""
    visit = make_visit()
    patient, doctor = visit.patient, visit.doctor
    write_and_sign(visit)
    notes.add_addendum(appointment_id=visit.pk, doctor_id=doctor.pk, text="More.")
    unsigned = make_visit(doctor, patient)
    notes.write_notes(appointment_id=unsigned.pk, doctor_id=doctor.pk, content={"plan": "Rest."})
    prescribe(visit)
    draft(visit)
    grant(patient, make_doctor())
    break_glass(patient, make_doctor())
    accepted_referral(patient, doctor, make_doctor())
    refer(patient, doctor, make_doctor())
    person_client(doctor.user).get(f"/api/v1/doctor/patients/{patient.pk}")
    return visit


def forget(person):
    person.set_password(PASSWORD)
    person.save()
    erasure.erase(user_id=person.pk, password=PASSWORD)
    outbox.drain()


def test_the_copy_holds_every_kind_of_record():
    visit = whole_record()

    copied = person_client(visit.patient).get("/api/v1/me/export").json()["holdings"]

    kinds = ("patient_profile", "medical_records", "prescriptions", "record_grants", "record_reads", "doctor_referrals")
    assert {kind: len(copied[kind]) for kind in kinds} == dict(zip(kinds, (1, 1, 1, 3, 1, 2), strict=True))
    assert copied["medical_records"][0]["addenda"][0]["text"] == "More."
    assert copied["prescriptions"][0]["lines"][0]["medicine"] == "Paracetamol"


def test_what_is_signed_stays_without_a_name_and_everything_else_ends():
    visit = whole_record()

    forget(visit.patient)

    assert not PatientVersion.objects.exists()
    assert VisitNote.objects.get().said["subjective"] == "Cough"
    assert NoteAddendum.objects.count() == RecordRead.objects.count() == 1
    row = Prescription.objects.get()
    assert (row.status, row.patient_name) == ("signed", None)
    assert not RecordGrant.objects.filter(revoked_at=None).exists()
    assert set(DoctorReferral.objects.values_list("status", flat=True)) == {"ended", "lapsed"}
    assert person_client(visit.doctor.user).get("/api/v1/doctor/patients").json()["results"] == []


def test_the_paper_of_somebody_who_is_gone_names_nobody(client):
    visit = whole_record()
    row = Prescription.objects.get(status="signed")

    forget(visit.patient)

    paper = person_client(visit.doctor.user).get(f"/api/v1/doctor/prescriptions/{row.pk}.pdf?language=en")
    assert paper.status_code == 200
    assert client.get(f"/api/v1/prescriptions/{row.code}").json()["status"] == "genuine"


def test_grants_to_a_doctor_who_is_gone_end():
    patient, doctor = make_user(), make_doctor()
    grant(patient, doctor)

    forget(doctor.user)

    assert RecordGrant.objects.get().revoked_at is not None


def test_years_later_nothing_is_left_of_the_records():
    visit = whole_record()
    forget(visit.patient)

    with unit_of_work():
        delete_traces(visit.patient_id)

    for kind in (PatientVersion, VisitNote, NoteAddendum, Prescription, RecordGrant, RecordRead, DoctorReferral):
        assert not kind.objects.exists(), kind
