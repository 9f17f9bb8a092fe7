"""The page of one desk: the oldest cases of its queues, and the buttons that decide them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from common import clock
from common.errors import DomainError
from common.queues import PAGE, Queue
from config.waiting.registry import Desk, address, desk_of, forget, in_words, seen_by

LONGEST = 500  # characters of a reason


def show(request: HttpRequest, site: dict[str, Any], desk_key: str) -> HttpResponse:
    """Show the desk, or do with one case what a button said."""
    desk = desk_of(desk_key)
    if desk is None:
        raise Http404
    queues = seen_by(request, desk)
    if not queues:
        raise PermissionDenied
    if request.method == "POST":
        return _act(request, desk, queues)
    shown = [
        {
            "queue": queue,
            "cases": cases,
            "count": in_words(queue.count()) if len(cases) >= PAGE else str(len(cases)),
            "may_act": request.user.has_perm(queue.works),
        }
        for queue in queues
        for cases in [queue.cases()]
    ]
    return TemplateResponse(
        request, "admin/waiting.html", {**site, "title": desk.title, "shown": shown, "now": clock.now()}
    )


def _act(request: HttpRequest, desk: Desk, queues: list[Queue]) -> HttpResponse:
    queue = next((one for one in queues if one.key == request.POST.get("queue")), None)
    act = queue.act(request.POST.get("verb", "")) if queue else None
    if queue is None or act is None:
        raise Http404
    if not request.user.has_perm(queue.works):
        raise PermissionDenied
    words = request.POST.get("words", "").strip()[:LONGEST]
    if act.needs_words and not words:
        messages.error(request, f"{act.label}: say why.")
    else:
        try:
            act.run(request, request.POST.get("case", ""), words)
        except DomainError as exc:
            messages.error(request, f"{act.label}: {exc.message}")
        except ValueError:
            raise Http404 from None  # no id
        else:
            messages.success(request, f"{act.label}: done.")
    forget(queue)
    return HttpResponseRedirect(f"{address(desk)}#{queue.key}")
