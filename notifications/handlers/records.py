"""What patients, doctors and administrators hear of records; never what stands in them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from appointments.selectors import records
from common.models import OutboxEvent
from common.outbox import on
from notifications.handlers.addressing import id_in, occasion, people, tell_people
from notifications.kinds import Kind
from notifications.services import Subject, notify
from notifications.templates import Fact
from users.selectors import administrators


@on("access.glass_broken")
def tell_of_broken_glass(event: OutboxEvent) -> None:
    doctor = records.doctor_of_grant(id_in(event, "grant"))
    _tell(event, Kind.GLASS_BROKEN, [id_in(event, "patient")], doctor=doctor)
    _tell(event, Kind.GLASS_REVIEW, administrators(), doctor=doctor)


@on("record.signed")
@on("record.amended")
def tell_record(event: OutboxEvent) -> None:
    tell_people(event, Kind.RECORD_SIGNED, [id_in(event, "patient")])


@on("prescription.signed")
def tell_prescription(event: OutboxEvent) -> None:
    tell_people(event, Kind.PRESCRIPTION_READY, [id_in(event, "patient")])


@on("prescription.revoked")
def tell_revoked(event: OutboxEvent) -> None:
    tell_people(event, Kind.PRESCRIPTION_REVOKED, [id_in(event, "patient")])


@on("referral.asked")
def tell_asked(event: OutboxEvent) -> None:
    """The patient hears who refers to whom, the other doctor who asks."""
    told = records.facts_of_referral(id_in(event, "referral"))
    if told is not None:
        _tell(event, Kind.REFERRED, [told.patient], doctor=told.from_name, other=told.to_name)
        _tell(event, Kind.REFERRAL_ASKED, [told.to_user], doctor=told.from_name, answer_by=told.answer_by)


@on("referral.accepted")
def tell_accepted(event: OutboxEvent) -> None:
    _answered(event, Kind.REFERRAL_ACCEPTED)


@on("referral.declined")
def tell_declined(event: OutboxEvent) -> None:
    _answered(event, Kind.REFERRAL_DECLINED)


@on("referral.objected")
def tell_objected(event: OutboxEvent) -> None:
    told = records.facts_of_referral(id_in(event, "referral"))
    if told is not None:
        _tell(event, Kind.REFERRAL_OBJECTED, [told.from_user, told.to_user])


def _answered(event: OutboxEvent, kind: Kind) -> None:
    told = records.facts_of_referral(id_in(event, "referral"))
    if told is not None:
        _tell(event, kind, [told.from_user, told.patient], other=told.to_name)


def _tell(event: OutboxEvent, kind: Kind, to: Iterable[uuid.UUID], **facts: Fact) -> None:
    name, _, subject_id = event.key.partition(":")
    subject = Subject(name, uuid.UUID(subject_id))
    notify(kind=kind, occasion=occasion(event), recipients=people(to), facts=facts, subject=subject)
