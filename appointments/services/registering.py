"""How somebody becomes a doctor here, and what the doctor says of oneself."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from appointments.errors import (
    DoctorExists,
    DoctorHasAppointments,
    DoctorSuspended,
    RegisteredInFuture,
    SpecialisationUnknown,
)
from appointments.models import Doctor, Specialisation
from appointments.operating import refuse_when_closed
from appointments.selectors.doctors import application_of, booked_ahead, find_doctor_of_user
from appointments.services import history
from appointments.services.doctors import forget_next_free
from appointments.states import DOCTOR_TRANSITIONS, DoctorStatus
from common import clock
from common.db import command, lock_one
from common.ids import uuid7
from common.transitions import advance
from users.services.consents import hold_person
from users.services.documents import attach_documents

# What an administrator looked at: changed, somebody looks again.
REVIEWED: Final = (
    *("name", "registration_number", "council", "registered_in"),
    *("qualifications", "specialisations"),
)


@command
def apply(*, user_id: uuid.UUID, values: Mapping[str, Any], document_ids: Sequence[uuid.UUID]) -> Doctor:
    """Register the person as a doctor, whom nobody finds before an administrator has approved; once rejected, again.

    Locks:  the person, the documents, the doctor.      Emits: doctor.applied
    Raises: RegistrationClosed, AccountErased, DocumentNotFound, DoctorExists, RegistrationTaken, SpecialisationUnknown,
        RegisteredInFuture
    """
    refuse_when_closed()
    person = hold_person(user_id)
    known = find_doctor_of_user(user_id)
    pk = uuid7() if known is None else known.pk
    attach_documents(owner_id=user_id, document_ids=document_ids, purpose=application_of(pk, following=True))
    doctor = Doctor(pk=pk, user=person) if known is None else lock_one(Doctor, pk)
    if known is not None:
        if doctor.state is not DoctorStatus.REJECTED:
            raise DoctorExists(state=doctor.status)
        doctor.status = advance(DOCTOR_TRANSITIONS, doctor.state, "apply")
        doctor.reject_reason = ""
    _take(doctor, {"name": person.name, "zone": person.zone, **values})
    doctor.save(force_insert=known is None)
    history.record(doctor, "apply", actor=history.by_person(user_id))
    history.tell("doctor.applied", doctor)
    return doctor


@command
def change_profile(
    *, doctor_id: uuid.UUID, values: Mapping[str, Any], document_ids: Sequence[uuid.UUID] = ()
) -> Doctor:
    """Change what is given. What an administrator has approved takes a live doctor back to the review, with nobody
    waiting for him.

    Locks:  the documents, the doctor.      Emits: doctor.applied, doctor.time_changed
    Raises: NotFound, DocumentNotFound, DoctorSuspended, DoctorHasAppointments, RegistrationTaken,
    SpecialisationUnknown, RegisteredInFuture
    """
    if document_ids:
        owner = Doctor.objects.values_list("user_id", flat=True).get(pk=doctor_id)
        attach_documents(owner_id=owner, document_ids=document_ids, purpose=application_of(doctor_id))
    doctor = lock_one(Doctor, doctor_id)
    if doctor.state is DoctorStatus.SUSPENDED:
        raise DoctorSuspended
    before = {name: getattr(doctor, name) for name in REVIEWED}
    _take(doctor, values)
    changed = {name: [old, getattr(doctor, name)] for name, old in before.items() if old != getattr(doctor, name)}
    if changed and doctor.is_live:
        _review(doctor, changed)
    doctor.save()
    forget_next_free(doctor.pk)
    return doctor


def _review(doctor: Doctor, changed: dict[str, Any]) -> None:
    waiting = booked_ahead(doctor.pk, clock.now()).count()
    if waiting:
        raise DoctorHasAppointments(count=waiting, fields=sorted(changed))
    doctor.status = advance(DOCTOR_TRANSITIONS, doctor.state, "review")
    history.record(doctor, "review", actor=history.by_person(doctor.user_id), changed=changed)
    history.tell("doctor.applied", doctor)


def _take(doctor: Doctor, values: Mapping[str, Any]) -> None:
    """Raises: SpecialisationUnknown, RegisteredInFuture"""
    for name, value in values.items():
        setattr(doctor, name, value)
    if doctor.registered_in > clock.today(doctor.zone).year:
        raise RegisteredInFuture
    known = Specialisation.objects.in_bulk(doctor.specialisations)
    unknown = [f"/specialisations/{place}" for place, code in enumerate(doctor.specialisations) if code not in known]
    if unknown:
        raise SpecialisationUnknown(pointers=unknown)
    fields = [word for row in known.values() for word in (row.name, row.name_hi, row.name_bn)]
    words = [doctor.title, doctor.name, doctor.qualifications, *fields]
    doctor.search_text = " ".join(words).lower()
