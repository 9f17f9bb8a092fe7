"""What an administrator decides about a doctor."""

from __future__ import annotations

from common.models import OutboxEvent
from common.outbox import on
from notifications.handlers.addressing import id_in, tell_people
from notifications.kinds import Kind


@on("doctor.applied")
def tell_applied(event: OutboxEvent) -> None:
    tell_people(event, Kind.DOCTOR_APPLIED, [id_in(event, "doctor_user")])


@on("doctor.approved")
def tell_approved(event: OutboxEvent) -> None:
    tell_people(event, Kind.DOCTOR_APPROVED, [id_in(event, "doctor_user")])


@on("doctor.rejected")
def tell_rejected(event: OutboxEvent) -> None:
    tell_people(event, Kind.DOCTOR_REJECTED, [id_in(event, "doctor_user")])


@on("doctor.suspended")
def tell_suspended(event: OutboxEvent) -> None:
    tell_people(event, Kind.DOCTOR_SUSPENDED, [id_in(event, "doctor_user")])


@on("doctor.reinstated")
def tell_reinstated(event: OutboxEvent) -> None:
    tell_people(event, Kind.DOCTOR_REINSTATED, [id_in(event, "doctor_user")])
