"""One doctor sends a patient to another, with what the other may read; the patient is told, and may object."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Final

from appointments.errors import ReferralDoctorUnknown, ReferralOver, ReferralScopeClosed
from appointments.models import DoctorReferral, RecordGrant
from appointments.records.states import (
    REFERRAL_TRANSITIONS,
    GrantOrigin,
    Ground,
    ReferralStatus,
    ReferralUrgency,
    Scope,
)
from appointments.selectors.records import find_live_doctor
from appointments.selectors.ways import ways_in
from appointments.services.granting import end_grants
from common import clock, outbox
from common.db import command, lock, step
from common.errors import NotFound
from common.transitions import advance

TO_ANSWER: Final = dt.timedelta(days=14)
# What a doctor may pass on: not what was opened in an emergency, and not what somebody else has passed on.
PASSED_ON: Final = frozenset({Ground.TREATING, Ground.GRANT})


@command
def refer(
    *,
    doctor_id: uuid.UUID,
    patient_id: uuid.UUID,
    to_doctor_id: uuid.UUID,
    reason: str,
    scopes: Sequence[Scope],
    urgency: ReferralUrgency,
    days: int,
) -> DoctorReferral:
    """Ask another doctor to see the patient. Nothing is opened before the other accepts.

    Emits: referral.asked
    Raises: NotFound, ReferralScopeClosed, ReferralDoctorUnknown, ReferralExists
    """
    now = clock.now()
    ways = ways_in(doctor_id, patient_id, now)
    if not ways:
        raise NotFound
    if any(scope not in ways or ways[scope].ground not in PASSED_ON for scope in scopes):
        raise ReferralScopeClosed
    other = find_live_doctor(to_doctor_id)
    if other is None or other.pk == doctor_id or other.user_id == patient_id:
        raise ReferralDoctorUnknown
    row = DoctorReferral.objects.create(
        patient_id=patient_id,
        from_doctor_id=doctor_id,
        to_doctor=other,
        reason=reason,
        scopes=[*scopes],
        urgency=urgency,
        days=days,
        answer_by=now + TO_ANSWER,
    )
    outbox.emit("referral.asked", **_about(row))
    return row


@command
def accept_referral(*, referral_id: uuid.UUID, doctor_id: uuid.UUID) -> DoctorReferral:
    """Take the patient on; what the referral opens is open from now on.

    Locks: the referral.      Emits: referral.accepted      Raises: NotFound, IllegalTransition, ReferralOver
    """
    row, now = _hold(referral_id, to_doctor_id=doctor_id), clock.now()
    _refuse_late(row, now)
    row.status = advance(REFERRAL_TRANSITIONS, row.state, "accept")
    row.answered_at = now
    row.save(update_fields=["status", "answered_at"])
    RecordGrant.objects.create(
        patient_id=row.patient_id,
        doctor_id=doctor_id,
        origin=GrantOrigin.REFERRAL,
        referral=row,
        scopes=row.scopes,
        starts_at=now,
        ends_at=now + dt.timedelta(days=row.days),
    )
    outbox.emit("referral.accepted", **_about(row))
    return row


@command
def decline_referral(*, referral_id: uuid.UUID, doctor_id: uuid.UUID, answer: str = "") -> DoctorReferral:
    """Locks: the referral.      Emits: referral.declined      Raises: NotFound, IllegalTransition, ReferralOver"""
    row, now = _hold(referral_id, to_doctor_id=doctor_id), clock.now()
    _refuse_late(row, now)
    row.status = advance(REFERRAL_TRANSITIONS, row.state, "decline")
    row.answered_at = row.ended_at = now
    row.answer = answer or None
    row.save(update_fields=["status", "answered_at", "ended_at", "answer"])
    outbox.emit("referral.declined", **_about(row))
    return row


@command
def end_referral(*, referral_id: uuid.UUID, doctor_id: uuid.UUID) -> DoctorReferral:
    """Take back what nobody has answered, or end what was accepted; either ends what it opened.

    Only who has asked takes back; both end. Locks: the referral, its grants.      Raises: NotFound, IllegalTransition
    """
    row = next((one for one in lock(DoctorReferral, [referral_id]) if doctor_id in _doctors(one)), None)
    if row is None:
        raise NotFound
    is_asked = row.state is ReferralStatus.ASKED and row.from_doctor_id == doctor_id
    _close(row, "withdraw" if is_asked else "end")
    return row


@command
def object_to_referral(*, referral_id: uuid.UUID, patient_id: uuid.UUID) -> DoctorReferral:
    """The patient does not want it: what it opened is closed at once.

    Locks: the referral, its grants.      Emits: referral.objected      Raises: NotFound, IllegalTransition
    """
    row = next((one for one in lock(DoctorReferral, [referral_id]) if one.patient_id == patient_id), None)
    if row is None:
        raise NotFound
    _close(row, "object")
    outbox.emit("referral.objected", **_about(row))
    return row


@command
def lapse_if_due(*, referral_id: uuid.UUID) -> bool:
    """Close a referral that nobody has answered in time; whether it was due. Locks: the referral, its grants."""
    due = [
        row
        for row in lock(DoctorReferral, [referral_id])
        if row.state is ReferralStatus.ASKED and row.answer_by <= clock.now()
    ]
    for row in due:
        _close(row, "lapse")
    return bool(due)


@step
def _close(row: DoctorReferral, verb: str) -> None:
    """Close a held referral and its grants."""
    now = clock.now()
    row.status = advance(REFERRAL_TRANSITIONS, row.state, verb)
    row.ended_at = now
    row.save(update_fields=["status", "ended_at"])
    end_grants(lock(RecordGrant, RecordGrant.objects.filter(referral=row).values_list("pk", flat=True)), now)


def _doctors(row: DoctorReferral) -> tuple[uuid.UUID, uuid.UUID]:
    return row.from_doctor_id, row.to_doctor_id


def _hold(referral_id: uuid.UUID, *, to_doctor_id: uuid.UUID) -> DoctorReferral:
    found = next((row for row in lock(DoctorReferral, [referral_id]) if row.to_doctor_id == to_doctor_id), None)
    if found is None:
        raise NotFound
    return found


def _refuse_late(row: DoctorReferral, now: dt.datetime) -> None:
    if row.state is ReferralStatus.ASKED and row.answer_by <= now:
        raise ReferralOver


def _about(row: DoctorReferral) -> dict[str, str]:
    return {"key": f"referral:{row.pk}", "referral": str(row.pk), "patient": str(row.patient_id)}
