"""On which grounds a doctor may read a patient. `appointments.access` asks, and writes the read down."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet

from appointments.models import Appointment, RecordGrant
from appointments.records.states import GROUND_OF, GrantOrigin, Ground, Scope
from appointments.states import TREATING

TREATED_FOR: Final = dt.timedelta(days=30)  # after a visit's end: questions, results and a follow-up come within it
RANKS: Final = tuple(GrantOrigin)


@dataclass(frozen=True)
class WayIn:
    """Why a doctor may read something, and by which grant, if it is by one."""

    ground: Ground
    grant_id: uuid.UUID | None = None


def ways_in(doctor_id: uuid.UUID, patient_id: uuid.UUID, now: dt.datetime) -> Mapping[Scope, WayIn]:
    """Return what a live doctor may read of the patient at this moment, and on which ground."""
    return ways_by(doctor_id, patient_id, list(open_grants(doctor_id, now).filter(patient=patient_id)), now)


def treated_by(doctor_id: uuid.UUID, now: dt.datetime) -> QuerySet[Appointment]:
    """Return the visits that let the doctor read their patients: from their confirmation until some time after."""
    return Appointment.objects.filter(
        doctor=doctor_id, status__in=sorted(TREATING), ends_at__gt=now - TREATED_FOR, patient__erased_at=None
    )


def open_grants(doctor_id: uuid.UUID, now: dt.datetime) -> QuerySet[RecordGrant]:
    return RecordGrant.objects.filter(doctor=doctor_id, revoked_at=None, starts_at__lte=now, ends_at__gt=now)


def ways_by(
    doctor_id: uuid.UUID, patient_id: uuid.UUID, grants: list[RecordGrant], now: dt.datetime
) -> Mapping[Scope, WayIn]:
    """Return what is open by a visit, or else by those of the doctor's grants from the patient that are open."""
    if treated_by(doctor_id, now).filter(patient=patient_id).exists():
        return dict.fromkeys(Scope, WayIn(Ground.TREATING))
    ways: dict[Scope, WayIn] = {}
    for grant in sorted(grants, key=lambda one: RANKS.index(GrantOrigin(one.origin))):
        if grant.is_open(now):
            way = WayIn(GROUND_OF[GrantOrigin(grant.origin)], grant.pk)
            ways = {**dict.fromkeys(map(Scope, grant.scopes), way), **ways}
    return ways
