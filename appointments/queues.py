"""Doctors, and records opened in an emergency, that wait for an administrator."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join

from appointments.models import BreakGlass, Doctor
from appointments.selectors.doctors import application_of
from appointments.services.approving import approve_doctor, reject_doctor
from appointments.services.granting import review_break_glass
from appointments.states import DoctorStatus
from common.queues import Act, Case, Queue
from users.selectors import documents_of
from users.services import documents


def applications() -> QuerySet[Doctor]:
    return Doctor.objects.filter(status=DoctorStatus.PENDING).select_related("user").order_by("updated_at")


def emergencies() -> QuerySet[BreakGlass]:
    rows = BreakGlass.objects.filter(reviewed_at=None).order_by("created_at")
    return rows.select_related("grant__doctor", "grant__patient")


def show_application(row: Doctor) -> Case:
    purpose = application_of(row.pk)
    files = [
        (documents.link_to(document_id=card.id, purpose=purpose).url, card.name, card.kind)
        for card in documents_of(purpose)
    ]
    return Case(
        str(row.pk),
        f"{row.name}, {row.qualifications}",
        row.updated_at,
        [
            ("Registration", f"{row.registration_number}, {row.council}, {row.registered_in}"),
            ("Account", f"{row.user.name} ({row.user.public_id})"),
            ("Specialisations", ", ".join(row.specialisations)),
            ("Languages", ", ".join(row.languages)),
            ("Was refused before", row.reject_reason or "no"),
        ],
        reverse("admin:appointments_doctor_change", args=[row.pk]),
        files=format_html_join(", ", '<a href="{}">{}</a> ({})', files),
    )


def show_emergency(row: BreakGlass) -> Case:
    return Case(
        str(row.pk),
        f"{row.grant.doctor.name} opened the records of {row.grant.patient.public_id}",
        row.created_at,
        [
            ("Reason", row.reason),
            ("Registration", row.grant.doctor.registration_number),
            ("Open until", row.grant.ends_at),
            ("What was read", f"{row.grant.reads.count()} times; the list is on the grant's page"),
        ],
        reverse("admin:appointments_recordgrant_change", args=[row.grant_id]),
    )


def _decide(verb: Callable[..., Doctor]) -> Callable[[HttpRequest, str, str], Any]:
    def run(request: HttpRequest, pk: str, words: str) -> Doctor:
        return verb(doctor_id=uuid.UUID(pk), actor=f"admin:{request.user.pk}", reason=words)

    return run


def _review(*, is_justified: bool) -> Callable[[HttpRequest, str, str], Any]:
    def run(request: HttpRequest, pk: str, words: str) -> None:
        review_break_glass(grant_id=uuid.UUID(pk), actor=f"admin:{request.user.pk}", is_justified=is_justified)

    return run


DOCTORS: Final = Queue(
    "doctors",
    "Doctors to approve",
    "Compare the registration with the council's register and the documents, whose links end in five minutes.",
    "appointments.view_doctor",
    "appointments.change_doctor",
    applications,
    show_application,
    (
        Act("approve", "Approve", _decide(approve_doctor)),
        Act("reject", "Reject", _decide(reject_doctor), needs_words=True, is_refusal=True),
    ),
    "Reason, which the doctor reads",
)
EMERGENCIES: Final = Queue(
    "emergencies",
    "Records opened in an emergency",
    "Read the reason and what was read, then say whether it was an emergency. If not, what is still open is closed.",
    "appointments.view_breakglass",
    "appointments.change_breakglass",
    emergencies,
    show_emergency,
    (
        Act("justified", "Was an emergency", _review(is_justified=True)),
        Act("unjustified", "Was none", _review(is_justified=False), is_refusal=True),
    ),
    words="",
)
