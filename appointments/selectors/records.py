"""What may be read of records. Whoever reads somebody else's has passed `appointments.access` before."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Exists, Max, OuterRef, Prefetch, Q, QuerySet, Subquery, Value

from appointments.models import (
    Appointment,
    Doctor,
    DoctorReferral,
    NoteAddendum,
    PatientVersion,
    Prescription,
    RecordGrant,
    RecordRead,
    VisitNote,
)
from appointments.records.states import ISSUED, NoteStatus, PrescriptionStatus, ReferralStatus
from appointments.selectors.ways import TREATED_FOR, open_grants, treated_by
from appointments.states import AppointmentStatus, DoctorStatus
from common.errors import NotFound
from users.selectors import get_user, people_among

CODE: Final = re.compile(r"[A-Za-z0-9_-]{16,32}")  # of a prescription; no other text is looked for
FOLLOWS_WITHIN: Final = dt.timedelta(days=183)  # six months: Telemedicine Practice Guidelines 2020, §1.3 (follow-up)


@dataclass(frozen=True)
class PatientCard:
    """A person as a patient: who it is, and what the person says of the own health."""

    id: uuid.UUID
    public_id: str
    name: str
    version: int
    updated_at: dt.datetime | None
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class PatientSummary:
    """A patient at a glance: the card, and how much there is to read."""

    card: PatientCard
    last_visit_at: dt.datetime | None
    records: int
    prescriptions: int


def find_live_doctor(doctor_id: uuid.UUID) -> Doctor | None:
    return Doctor.objects.filter(pk=doctor_id, status=DoctorStatus.LIVE).first()


def newest_version(patient_id: uuid.UUID) -> PatientVersion | None:
    return versions_of(patient_id).first()


def versions_of(patient_id: uuid.UUID) -> QuerySet[PatientVersion]:
    """Return every version of what the patient said, newest first."""
    return PatientVersion.objects.filter(patient_id=patient_id).order_by("-number")


def profile_of(patient_id: uuid.UUID) -> Mapping[str, Any]:
    found = newest_version(patient_id)
    return {} if found is None else found.said


def card_of(patient_id: uuid.UUID) -> PatientCard:
    """Return the patient's card, without facts where nothing was said. Raises: NotFound"""
    person, newest = get_user(patient_id), newest_version(patient_id)
    return PatientCard(
        id=person.pk,
        public_id=person.public_id,
        name=person.name,
        version=0 if newest is None else newest.number,
        updated_at=None if newest is None else newest.created_at,
        facts={} if newest is None else newest.said,
    )


def summary_of(patient_id: uuid.UUID) -> PatientSummary:
    """Raises: NotFound"""
    held = Appointment.objects.filter(patient_id=patient_id, status=AppointmentStatus.COMPLETED)
    return PatientSummary(
        card=card_of(patient_id),
        last_visit_at=held.aggregate(last=Max("starts_at"))["last"],
        records=signed_notes_of(patient_id).count(),
        prescriptions=issued_to(patient_id).count(),
    )


def patients_of(doctor_id: uuid.UUID, now: dt.datetime) -> QuerySet[Any]:
    """Return the people of whom the doctor may read something now, with until when, and by which of the two ways."""
    visits, grants = treated_by(doctor_id, now), open_grants(doctor_id, now).filter(patient__erased_at=None)
    mine = visits.filter(patient=OuterRef("pk")).order_by()
    opened = grants.filter(patient=OuterRef("pk")).order_by()
    # One union: by «in this or in that» PostgreSQL would look at every account.
    people = people_among(visits.values("patient").union(grants.values("patient")))
    return people.annotate(
        is_treated=Exists(mine),
        last_visit_ends=Subquery(mine.values("patient").annotate(last=Max("ends_at")).values("last")),
        grant_ends=Subquery(opened.values("patient").annotate(last=Max("ends_at")).values("last")),
    )


def readable_until(row: Any) -> dt.datetime:
    """Return when the last way in of a patient of `patients_of` ends, as things stand."""
    treated = None if row.last_visit_ends is None else row.last_visit_ends + TREATED_FOR
    return max(moment for moment in (treated, row.grant_ends) if moment is not None)


def visit_of_doctor(appointment_id: uuid.UUID, doctor_id: uuid.UUID) -> Appointment:
    """Raises: NotFound"""
    found = Appointment.objects.filter(pk=appointment_id, doctor=doctor_id).first()
    if found is None:
        raise NotFound
    return found


def note_of_visit(visit: Appointment) -> VisitNote:
    """Return the notes of a visit, empty ones where nothing is written yet."""
    found = _whole(VisitNote.objects.filter(appointment=visit)).first()
    if found is not None:
        return found
    empty = VisitNote(appointment=visit, doctor_id=visit.doctor_id, patient_id=visit.patient_id, content="{}")
    empty.every_addendum = []  # type: ignore[attr-defined]
    return empty


def signed_notes_of(patient_id: uuid.UUID) -> QuerySet[VisitNote]:
    return _whole(VisitNote.objects.filter(patient_id=patient_id, status=NoteStatus.SIGNED))


def _whole(rows: QuerySet[VisitNote]) -> QuerySet[VisitNote]:
    addenda = Prefetch("addenda", NoteAddendum.objects.order_by("pk"), "every_addendum")
    return rows.select_related("doctor", "appointment").prefetch_related(addenda)


def was_seen_before(visit: Appointment) -> bool:
    """Whether the doctor has held a visit with the patient in the six months before this one."""
    return Appointment.objects.filter(
        doctor=visit.doctor_id,
        patient=visit.patient_id,
        status=AppointmentStatus.COMPLETED,
        ends_at__lte=visit.starts_at,
        ends_at__gte=visit.starts_at - FOLLOWS_WITHIN,
    ).exists()


def issued_to(patient_id: uuid.UUID) -> QuerySet[Prescription]:
    """Return the prescriptions that the patient has, revoked ones among them."""
    return _prescriptions(patient_id=patient_id, status__in=ISSUED)


def issued_prescription(patient_id: uuid.UUID, prescription_id: uuid.UUID) -> Prescription:
    """Raises: NotFound"""
    return _one(issued_to(patient_id), prescription_id)


def prescriptions_of_visit(visit: Appointment) -> QuerySet[Prescription]:
    return _prescriptions(appointment=visit)


def prescription_of_doctor(prescription_id: uuid.UUID, doctor_id: uuid.UUID) -> Prescription:
    """Raises: NotFound"""
    return _one(_prescriptions(doctor=doctor_id), prescription_id)


def prescription_by_code(code: str) -> Prescription:
    """Return the signed or revoked prescription that carries the code. Raises: NotFound"""
    found = _prescriptions(code=code, status__in=ISSUED).first() if CODE.fullmatch(code) else None
    if found is None:
        raise NotFound
    return found


def _prescriptions(**wanted: Any) -> QuerySet[Prescription]:
    return Prescription.objects.filter(**wanted).select_related("doctor", "appointment")


def _one(rows: QuerySet[Prescription], pk: uuid.UUID) -> Prescription:
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def grants_of(patient_id: uuid.UUID) -> QuerySet[RecordGrant]:
    return RecordGrant.objects.filter(patient_id=patient_id).select_related("doctor")


def reads_of(patient_id: uuid.UUID) -> QuerySet[RecordRead]:
    return RecordRead.objects.filter(patient_id=patient_id).select_related("doctor")


def referrals_of_patient(patient_id: uuid.UUID) -> QuerySet[DoctorReferral]:
    return _referrals(Q(patient_id=patient_id))


def referrals_of_doctor(doctor_id: uuid.UUID, *, sent: bool, status: str = "") -> QuerySet[DoctorReferral]:
    rows = _referrals(Q(from_doctor=doctor_id) if sent else Q(to_doctor=doctor_id))
    rows = rows.annotate(is_sender=Value(sent))
    return rows.filter(status=status) if status else rows


def referral_of_doctor(doctor_id: uuid.UUID, referral_id: uuid.UUID) -> DoctorReferral:
    """Raises: NotFound"""
    for sent in (True, False):
        found = referrals_of_doctor(doctor_id, sent=sent).filter(pk=referral_id).first()
        if found is not None:
            return found
    raise NotFound


def _referrals(wanted: Q) -> QuerySet[DoctorReferral]:
    return DoctorReferral.objects.filter(wanted).select_related("from_doctor", "to_doctor", "patient")


def due_referrals(now: dt.datetime, *, limit: int) -> list[uuid.UUID]:
    due = DoctorReferral.objects.filter(status=ReferralStatus.ASKED, answer_by__lte=now).order_by("answer_by")
    return list(due.values_list("pk", flat=True)[:limit])


@dataclass(frozen=True)
class ReferralFacts:
    """Who is told of a referral, and what."""

    from_user: uuid.UUID
    from_name: str
    to_user: uuid.UUID
    to_name: str
    patient: uuid.UUID
    answer_by: dt.datetime


def facts_of_referral(referral_id: uuid.UUID) -> ReferralFacts | None:
    row = _referrals(Q(pk=referral_id)).first()
    if row is None:
        return None
    sender, other = row.from_doctor, row.to_doctor
    return ReferralFacts(
        from_user=sender.user_id,
        from_name=sender.full_name,
        to_user=other.user_id,
        to_name=other.full_name,
        patient=row.patient_id,
        answer_by=row.answer_by,
    )


def doctor_of_grant(grant_id: uuid.UUID) -> str:
    """Return how the doctor of a grant is called. Raises: NotFound"""
    found = RecordGrant.objects.select_related("doctor").filter(pk=grant_id).first()
    if found is None:
        raise NotFound
    return found.doctor.full_name


def drafts_before(moment: dt.datetime) -> QuerySet[Prescription]:
    return Prescription.objects.filter(status=PrescriptionStatus.DRAFT, created_at__lt=moment)
