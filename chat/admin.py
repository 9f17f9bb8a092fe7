"""Reports for administrators, who read of a conversation what was reported and the few messages around it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from chat import selectors
from chat.models import ChatBlock, Message, Report
from chat.services import reporting
from chat.states import MessageKind
from chat.wording import FALLBACK, say
from common.admin import ActionForm, ReadOnlyAdmin, words_box
from common.errors import DomainError
from common.files import links


class NoteForm(ActionForm):
    """The box beside the actions: why it was decided so, for colleagues."""

    note = words_box("Note for colleagues", max_length=2000)


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    """Cases: look at what was said, then dismiss, warn, close the conversation, or block whoever wrote it."""

    names = ("reported message", "reported messages")
    list_display = ("created_at", "status", "reason", "conversation", "role", "decided_by", "decided_at")
    list_filter = ("status", "reason", "created_at", "message__conversation__subject_kind")
    search_fields = ("=id", "=message__conversation__id", "=message__conversation__subject_id")
    list_select_related = ("message__conversation", "decided_by")
    ordering = ("-pk",)
    action_form = NoteForm
    actions = ("dismiss", "warn", "close_conversation", "block_author")
    fields = readonly_fields = (
        *("created_at", "status", "reason", "role", "reported_for", "conversation", "said"),
        *("note", "decided_by", "decided_at"),
    )

    @admin.display(description="conversation")
    def conversation(self, report: Report) -> str:
        return str(report.message.conversation) if report.message_id else ""

    @admin.display(description="In the words of whoever reports")
    def reported_for(self, report: Report) -> str:
        return report.words or ""

    @admin.display(description="What was said")
    def said(self, report: Report) -> SafeString | str:
        if report.message_id is None:
            return ""
        rows = [_line(message, report) for message in selectors.around(report)]
        body = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", rows)
        head = format_html("<tr><th></th><th>When</th><th>Who</th><th>What</th></tr>")
        return format_html('<table class="js-table">{}{}</table>', head, body)

    @admin.action(description="Dismiss", permissions=["work"])
    def dismiss(self, request: HttpRequest, chosen: QuerySet[Report]) -> None:
        self._each(request, chosen, reporting.DISMISS)

    @admin.action(description="Warn whoever wrote it", permissions=["work"])
    def warn(self, request: HttpRequest, chosen: QuerySet[Report]) -> None:
        self._each(request, chosen, reporting.WARN)

    @admin.action(description="Close the conversation for good", permissions=["work"])
    def close_conversation(self, request: HttpRequest, chosen: QuerySet[Report]) -> None:
        self._each(request, chosen, reporting.CLOSE)

    @admin.action(description="Block whoever wrote it from writing anywhere", permissions=["work"])
    def block_author(self, request: HttpRequest, chosen: QuerySet[Report]) -> None:
        self._each(request, chosen, reporting.BLOCK)

    def has_work_permission(self, request: HttpRequest) -> bool:
        """Cases are changed by actions alone, by those who may change them."""
        return request.user.has_perm("chat.change_report")

    def _each(self, request: HttpRequest, chosen: QuerySet[Report], verb: str) -> None:
        """Do it to each case by itself; one that refuses does not hold up the others."""
        admin_id: Any = request.user.pk
        for row in chosen:
            try:
                reporting.decide(
                    report_id=row.pk, admin_id=admin_id, verb=verb, note=request.POST.get("note", "").strip()
                )
            except DomainError as exc:
                self.message_user(request, f"{row}: {exc.message}", messages.ERROR)
            else:
                self.message_user(request, f"{row}: done.", messages.SUCCESS)


@admin.register(ChatBlock)
class ChatBlockAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "user", "member", "blocked_by", "lifted_at")
    list_filter = (("lifted_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("user", "member", "blocked_by")
    search_fields = ("user__public_id", "member__name", "member__partner__name")
    raw_id_fields = ("report",)
    ordering = ("-pk",)
    actions = ("lift",)

    @admin.action(description="Let them write again", permissions=["work"])
    def lift(self, request: HttpRequest, chosen: QuerySet[ChatBlock]) -> None:
        admin_id: Any = request.user.pk
        for row in chosen:
            reporting.lift(block_id=row.pk, admin_id=admin_id)
        self.message_user(request, f"{len(chosen)} may write again.", messages.SUCCESS)

    def has_work_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.change_chatblock")


def _line(message: Message, report: Report) -> tuple[str, str, str, SafeString | str]:
    mark = "→" if message.pk == report.message_id else ""
    when = date_format(timezone.localtime(message.created_at), "DATETIME_FORMAT")
    return mark, when, message.role or "—", _what(message)


def _what(message: Message) -> SafeString | str:
    subject = message.conversation.subject
    words = message.text or ""
    if message.code:
        words = say(MessageKind(message.kind), message.code, subject=subject, language=FALLBACK)
    if message.file is not None:
        url = links.link_to(message.file).url
        return format_html('{} <a href="{}" rel="noreferrer">{}</a>', words, url, message.file.name)
    return words or ("(deleted)" if message.deleted_for else "")
