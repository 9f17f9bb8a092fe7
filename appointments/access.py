"""Whose records somebody may read, and why: asked here before every read, and written down for the patient to see.

Nobody but the patient reads without a ground: treating, a grant of the patient's, a referral, or an emergency. Whoever
has none learns nothing (404). A grant that has ended or was revoked opens nothing from that moment on.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from appointments.models import Doctor, RecordGrant
from appointments.records.states import Ground, Scope
from appointments.selectors.ways import TREATED_FOR, open_grants, ways_by
from appointments.services.reads import note_read
from appointments.states import DoctorStatus
from common import clock
from common.db import joined, lock
from common.errors import NotFound


@dataclass(frozen=True)
class Access:
    """That somebody may read something of a patient's, and why."""

    reader_user_id: uuid.UUID
    patient_user_id: uuid.UUID
    scope: Scope
    ground: Ground


def require_access(
    *, reader_user_id: uuid.UUID, patient_user_id: uuid.UUID, scope: Scope, object_id: uuid.UUID | None = None
) -> Access:
    """Return why the reader may see this of the patient, and note the read unless it is the patient's own.

    `object_id` names what is read, when it is one thing. Raises: NotFound, whatever stands against it
    """
    if reader_user_id == patient_user_id:
        return Access(reader_user_id, patient_user_id, scope, Ground.OWN)
    ground = _enter(reader_user_id, patient_user_id, scope, object_id)
    return Access(reader_user_id, patient_user_id, scope, ground)


def note_own_work(*, doctor_id: uuid.UUID, patient_id: uuid.UUID, object_id: uuid.UUID) -> None:
    """Note that a doctor reads what he has written himself, which stays his to read."""
    _note_own_work(doctor_id, patient_id, object_id)


@joined
def _enter(reader_user_id: uuid.UUID, patient_id: uuid.UUID, scope: Scope, object_id: uuid.UUID | None) -> Ground:
    """Find the way in and write it down in one transaction: no read is noted after its grant was revoked.

    Locks: the grants of the two.      Raises: NotFound
    """
    doctor_id = _live_doctor(reader_user_id)
    known = open_grants(doctor_id, clock.now()).filter(patient=patient_id, scopes__contains=[scope])
    held = lock(RecordGrant, known.values_list("pk", flat=True))
    now = clock.now()
    way = ways_by(doctor_id, patient_id, held, now).get(scope)
    if way is None:
        raise NotFound
    note_read(
        doctor_id=doctor_id,
        patient_id=patient_id,
        scope=scope,
        object_id=object_id,
        ground=way.ground,
        grant_id=way.grant_id,
        now=now,
    )
    return way.ground


@joined
def _note_own_work(doctor_id: uuid.UUID, patient_id: uuid.UUID, object_id: uuid.UUID) -> None:
    note_read(
        doctor_id=doctor_id,
        patient_id=patient_id,
        scope=Scope.RECORDS,
        object_id=object_id,
        ground=Ground.AUTHOR,
        grant_id=None,
        now=clock.now(),
    )


def _live_doctor(user_id: uuid.UUID) -> uuid.UUID:
    found = Doctor.objects.filter(user_id=user_id, status=DoctorStatus.LIVE).values_list("pk", flat=True).first()
    if found is None:
        raise NotFound
    return found


__all__ = ["TREATED_FOR", "Access", "Ground", "Scope", "note_own_work", "require_access"]
