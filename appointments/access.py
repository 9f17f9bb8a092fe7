"""Whose records somebody may read, asked before every read of files and observations."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum

from appointments.models import Appointment, Doctor
from appointments.states import TREATING, DoctorStatus
from common.errors import NotFound


class Scope(StrEnum):
    """What of a patient's records is to be read."""

    FILES = "files"
    OBSERVATIONS = "observations"


class Ground(StrEnum):
    OWN = "own"
    TREATING = "treating"


@dataclass(frozen=True)
class Access:
    """That somebody may read something of a patient's, and why."""

    reader_user_id: uuid.UUID
    patient_user_id: uuid.UUID
    scope: Scope
    ground: Ground


def require_access(*, reader_user_id: uuid.UUID, patient_user_id: uuid.UUID, scope: Scope, reason: str = "") -> Access:
    """Return why the reader may see the patient's records: his own, or those of a patient he treats.

    Raises: NotFound, whatever stands against it: a stranger learns nothing
    """
    if reader_user_id == patient_user_id:
        return Access(reader_user_id, patient_user_id, scope, Ground.OWN)
    if _treats(reader_user_id, patient_user_id):
        return Access(reader_user_id, patient_user_id, scope, Ground.TREATING)
    raise NotFound


def _treats(doctor_user_id: uuid.UUID, patient_user_id: uuid.UUID) -> bool:
    doctors = Doctor.objects.filter(user_id=doctor_user_id, status=DoctorStatus.LIVE)
    visits = Appointment.objects.filter(doctor__in=doctors, patient_id=patient_user_id, status__in=sorted(TREATING))
    return visits.exists()
