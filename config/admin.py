"""The kernel's own tables and the scheduler's in the administration."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django_apscheduler.models import DjangoJob, DjangoJobExecution
from unfold.widgets import UnfoldAdminSelect2MultipleWidget

from common import outbox
from common.admin import EditableAdmin, ReadOnlyAdmin
from common.models import OutboxEvent, PrivateFile, SettingChange
from config import audit_admin, retention_admin  # noqa: F401  (register their pages)
from config.dashboard.running import late_jobs


class UndoneFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "not told yet"), ("dead", "given up"), ("done", "told")]

    def queryset(self, request: HttpRequest, rows: QuerySet[OutboxEvent]) -> QuerySet[OutboxEvent]:
        match self.value():
            case "open":
                return rows.filter(done_at=None)
            case "dead":
                return rows.filter(pk__in=outbox.dead_events().values("pk"))
            case "done":
                return rows.filter(done_at__isnull=False)
        return rows


@admin.register(OutboxEvent)
class OutboxEventAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "name", "key", "attempts", "available_at", "done_at", "last_error")
    list_filter = (UndoneFilter, "name")
    search_fields = ("=key", "=name")
    ordering = ("-id",)
    actions = ("tell_again",)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("common.change_outboxevent")

    @admin.action(description="Give given-up events new attempts", permissions=["replay"])
    def tell_again(self, request: HttpRequest, chosen: QuerySet[OutboxEvent]) -> None:
        dead = outbox.dead_events().filter(pk__in=chosen.values("pk")).values_list("pk", flat=True)
        count = 0
        for pk in dead:
            outbox.replay(pk)
            count += 1
        self.message_user(request, f"{count} events will be told again.", messages.SUCCESS)


@admin.register(SettingChange)
class SettingChangeAdmin(ReadOnlyAdmin):
    """Who changed which operating setting, and why."""

    list_display = ("created_at", "name", "before", "after", "actor", "reason")
    list_filter = ("name",)
    search_fields = ("=actor", "reason")
    ordering = ("-id",)


@admin.register(PrivateFile)
class PrivateFileAdmin(ReadOnlyAdmin):
    """Where each private file lies, and which wait to be carried or removed. Names and content are not shown."""

    list_display = ("created_at", "content_type", "size", "storage", "stored_at", "discarded_at")
    list_filter = ("storage", "content_type")
    exclude = ("key", "name", "content")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PrivateFile]:
        return super().get_queryset(request).defer("content")


# The library registers its own pages, on which jobs could be edited.
admin.site.unregister([DjangoJob, DjangoJobExecution])


class LateFilter(admin.SimpleListFilter):
    title = "late"
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "should have run")]

    def queryset(self, request: HttpRequest, rows: QuerySet[DjangoJob]) -> QuerySet[DjangoJob]:
        return rows.filter(pk__in=late_jobs().values("pk")) if self.value() else rows


@admin.register(DjangoJob)
class JobAdmin(ReadOnlyAdmin):
    """The periodic jobs and when each runs next."""

    names = ("job", "jobs")
    list_display = ("name", "next_run_time")
    list_filter = (LateFilter,)
    search_fields = ("id",)
    exclude = ("job_state",)
    ordering = ("next_run_time",)

    @admin.display(description="job", ordering="id")
    def name(self, row: DjangoJob) -> str:
        return str(row.pk)


@admin.register(DjangoJobExecution)
class JobExecutionAdmin(ReadOnlyAdmin):
    """What the jobs did, and how it ended."""

    names = ("run of a job", "runs of jobs")
    list_display = ("run_time", "name", "status", "duration", "exception")
    list_filter = ("status", "job")
    ordering = ("-id",)

    @admin.display(description="job", ordering="job_id")
    def name(self, row: DjangoJobExecution) -> str:
        return str(row.job_id)


# Django's own page of groups, in the dress of the others.
admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, EditableAdmin):
    """What administrators of a group may see and do."""

    filter_horizontal = ()  # two boxes of lines so long do not fit beside the menu

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, **kwargs, widget=UnfoldAdminSelect2MultipleWidget)
