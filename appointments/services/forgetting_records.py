"""What stays of the records of somebody who is gone."""

from __future__ import annotations

import uuid

from django.db.models import Q

from appointments.models import (
    BreakGlass,
    DoctorReferral,
    NoteAddendum,
    PatientVersion,
    Prescription,
    RecordGrant,
    RecordRead,
    VisitNote,
)
from appointments.records.states import (
    REFERRAL_TRANSITIONS,
    NoteStatus,
    PrescriptionStatus,
    ReferralStatus,
)
from appointments.services.granting import end_grants
from common import clock
from common.db import lock, step
from common.transitions import advance

OPEN = {ReferralStatus.ASKED: "lapse", ReferralStatus.ACCEPTED: "end"}


@step
def forget_records(*, person_id: uuid.UUID) -> None:
    """End what a person who is gone has granted or was granted, and destroy what no law wants to be kept.

    What doctors have signed stays, without the name: records are kept for three years at least. So does the log.

    Locks: the prescriptions, the referrals, the grants.
    """
    now = clock.now()
    mine = Prescription.objects.filter(patient_id=person_id)
    held = lock(Prescription, mine.values_list("pk", flat=True))
    Prescription.objects.filter(pk__in=[row.pk for row in held if row.state is PrescriptionStatus.DRAFT]).delete()
    for row in held:
        if row.patient_name is not None:
            row.patient_name = None
            row.save(update_fields=["patient_name"])
    _close_referrals(person_id)
    concerned = Q(patient_id=person_id) | Q(doctor__user_id=person_id)
    grants = RecordGrant.objects.filter(concerned, revoked_at=None)
    end_grants(lock(RecordGrant, grants.values_list("pk", flat=True)), now)
    VisitNote.objects.filter(patient_id=person_id, status=NoteStatus.DRAFT).delete()
    PatientVersion.objects.filter(patient_id=person_id).delete()


@step
def delete_traces(patient_id: uuid.UUID) -> None:
    """Delete what was kept of somebody who was forgotten long ago, signed or not."""
    RecordRead.objects.filter(patient_id=patient_id).delete()
    BreakGlass.objects.filter(grant__patient_id=patient_id).delete()
    RecordGrant.objects.filter(patient_id=patient_id).delete()
    DoctorReferral.objects.filter(patient_id=patient_id).delete()
    NoteAddendum.objects.filter(patient_id=patient_id).delete()
    VisitNote.objects.filter(patient_id=patient_id).delete()
    Prescription.objects.filter(patient_id=patient_id).delete()
    PatientVersion.objects.filter(patient_id=patient_id).delete()


def _close_referrals(person_id: uuid.UUID) -> None:
    concerned = Q(patient_id=person_id) | Q(from_doctor__user_id=person_id) | Q(to_doctor__user_id=person_id)
    open_rows = DoctorReferral.objects.filter(concerned, status__in=list(OPEN))
    for row in lock(DoctorReferral, open_rows.values_list("pk", flat=True)):
        if row.state in OPEN:
            row.status = advance(REFERRAL_TRANSITIONS, row.state, OPEN[row.state])
            row.ended_at = clock.now()
            row.save(update_fields=["status", "ended_at"])
