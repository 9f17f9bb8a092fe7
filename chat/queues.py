"""Reports of messages that wait for an administrator."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from chat.models import Report
from chat.services import reporting
from chat.states import ReportStatus
from common.queues import Act, Case, Queue


def undecided() -> QuerySet[Report]:
    rows = Report.objects.filter(status=ReportStatus.OPEN).order_by("pk")
    return rows.select_related("message__conversation")


def show(row: Report) -> Case:
    """Return the case without any words: they are read on the report's own page, where the read is written down."""
    return Case(
        str(row.pk),
        f"{row.get_reason_display()}: {row.message.conversation}",
        row.created_at,
        [("Reported by", f"the {row.role}")],
        reverse("admin:chat_report_change", args=[row.pk]),
    )


def _decide(verb: str) -> Callable[[HttpRequest, str, str], Any]:
    def run(request: HttpRequest, pk: str, words: str) -> Report:
        admin_id: Any = request.user.pk
        return reporting.decide(report_id=uuid.UUID(pk), admin_id=admin_id, verb=verb, note=words)

    return run


REPORTS: Final = Queue(
    "chat-reports",
    "Reported messages",
    "Read on the report's page what was said, then decide. Whoever reported is told, and whoever is warned or blocked.",
    "chat.view_report",
    "chat.change_report",
    undecided,
    show,
    (
        Act("dismiss", "Dismiss", _decide(reporting.DISMISS), is_refusal=True),
        Act("warn", "Warn whoever wrote it", _decide(reporting.WARN)),
        Act("close", "Close the conversation", _decide(reporting.CLOSE), needs_words=True),
        Act("block", "Block whoever wrote it", _decide(reporting.BLOCK), needs_words=True),
    ),
    "Note, for colleagues",
)
