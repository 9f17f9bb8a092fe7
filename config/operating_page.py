"""The page on which administrators change how the product runs, with who did so before and why."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from common import operating
from common.errors import DomainError
from common.models import SettingChange
from common.operating import Words

SEES, CHANGES = "common.view_setting", "common.change_setting"
SHOWN: Final = 3  # changes of each setting; the rest is in their list
BANNER: Final = operating.register(
    Words(
        "notice", "Notice for administrators", "Stands above the dashboard of everybody; empty: none does.", lambda: ""
    )
)


def show(request: HttpRequest, site: dict[str, Any]) -> HttpResponse:
    """Show every setting with what holds, or change one."""
    if not request.user.has_perm(SEES):
        raise PermissionDenied
    if request.method == "POST":
        return _change(request)
    changes = SettingChange.objects.order_by("-id")
    shown = [
        {"one": one, "value": one.shown(), "changes": changes.filter(name=one.name)[:SHOWN]}
        for one in operating.registered()
    ]
    context = {**site, "title": "Operating settings", "shown": shown, "may_change": request.user.has_perm(CHANGES)}
    return TemplateResponse(request, "admin/operating.html", context)


def _change(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(CHANGES):
        raise PermissionDenied
    given = {name: request.POST.get(name, "") for name in ("name", "given", "seen", "reason")}
    try:
        changed = operating.change(**given, actor=f"admin {request.user.pk}")
    except DomainError as exc:
        limits = ", ".join(f"{name} {value}" for name, value in exc.facts.items())
        messages.error(request, f"{exc.message} {limits}".strip())
    else:
        messages.success(request, f"{changed.name}: {changed.before or 'nothing'} → {changed.after or 'nothing'}.")
    return HttpResponseRedirect(reverse("admin:operating"))
