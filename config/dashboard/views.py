"""The page of figures."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from django.utils import timezone
from django.utils.http import urlencode

from common import clock
from common.figures import Scope
from common.maintenance import MAINTENANCE
from config.dashboard import panels, running
from config.dashboard.panels import Question
from config.operating_page import BANNER
from config.waiting import registry
from partners import selectors as partners

QUESTIONS: Final = (
    Question("requests_app.view_bloodrequest", panels.requests_filled),
    Question("requests_app.view_assignment", panels.donors_answering),
    Question("stock.view_unit", panels.stock_by_group),
    Question("stock.view_unit", panels.wastage),
    Question("orders.view_order", panels.orders_moving),
    Question("payments.view_payment", panels.money),
    Question("appointments.view_appointment", panels.visits),
    Question("notifications.view_delivery", panels.messages),
    Question("notifications.view_webhookdelivery", panels.webhooks),
    Question("common.view_outboxevent", running.panel),
)
PRESETS: Final = (("Today", 1), ("7 days", 7), ("30 days", 30), ("90 days", 90))


def context(request: HttpRequest) -> dict[str, Any]:
    """Return what the page shows to this administrator."""
    scope = scope_of(request)
    return {
        "scope": scope,
        "presets": presets(scope),
        "cities": partners.cities(),
        "panels": [question.ask(scope) for question in QUESTIONS if request.user.has_perm(question.needs)],
        "waiting": registry.strip(request),
        "as_of": clock.now(),
        "banner": BANNER.value(),
        "is_closed": MAINTENANCE.value(),
    }


def scope_of(request: HttpRequest) -> Scope:
    """Return the days and the city that the address names, in the administrator's zone."""
    return Scope.read({name: request.GET[name] for name in request.GET}, zone=timezone.get_current_timezone_name())


def presets(scope: Scope) -> list[dict[str, Any]]:
    """Return the usual periods, as links that keep the city."""
    found = []
    for label, days in PRESETS:
        one = Scope.of_days(days, zone=scope.zone, city=scope.city)
        found.append({"label": label, "link": f"?{urlencode(one.query())}", "is_chosen": one == scope})
    return found
