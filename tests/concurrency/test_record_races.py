"""One signature, one grant, one referral; and no read by a grant that was taken back before."""

from __future__ import annotations

from appointments import access
from appointments.access import Scope, require_access
from appointments.models import (
    DoctorReferral,
    PatientVersion,
    Prescription,
    RecordGrant,
    RecordRead,
    VisitNote,
)
from appointments.services import granting, notes, patients, prescribing, referring
from common import clock
from common.models import OutboxEvent
from tests.appointments.file_scenes import make_doctor
from tests.appointments.record_scenes import draft, grant, make_patient, make_visit, refer
from tests.concurrency.scenes import race_test, unlock, without_constraints
from tests.factories import make_user
from tests.races import meeting, names, race, without_locks

pytestmark = race_test


def happened(name: str) -> int:
    return OutboxEvent.objects.filter(name=name).count()


def test_notes_are_signed_once():
    visit = make_visit()
    notes.write_notes(appointment_id=visit.pk, doctor_id=visit.doctor_id, content={"plan": "Rest."})

    outcomes = race(*[lambda: notes.sign_notes(appointment_id=visit.pk, doctor_id=visit.doctor_id)] * 4)

    assert names(outcomes) == ["IllegalTransition"] * 3 + ["NoneType"]
    assert happened("record.signed") == 1


def test_what_is_written_while_somebody_signs_is_signed_or_refused_and_never_lost():
    visit = make_visit()
    ids = {"appointment_id": visit.pk, "doctor_id": visit.doctor_id}
    notes.write_notes(**ids, content={"plan": "First."})

    outcomes = race(lambda: notes.sign_notes(**ids), lambda: notes.write_notes(**ids, content={"plan": "Second."}))

    refused = names(outcomes) == ["NoneType", "NotesSigned"]
    assert VisitNote.objects.get().said == {"plan": "First." if refused else "Second."}
    assert VisitNote.objects.get().status == "signed"


def test_a_prescription_is_signed_once_and_keeps_its_number():
    row = draft(make_visit())
    ids = {"prescription_id": row.pk, "doctor_id": row.doctor_id}

    outcomes = race(*[lambda: prescribing.sign_prescription(**ids)] * 4)

    assert names(outcomes) == ["IllegalTransition"] * 3 + ["Prescription"]
    assert happened("prescription.signed") == 1


def test_without_the_lock_the_database_still_keeps_the_first_signature(monkeypatch):
    row = draft(make_visit())
    ids = {"prescription_id": row.pk, "doctor_id": row.doctor_id}

    with meeting(3) as wait:
        unlock(monkeypatch, "appointments.services.prescribing.lock", after=Prescription, wait=wait)
        outcomes = race(*[lambda: prescribing.sign_prescription(**ids)] * 3)

    assert names(outcomes).count("Prescription") == 1
    assert happened("prescription.signed") == 1


def test_numbers_and_codes_of_prescriptions_signed_together_differ():
    visits = [make_visit() for _ in range(4)]
    rows = [draft(visit) for visit in visits]

    outcomes = race(
        *[
            lambda row=row: prescribing.sign_prescription(prescription_id=row.pk, doctor_id=row.doctor_id)
            for row in rows
        ]
    )

    assert len({row.number for row in outcomes}) == len({row.code for row in outcomes}) == 4


def reading(patient, doctor):
    return lambda: require_access(reader_user_id=doctor.user_id, patient_user_id=patient.pk, scope=Scope.PROFILE)


def late_reads() -> int:
    grants = RecordGrant.objects.exclude(revoked_at=None)
    return sum(RecordRead.objects.filter(grant=one, read_at__gt=one.revoked_at).count() for one in grants)


def test_no_read_is_noted_after_its_grant_was_taken_back():
    patient, doctor = make_patient(), make_doctor()

    for _ in range(5):
        row = grant(patient, doctor)
        race(
            *[reading(patient, doctor)] * 3,
            lambda row=row: granting.revoke_grant(patient_id=patient.pk, grant_id=row.pk),
        )

    assert late_reads() == 0


def test_without_the_lock_a_read_would_come_after_the_end(monkeypatch):
    patient, doctor = make_patient(), make_doctor()
    row = grant(patient, doctor)
    note = access.note_read

    def note_late(**values):
        """As slow a machine would: the grant was looked at, and is taken back meanwhile."""
        race(lambda: granting.revoke_grant(patient_id=patient.pk, grant_id=row.pk))
        note(**{**values, "now": clock.now()})

    monkeypatch.setattr("appointments.access.lock", without_locks)
    monkeypatch.setattr(access, "note_read", note_late)
    reading(patient, doctor)()

    assert late_reads() == 1


def test_grants_given_together_leave_one():
    patient, doctor = make_patient(), make_doctor()

    race(*[lambda: grant(patient, doctor)] * 4)

    assert RecordGrant.objects.filter(revoked_at=None).count() == 1


def test_versions_of_a_profile_follow_each_other():
    person = make_user()

    outcomes = race(
        *[
            lambda text=text: patients.save_profile(patient_id=person.pk, facts={"history": text}, version=0)
            for text in "abcd"
        ]
    )

    assert names(outcomes) == ["NoneType"] + ["PatientProfileChanged"] * 3
    assert PatientVersion.objects.get().number == 1


def test_a_referral_is_asked_once():
    visit, other = make_visit(), make_doctor()

    outcomes = race(*[lambda: refer(visit.patient, visit.doctor, other)] * 4)

    assert names(outcomes) == ["DoctorReferral"] + ["ReferralExists"] * 3


def test_without_the_constraint_it_would_be_asked_again():
    visit, other = make_visit(), make_doctor()

    with without_constraints((DoctorReferral, "one_open_referral")):
        outcomes = race(*[lambda: refer(visit.patient, visit.doctor, other)] * 3)

    assert names(outcomes) == ["DoctorReferral"] * 3


def test_accepting_against_the_patients_objection_leaves_nothing_open():
    for _ in range(4):
        visit, other = make_visit(), make_doctor()
        row = refer(visit.patient, visit.doctor, other)
        race(
            lambda row=row, other=other: referring.accept_referral(referral_id=row.pk, doctor_id=other.pk),
            lambda row=row, visit=visit: referring.object_to_referral(referral_id=row.pk, patient_id=visit.patient_id),
        )

    assert set(DoctorReferral.objects.values_list("status", flat=True)) == {"objected"}
    assert not RecordGrant.objects.filter(revoked_at=None).exists()


def test_without_the_lock_an_objection_could_leave_it_open(monkeypatch):
    visit, other = make_visit(), make_doctor()
    row = refer(visit.patient, visit.doctor, other)

    with meeting(2) as wait:
        unlock(monkeypatch, "appointments.services.referring.lock", after=DoctorReferral, wait=wait)
        race(
            lambda: referring.accept_referral(referral_id=row.pk, doctor_id=other.pk),
            lambda: referring.object_to_referral(referral_id=row.pk, patient_id=visit.patient_id),
        )

    assert happened("referral.accepted") == happened("referral.objected") == 1
