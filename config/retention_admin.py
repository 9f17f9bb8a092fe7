"""How long what is kept, for administrators: each rule with its last run, and the periods that were set."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.decorators import action

from common import retention
from common.admin import ReadOnlyAdmin
from common.errors import DomainError
from common.models import RetentionPeriod, RetentionRun


class PeriodForm(forms.Form):
    rule = forms.ChoiceField()
    hours = forms.IntegerField(min_value=0)
    reason = forms.CharField(max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["rule"]
        choice.choices = [(rule.name, rule.name) for rule in retention.rules() if rule.keep is not None]


@admin.register(RetentionPeriod)
class RetentionPeriodAdmin(ReadOnlyAdmin):
    """The periods that were set by hand; `rules/` shows all that hold, and sets another."""

    list_display = ("rule", "hours", "floor_hours", "reason", "set_by", "set_at")
    list_filter = ("rule",)
    ordering = ("-id",)
    actions_list = ("show_rules",)

    @action(description="What is kept how long", url_path="all-rules")
    def show_rules(self, request: HttpRequest) -> HttpResponse:
        """Lead from the history to what holds."""
        return redirect("admin:common_retention_rules")

    def get_urls(self) -> list[URLPattern]:
        own = path("rules/", self.admin_site.admin_view(self.rules), name="common_retention_rules")
        return [own, *super().get_urls()]

    def rules(self, request: HttpRequest) -> HttpResponse:
        """Show every rule; superusers set a period."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = PeriodForm(request.POST or None)
        if request.method == "POST" and request.user.is_superuser and form.is_valid():
            try:
                retention.set_period(**form.cleaned_data, set_by=f"admin {request.user.pk}")
            except DomainError as exc:
                messages.error(request, f"{exc.message} {exc.facts or ''}")
            else:
                messages.success(request, "It holds from now on.")
                return redirect("admin:common_retention_rules")
        runs = RetentionRun.objects.in_bulk()
        rows = [
            (rule, _in_words(retention.period(rule.name)), _in_words(rule.floor), runs.get(rule.name))
            for rule in retention.rules()
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": "What is kept how long",
            "rows": rows,
            "form": form,
        }
        return TemplateResponse(request, "admin/retention_rules.html", context)


@admin.register(RetentionRun)
class RetentionRunAdmin(ReadOnlyAdmin):
    list_display = ("rule", "last_at", "last_rows", "rows")
    ordering = ("rule",)


def _in_words(period: dt.timedelta | None) -> str:
    """Return whole days, or hours where it is less."""
    hours = round(period.total_seconds() / 3600) if period else 0
    number, unit = (hours // 24, "day") if hours >= 24 and not hours % 24 else (hours, "hour")  # noqa: PLR2004
    return f"{number:,} {unit}{'' if number == 1 else 's'}" if number else ""
