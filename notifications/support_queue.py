"""Questions that wait for an administrator."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from common.labels import minute
from common.queues import Act, Case, Queue
from notifications.models import SupportTicket
from notifications.services import support
from notifications.states import TicketStatus


def waiting() -> QuerySet[SupportTicket]:
    rows = SupportTicket.objects.filter(status=TicketStatus.OPEN).order_by("due_at", "pk")
    return rows.select_related("person", "partner", "assigned_to").prefetch_related("messages")


def show(row: SupportTicket) -> Case:
    said = [(f"{one.author}, {minute(one.created_at)}", one.text or "(a file)") for one in row.messages.all()]
    return Case(
        str(row.pk),
        f"{row.get_category_display()}: {row.subject}",
        row.created_at,
        [
            ("To be answered by", row.due_at),
            ("From", str(row.person or row.partner or row.phone)),
            ("Taken on by", row.assigned_to.name if row.assigned_to else "nobody"),
            *said,
        ],
        reverse("admin:notifications_supportticket_change", args=[row.pk]),
    )


def _by(act: Callable[..., SupportTicket], *, says: bool = False) -> Callable[[HttpRequest, str, str], Any]:
    def run(request: HttpRequest, pk: str, words: str) -> SupportTicket:
        said = {"text": words} if says else {}
        return act(ticket_id=uuid.UUID(pk), admin_id=request.user.pk, **said)

    return run


TICKETS: Final = Queue(
    "support",
    "Questions",
    "By the day until which an answer was promised. An answered one is settled on its own page.",
    "notifications.view_supportticket",
    "notifications.change_supportticket",
    waiting,
    show,
    (
        Act("assign", "Take on", _by(support.assign)),
        Act("answer", "Answer", _by(support.answer, says=True), needs_words=True),
    ),
    "The answer, to whoever asked",
)
