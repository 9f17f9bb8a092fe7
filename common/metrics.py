"""What Prometheus scrapes: requests as this process answers them, and measures of the database, taken when asked.

With several web processes on a machine `PROMETHEUS_MULTIPROC_DIR` names a folder that they share, emptied before the
first starts (docs/operations.md). No label holds an id, a name or an address: routes are templates.
"""

from __future__ import annotations

import hmac
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from common.api.problems import not_found
from common.counting import FOLDER, undisturbed
from common.db import hurried

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
UNKNOWN: Final = "unknown"  # an address that no route knows, or that was answered before a route was looked for
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
USUAL: Final = 10.0  # seconds for which a measure is told again without being taken
PATIENCE: Final = 3  # seconds for which the database may look

Samples = Iterable[tuple[tuple[str, ...], float]]
_own: Final = CollectorRegistry()
REQUESTS: Final = Counter(
    "jeevansetu_http_requests", "Requests answered.", ("method", "route", "status"), registry=_own
)
DURATION: Final = Histogram(
    "jeevansetu_http_request_duration_seconds",
    "How long answers took.",
    ("method", "route"),
    buckets=SECONDS,
    registry=_own,
)


class MetricsMiddleware:
    """Counts and times every request, by the template of its route."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        method = request.method if request.method in METHODS else "other"
        route = _route(request)
        REQUESTS.labels(method, route, str(response.status_code)).inc()
        DURATION.labels(method, route).observe(time.perf_counter() - began)
        return response


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return f"/{match.route}" if match is not None and match.url_name else UNKNOWN


@dataclass(frozen=True)
class Measure:
    """A gauge that is read off the database: `read` gives the labels' values and the number, few rows."""

    name: str
    about: str
    read: Callable[[], Samples]
    labels: tuple[str, ...] = ()
    every: float = USUAL


@dataclass
class _Taken:
    at: float = field(default=float("-inf"))
    samples: list[tuple[tuple[str, ...], float]] = field(default_factory=list)
    is_well: bool = True


_measures: Final[dict[str, Measure]] = {}
_taken: Final[dict[str, _Taken]] = {}
_turn: Final = threading.Lock()  # two scrapes at once look once


def register(*many: Measure) -> None:
    """Tell these at every scrape. Raises: ValueError when a name is taken."""
    for one in many:
        if _measures.setdefault(one.name, one) is not one:
            raise ValueError(f"{one.name} is measured already.")


def forget() -> None:
    """Take every measure anew the next time."""
    _taken.clear()


class _Measures(Collector):
    """Tells the measures; one that cannot be taken is left out, and counted."""

    def collect(self) -> Iterator[Metric]:
        failed = 0
        with _turn:
            for one in _measures.values():
                taken = _take(one)
                failed += not taken.is_well
                if taken.is_well:
                    family = GaugeMetricFamily(one.name, one.about, labels=one.labels)
                    for labels, value in taken.samples:
                        family.add_metric(labels, value)
                    yield family
        yield GaugeMetricFamily("jeevansetu_measures_failed", "Measures that could not be taken.", value=failed)


def _take(one: Measure) -> _Taken:
    taken = _taken.setdefault(one.name, _Taken())
    if time.monotonic() - taken.at < one.every:
        return taken
    try:
        with hurried(seconds=PATIENCE):
            taken.samples, taken.is_well = list(one.read()), True
    except (DatabaseError, InterfaceError):
        taken.is_well = False
    taken.at = time.monotonic()
    return taken


def may_scrape(authorization: str) -> bool:
    """Whether the header has the token; without a token nobody may."""
    token: str = settings.METRICS_TOKEN
    given = authorization.removeprefix("Bearer ").encode()
    return bool(token) and authorization.startswith("Bearer ") and hmac.compare_digest(given, token.encode())


@require_safe
def show_metrics(request: HttpRequest) -> HttpResponse:
    """Tell all processes' requests and the measures, to whoever has the token; for others nothing is here."""
    if not may_scrape(request.headers.get("Authorization", "")):
        return not_found(request, Exception())
    return HttpResponse(page(), content_type=CONTENT_TYPE)


def page() -> bytes:
    """Return what is scraped."""
    measures = CollectorRegistry()
    measures.register(_Measures())
    return _requests() + generate_latest(measures)


def _requests() -> bytes:
    folder = os.environ.get(FOLDER)
    if not folder:
        return generate_latest(_own)
    registry, collector = CollectorRegistry(), cast("Any", MultiProcessCollector)
    collector(registry, path=folder)
    with undisturbed(Path(folder), alone=False):
        return generate_latest(registry)


def streams_page(*, open_now: int, listens: bool) -> bytes:
    """Return what is scraped of a process of live streams."""
    registry = CollectorRegistry()
    registry.register(
        _Now(
            GaugeMetricFamily("jeevansetu_streams_open", "Live streams that this process holds.", value=open_now),
            GaugeMetricFamily("jeevansetu_stream_listens", "Whether PostgreSQL tells it what changes.", value=listens),
        )
    )
    return generate_latest(registry)


class _Now(Collector):
    """Tells what it was given; no file of several processes remembers it."""

    def __init__(self, *families: Metric) -> None:
        self.families = families

    def collect(self) -> Iterable[Metric]:
        return self.families
