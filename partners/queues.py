"""Partners and complaints that wait for an administrator."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from common.queues import Act, Case, Queue
from partners.models import Complaint, Partner
from partners.services import complaints
from partners.services.approval import approve_partner, reject_partner
from partners.states import UNDECIDED, PartnerStatus


def applications() -> QuerySet[Partner]:
    return Partner.objects.filter(status=PartnerStatus.PENDING).prefetch_related("members").order_by("pk")


def flagged() -> QuerySet[Partner]:
    return Partner.objects.filter(flagged_at__isnull=False).order_by("flagged_at")


def undecided() -> QuerySet[Complaint]:
    rows = Complaint.objects.filter(status__in=[str(state) for state in UNDECIDED]).order_by("status", "pk")
    return rows.select_related("about_partner", "about_person", "by_partner", "by_person", "taken_by")


def show_application(row: Partner) -> Case:
    claim = row.claimed_profile or {}
    return Case(
        str(row.pk),
        row.name,
        row.created_at,
        [
            ("Kind", row.get_kind_display()),
            ("Licence", row.license_number),
            ("Where", f"{row.address}, {row.city}, {row.state}"),
            ("Telephone", row.phone),
            ("E-mail", row.email),
            ("Came", "as a claim of a listing" if row.in_directory else "by registering"),
            ("Who asks", ", ".join(f"{one.name} ({one.role}), {one.phone}" for one in row.members.all())),
        ],
        reverse("admin:partners_partner_change", args=[row.pk]),
        [(name.replace("_", " "), getattr(row, name), said) for name, said in claim.items()],
    )


def show_flagged(row: Partner) -> Case:
    complaints_about = f"{reverse('admin:partners_complaint_changelist')}?about_partner__id__exact={row.pk}"
    return Case(str(row.pk), row.name, row.flagged_at, [("City", row.city), ("State", row.status)], complaints_about)


def show_complaint(row: Complaint) -> Case:
    taken = row.taken_by.name if row.taken_by else "nobody"
    return Case(
        str(row.pk),
        f"{row.get_category_display()}, about {row.about_partner or row.about_person}",
        row.created_at,
        [
            ("State", row.get_status_display()),
            ("Words", row.text),
            ("From", str(row.by_partner or row.by_person)),
            ("Taken by", taken),
            ("Answered", row.answer or "not yet"),
            ("Note", row.note),
        ],
        reverse("admin:partners_complaint_change", args=[row.pk]),
    )


def _decide(verb: Callable[..., Partner]) -> Callable[[HttpRequest, str, str], Any]:
    def run(request: HttpRequest, pk: str, words: str) -> Partner:
        return verb(partner_id=uuid.UUID(pk), actor=f"admin {request.user.pk}", reason=words)

    return run


def _work(
    act: Callable[..., Complaint], *, says: bool = False, **values: str
) -> Callable[[HttpRequest, str, str], Any]:
    def run(request: HttpRequest, pk: str, words: str) -> Complaint:
        said = {"text": words} if says else {}
        return act(complaint_id=uuid.UUID(pk), admin_id=request.user.pk, **said, **values)

    return run


def _reviewed(request: HttpRequest, pk: str, words: str) -> Partner:
    return complaints.unflag(partner_id=uuid.UUID(pk), actor=f"admin {request.user.pk}")


APPLICATIONS: Final = Queue(
    "partners",
    "Partners to approve",
    "Compare the licence with the register of the state's drugs control, and what is claimed with what is listed.",
    "partners.view_partner",
    "partners.change_partner",
    applications,
    show_application,
    (
        Act("approve", "Approve", _decide(approve_partner)),
        Act("reject", "Reject", _decide(reject_partner), needs_words=True, is_refusal=True),
    ),
)
FLAGGED: Final = Queue(
    "flagged",
    "Partners to review",
    "Many complaints in a short time. Read them; nothing follows by itself. Suspending is done on the partner's page.",
    "partners.view_partner",
    "partners.change_partner",
    flagged,
    show_flagged,
    (Act("reviewed", "Reviewed", _reviewed),),
)
COMPLAINTS: Final = Queue(
    "complaints",
    "Complaints",
    "Take one, note what is for colleagues, answer whoever complained, then resolve or dismiss it.",
    "partners.view_complaint",
    "partners.change_complaint",
    undecided,
    show_complaint,
    (
        Act("take", "Take", _work(complaints.take)),
        Act("note", "Note", _work(complaints.note, says=True), needs_words=True),
        Act("answer", "Answer", _work(complaints.answer, says=True), needs_words=True),
        Act("resolve", "Resolve", _work(complaints.close, verb="resolve")),
        Act("dismiss", "Dismiss", _work(complaints.close, verb="dismiss"), is_refusal=True),
    ),
    "Note, or answer to whoever complained",
)
