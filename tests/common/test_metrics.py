"""Prometheus is told what happens, by names that the dashboard and the alerts know, and without a single id."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings as ours
from django.db import OperationalError
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from common import metrics, outbox
from common.counting import FOLDER
from common.db import hurried
from common.metrics import streams_page
from config.gunicorn import child_exit, on_starting
from tests.factories import make_request, make_user, person_client

pytestmark = pytest.mark.django_db
TOKEN = "a-token-that-only-prometheus-knows"
DEPLOY = Path(ours.BASE_DIR) / "deploy"
FILES = (DEPLOY / "grafana" / "jeevansetu.json", DEPLOY / "prometheus" / "alerts.yml")
NAME = re.compile(r"\bjeevansetu_[a-z_]+")


@pytest.fixture(autouse=True)
def fresh(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    metrics.forget()


def scrape(client: Client) -> str:
    reply = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert reply.status_code == 200
    return reply.content.decode()


def value(page: str, name: str, **labels: str) -> float:
    return next(
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == name and sample.labels == labels
    )


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", TOKEN, f"Basic {TOKEN}", "Bearer é"])
def test_without_the_token_nothing_is_there(client: Client, header: str) -> None:
    assert client.get("/metrics", headers={"Authorization": header}).status_code == 404


def test_without_a_token_in_the_settings_nothing_is_there(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_requests_are_counted_by_route_and_status_and_never_by_what_stands_in_the_address(client: Client) -> None:
    user = make_user()
    route = {"method": "GET", "route": "/api/v1/partners/<uuid:partner_id>"}
    client.get(f"/api/v1/partners/{user.pk}")
    before = value(scrape(client), "jeevansetu_http_requests_total", **route, status="404")

    client.get(f"/api/v1/partners/{user.pk}")
    client.get(f"/nowhere/{user.phone}")
    person_client(user).get("/api/v1/me")
    page = scrape(client)

    assert value(page, "jeevansetu_http_requests_total", **route, status="404") == before + 1
    assert value(page, "jeevansetu_http_requests_total", method="GET", route="unknown", status="404") >= 1
    assert value(page, "jeevansetu_http_request_duration_seconds_count", **route) >= 2
    assert str(user.pk) not in page
    assert user.phone not in page


def test_methods_that_nobody_knows_make_one_label(client: Client) -> None:
    for method in ("BREW", "WHEN"):
        client.generic(method, "/healthz")

    assert not {"BREW", "WHEN"} & set(re.findall(r'method="(\w+)"', scrape(client)))


def test_what_waits_is_measured(client: Client) -> None:
    make_request(urgency="critical")

    page = scrape(client)

    assert value(page, "jeevansetu_requests_open", urgency="critical") == 1
    assert value(page, "jeevansetu_requests_oldest_seconds", urgency="critical") >= 0
    assert value(page, "jeevansetu_outbox_open_events") == outbox.open_events().count() > 0
    assert value(page, "jeevansetu_scheduler_leads") == 0
    assert value(page, "jeevansetu_measures_failed") == 0


def test_scraping_again_soon_asks_the_database_nothing(client: Client, django_assert_num_queries) -> None:
    scrape(client)

    with django_assert_num_queries(0):
        scrape(client)


def test_a_measure_that_takes_too_long_is_left_out_and_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> metrics.Samples:
        raise OperationalError

    slow = metrics.Measure("jeevansetu_slow", "Never comes.", away)
    monkeypatch.setitem(metrics._measures, "jeevansetu_slow", slow)

    page = scrape(client)

    assert "jeevansetu_slow" not in page
    assert value(page, "jeevansetu_measures_failed") == 1


def test_the_database_gives_up_on_a_slow_statement() -> None:
    from django.db import connection  # noqa: PLC0415

    with pytest.raises(OperationalError), hurried(seconds=1), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', '20ms', true)")
        cursor.execute("SELECT pg_sleep(2)")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_metric_of_the_dashboard_and_the_alerts_exists(client: Client, file: Path) -> None:
    scrape(client)
    page = scrape(client) + streams_page(open_now=3, listens=True).decode()
    known = {line.split()[2] for line in page.splitlines() if line.startswith("# TYPE")}

    named = {re.sub(r"_(bucket|count|sum)$", "", name) for name in NAME.findall(file.read_text(encoding="utf-8"))}

    assert named - known - {"jeevansetu"} == set()
    assert len(named) > 10


def test_the_dashboard_is_read_by_grafana_and_shows_every_measure() -> None:
    board = json.loads(FILES[0].read_text(encoding="utf-8"))
    shown = " ".join(target["expr"] for panel in board["panels"] for target in panel["targets"])

    assert set(metrics._measures) - set(NAME.findall(shown)) == set()
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in board["panels"])


COUNT = """
import sys
from common import metrics
metrics.REQUESTS.labels("GET", "/two", "200").inc(float(sys.argv[1]))
metrics.DURATION.labels("GET", "/two").observe(0.2)
"""


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Two web processes have counted 3 and 4 requests together, and ended; return their ids."""
    monkeypatch.setenv(FOLDER, str(tmp_path))
    command = [sys.executable, "-c", COUNT]
    ended = [subprocess.Popen([*command, many], cwd=ours.BASE_DIR) for many in ("3", "4")]
    assert [one.wait(60) for one in ended] == [0, 0]
    return [one.pid for one in ended]


def test_processes_that_share_a_folder_are_summed_also_when_they_have_ended(
    client: Client, counted: list[int], tmp_path: Path
) -> None:
    def told() -> tuple[float, float]:
        page, route = scrape(client), {"method": "GET", "route": "/two"}
        return (
            value(page, "jeevansetu_http_requests_total", **route, status="200"),
            value(page, "jeevansetu_http_request_duration_seconds_count", **route),
        )

    before, files = told(), len(list(tmp_path.glob("*.db")))
    for pid in counted:
        child_exit(None, SimpleNamespace(pid=pid))
        child_exit(None, SimpleNamespace(pid=pid))

    assert before == told() == (7, 2)
    assert (files, len(list(tmp_path.glob("*.db")))) == (4, 2)


def test_the_folder_is_there_before_any_request(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path / "not" / "yet"))

    on_starting(None)

    assert (tmp_path / "not" / "yet").is_dir()
