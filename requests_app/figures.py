"""What administrators count of requests, of asking, and of promises."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Min, Q, QuerySet, Sum

from common import figures
from common.figures import Counted, Scope
from partners import selectors as partners
from requests_app.models import Assignment, BloodRequest, Wave
from requests_app.states import LIVE_REQUEST, AssignmentStatus, RequestStatus

FILLED: Final = (RequestStatus.ASSIGNED, RequestStatus.FULFILLED)
KEPT: Final = (AssignmentStatus.ACCEPTED, AssignmentStatus.ARRIVED, AssignmentStatus.DONATED)

# Filled is the moment at which the last of the places that are still taken was taken.
_TIMES: Final = """
    SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY took),
        percentile_cont(0.9) WITHIN GROUP (ORDER BY took)
    FROM (
        SELECT extract(epoch FROM max(promise.accepted_at) - request.created_at) AS took
        FROM ({requests}) AS request
        JOIN requests_app_assignment promise ON promise.request_id = request.id AND promise.status = ANY(%s)
        GROUP BY request.id, request.created_at
    ) AS filled
"""


@dataclass(frozen=True)
class Times:
    """How long filling took, in seconds: for half of the requests at most, and for nine in ten."""

    requests: int
    half: float | None
    most: float | None


@dataclass(frozen=True)
class Asking:
    """How many donors were asked in the waves of a period, and how many answered."""

    asked: int
    answered: int


def posted(scope: Scope) -> QuerySet[BloodRequest]:
    """Return the requests that were posted in the period."""
    return partners.of_real(scope.created(BloodRequest.objects.all()), "partner", city=scope.city)


def waves(scope: Scope) -> QuerySet[Wave]:
    """Return the waves that began in the period."""
    return partners.of_real(scope.created(Wave.objects.all(), "started_at"), "request__partner", city=scope.city)


def promised(scope: Scope) -> QuerySet[Assignment]:
    """Return the promises that were given in the period."""
    return partners.of_real(scope.created(Assignment.objects.all(), "accepted_at"), "request__partner", city=scope.city)


def open_now(scope: Scope) -> QuerySet[BloodRequest]:
    """Return the requests that wait for donors now, whenever they were posted."""
    return partners.of_real(BloodRequest.objects.filter(status__in=sorted(LIVE_REQUEST)), "partner", city=scope.city)


REQUESTS: Final = Counted(
    "requests_app.bloodrequest",
    posted,
    {
        "posted": Q(),
        "filled": Q(status__in=FILLED),
        "fulfilled": Q(status=RequestStatus.FULFILLED),
        "waiting": Q(status__in=sorted(LIVE_REQUEST)),
        "critical_waiting": Q(status__in=sorted(LIVE_REQUEST), urgency="critical"),
        "expired": Q(status=RequestStatus.EXPIRED),
        "cancelled": Q(status=RequestStatus.CANCELLED),
    },
    {"filled": "every unit promised or given", "waiting": "still open"},
)
WAVES: Final = Counted("requests_app.wave", waves, {"began": Q()}, column="started_at")
PROMISES: Final = Counted(
    "requests_app.assignment",
    promised,
    {
        "promised": Q(),
        "expected": Q(status__in=[AssignmentStatus.ACCEPTED, AssignmentStatus.ARRIVED]),
        "donated": Q(status=AssignmentStatus.DONATED),
        "cancelled": Q(status=AssignmentStatus.CANCELLED),
        "missed": Q(status=AssignmentStatus.MISSED),
        "deferred": Q(status=AssignmentStatus.DEFERRED),
    },
    {"cancelled": "taken back", "missed": "did not come", "deferred": "unfit on the day"},
    column="accepted_at",
)
OPEN: Final = Counted("requests_app.bloodrequest", open_now, {"open_now": Q()}, {"open_now": "open at this moment"})
figures.register(REQUESTS, WAVES, PROMISES, OPEN)


def places(scope: Scope, *, most: int, **kind: str) -> list[dict[str, Any]]:
    """Return the newest open requests with their places and partners, of one kind where some is named."""
    rows = open_now(scope).filter(**{name: value for name, value in kind.items() if value}).order_by("-pk")
    shown = ("pk", "lat", "lng", "units", "units_promised", "units_fulfilled", "blood_group", "component", "urgency")
    return [dict(row) for row in rows.values(*shown, "partner__name", "partner__city", "needed_by")[:most]]


def times_to_fill(scope: Scope) -> Times:
    """Return how long it took from the posting until every unit was promised, of the period's filled requests."""
    rows = REQUESTS.rows_of("filled", scope).order_by().values("id", "created_at")
    inner, values = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_TIMES.format(requests=inner), [*values, [str(one) for one in KEPT]])
        return Times(*cursor.fetchone())


def waiting_by_urgency() -> list[tuple[str, int, dt.datetime]]:
    """Return for each urgency how many requests wait for donors now, and when the oldest was posted."""
    waiting = partners.of_real(BloodRequest.objects.filter(status__in=sorted(LIVE_REQUEST)), "partner")
    rows = waiting.order_by().values_list("urgency")
    return list(rows.annotate(units=Count("pk"), oldest=Min("created_at")))


def asking(scope: Scope) -> Asking:
    """Return how many donors the period's waves asked, and how many answered."""
    found = waves(scope).order_by().aggregate(asked=Sum("asked"), answered=Sum("answered"))
    return Asking(found["asked"] or 0, found["answered"] or 0)
