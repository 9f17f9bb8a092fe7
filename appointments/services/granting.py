"""Grants: a patient lets a doctor read, or takes it back; and the glass that is broken in an emergency."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Final

from appointments.errors import AccessOpen, GrantDoctorUnknown, GrantEndInvalid, GrantToOneself
from appointments.models import BreakGlass, RecordGrant
from appointments.models.access import LONGEST_GRANT
from appointments.records.states import GrantOrigin, Scope
from appointments.selectors.records import find_live_doctor
from appointments.selectors.ways import ways_in
from common import clock, outbox
from common.db import command, lock, lock_one, step
from common.errors import IllegalTransition, NotFound
from common.public_id import PublicIdInvalid, normalise_public_id
from users.selectors import find_person
from users.services.consents import hold_person

GLASS_OPEN: Final = dt.timedelta(minutes=60)
USUAL: Final = dt.timedelta(days=30)


@command
def give_grant(
    *, patient_id: uuid.UUID, doctor_id: uuid.UUID, scopes: Sequence[Scope], ends_at: dt.datetime | None = None
) -> RecordGrant:
    """Let a doctor read until then; it takes the place of what the patient has granted this doctor before.

    Locks: the person, the grant before.
    Raises: NotFound, AccountErased, GrantDoctorUnknown, GrantToOneself, GrantEndInvalid
    """
    person, now = hold_person(patient_id), clock.now()
    doctor = find_live_doctor(doctor_id)
    if doctor is None:
        raise GrantDoctorUnknown
    if doctor.user_id == patient_id:
        raise GrantToOneself
    until = ends_at or now + USUAL
    if not now < until <= now + LONGEST_GRANT:
        raise GrantEndInvalid
    former = RecordGrant.objects.filter(patient=person, doctor=doctor_id, origin=GrantOrigin.PATIENT, revoked_at=None)
    end_grants(lock(RecordGrant, former.values_list("pk", flat=True)), now)
    return RecordGrant.objects.create(
        patient=person, doctor=doctor, origin=GrantOrigin.PATIENT, scopes=[*scopes], starts_at=now, ends_at=until
    )


@command
def revoke_grant(*, patient_id: uuid.UUID, grant_id: uuid.UUID) -> None:
    """Let the doctor read nothing by this grant from now on, whatever it came from; again, the same.

    Locks: the grant.      Raises: NotFound
    """
    grant = next((row for row in lock(RecordGrant, [grant_id]) if row.patient_id == patient_id), None)
    if grant is None:
        raise NotFound
    end_grants([grant], clock.now())


@step
def end_grants(grants: Sequence[RecordGrant], now: dt.datetime) -> None:
    """Close held grants that are not closed yet."""
    for grant in grants:
        if grant.revoked_at is None:
            grant.revoked_at = now
            grant.save(update_fields=["revoked_at"])


@command
def break_glass(*, doctor_id: uuid.UUID, doctor_user_id: uuid.UUID, patient: str, reason: str) -> RecordGrant:
    """Open everything of a patient to a doctor for an hour; patient and administrators are told at once.

    `patient` is an id or a public id. Emits: access.glass_broken      Raises: NotFound, AccessOpen
    """
    person = find_person(patient_key(patient))
    if person is None or person.pk == doctor_user_id:
        raise NotFound
    now = clock.now()
    if len(ways_in(doctor_id, person.pk, now)) == len(Scope):
        raise AccessOpen
    grant = RecordGrant.objects.create(
        patient=person,
        doctor_id=doctor_id,
        origin=GrantOrigin.EMERGENCY,
        scopes=[*Scope],
        starts_at=now,
        ends_at=now + GLASS_OPEN,
    )
    BreakGlass.objects.create(grant=grant, reason=reason)
    outbox.emit("access.glass_broken", key=f"grant:{grant.pk}", grant=str(grant.pk), patient=str(person.pk))
    return grant


@command
def review_break_glass(*, grant_id: uuid.UUID, actor: str, is_justified: bool) -> None:
    """An administrator's word on a broken glass, once; not justified, what is still open of it ends.

    Locks: the grant.      Raises: NotFound, IllegalTransition
    """
    grant, now = lock_one(RecordGrant, grant_id), clock.now()
    opened = BreakGlass.objects.filter(grant=grant).first()
    if opened is None:
        raise NotFound
    if opened.reviewed_at is not None:
        raise IllegalTransition(state="reviewed", verb="review", open=[])
    opened.reviewed_at, opened.reviewed_by, opened.is_justified = now, actor[:60], is_justified
    opened.save()
    if not is_justified:
        end_grants([grant], now)


def patient_key(text: str) -> uuid.UUID | str:
    """Return the id or the public id that the text is. Raises: NotFound"""
    try:
        return uuid.UUID(text)
    except ValueError:
        pass
    try:
        return normalise_public_id(text)
    except PublicIdInvalid:
        raise NotFound from None
