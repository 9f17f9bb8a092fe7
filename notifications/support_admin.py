"""Questions to the administrators: taken on, answered, settled. What was said is read on the question's own page."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common import clock
from common.admin import ActionForm, ReadOnlyAdmin, ReadOnlyInline, words_box
from common.errors import DomainError
from notifications.models import SupportEvent, SupportMessage, SupportTicket
from notifications.services import support
from notifications.states import TicketStatus


class AnswerForm(ActionForm):
    """The box beside the actions, for the answer."""

    words = words_box("Answer", max_length=4000, lines=2)


class OverdueFilter(admin.SimpleListFilter):
    title = "due"
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("over", "overdue")]

    def queryset(self, request: HttpRequest, rows: QuerySet[SupportTicket]) -> QuerySet[SupportTicket]:
        if self.value() != "over":
            return rows
        return rows.filter(Q(status=TicketStatus.OPEN, due_at__lte=clock.now()))


class MessageInline(ReadOnlyInline):
    model = SupportMessage
    fields = readonly_fields = ("created_at", "author", "words", "attachment")
    ordering = ("pk",)
    show_change_link = False

    @admin.display(description="text")
    def words(self, row: SupportMessage) -> str:
        return row.text or ""

    @admin.display(description="file")
    def attachment(self, row: SupportMessage) -> SafeString | str:
        if row.file is None:
            return ""
        return format_html('<a href="{}">{}</a>', support.file_link(row).url, row.file.name)


class TicketEventInline(ReadOnlyInline):
    model = SupportEvent
    fields = ("created_at", "verb", "actor")
    ordering = ("-pk",)
    show_change_link = False


@admin.register(SupportTicket)
class SupportTicketAdmin(ReadOnlyAdmin):
    """Take one on, answer whoever asked, then settle it."""

    list_display = ("created_at", "status", "category", "subject", "asker", "due_at", "overdue", "assigned_to")
    list_filter = (OverdueFilter, "status", "category", "assigned_to")
    search_fields = ("=id", "=phone", "=person__public_id", "partner__name")
    list_select_related = ("person", "partner", "assigned_to")
    ordering = ("due_at", "pk")
    inlines = (MessageInline, TicketEventInline)
    action_form = AnswerForm
    actions = ("assign", "answer_words", "resolve")

    @admin.action(description="Take on", permissions=["work"])
    def assign(self, request: HttpRequest, chosen: QuerySet[SupportTicket]) -> None:
        self._each(request, chosen, support.assign)

    @admin.action(description="Answer with the words: whoever asked is told", permissions=["work"])
    def answer_words(self, request: HttpRequest, chosen: QuerySet[SupportTicket]) -> None:
        words = request.POST.get("words", "").strip()
        if not words:
            self.message_user(request, "Write the answer beside the action.", messages.ERROR)
            return
        self._each(request, chosen, support.answer, text=words)

    @admin.action(description="Settle", permissions=["work"])
    def resolve(self, request: HttpRequest, chosen: QuerySet[SupportTicket]) -> None:
        self._each(request, chosen, support.resolve)

    def has_work_permission(self, request: HttpRequest) -> bool:
        """Questions are changed by actions alone, by those who may change them."""
        return request.user.has_perm("notifications.change_supportticket")

    @admin.display(description="asked by")
    def asker(self, row: SupportTicket) -> str:
        return str(row.person or row.partner or row.phone)

    @admin.display(description="overdue")
    def overdue(self, row: SupportTicket) -> str:
        return "overdue" if row.is_overdue else ""

    def _each(
        self,
        request: HttpRequest,
        chosen: QuerySet[SupportTicket],
        act: Callable[..., SupportTicket],
        **values: str,
    ) -> None:
        """Do it to each question by itself; one that refuses does not hold up the others."""
        for pk in chosen.values_list("pk", flat=True):
            try:
                act(ticket_id=pk, admin_id=request.user.pk, **values)
            except DomainError as exc:
                self.message_user(request, f"{pk}: {exc.message}", messages.ERROR)
            else:
                self.message_user(request, f"{pk}: done.", messages.SUCCESS)
