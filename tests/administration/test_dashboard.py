"""The dashboard shows to each what he may see, says what it shows, and costs the same for one row and for many."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from common.figures import Scope
from config.dashboard import panels
from requests_app import figures as requests
from tests.administration.scenes import a_month
from tests.factories import make_donor, make_hospital, make_promise, make_request
from tests.stock.scenes import make_unit

pytestmark = pytest.mark.django_db
INDEX = "admin:index"


def titles(reply: Any) -> list[str]:
    return [panel.title for panel in reply.context["panels"]]


def figure(panel: Any, label: str) -> str:
    return next(one.value for one in panel.figures if one.label == label)


def test_an_empty_platform_has_a_dashboard(site: Client) -> None:
    reply = site.get(reverse(INDEX))

    assert reply.status_code == 200
    assert len(titles(reply)) == 10
    assert "Nothing to draw for these days." in reply.content.decode()


def test_nobody_sees_figures_of_what_he_may_not_see(clerk: Callable[..., Client]) -> None:
    reply = clerk("stock.view_unit").get(reverse(INDEX))

    assert titles(reply) == ["Stock now", "Wastage"]


def test_many_rows_cost_no_more_queries_than_none(site: Client) -> None:
    site.get(reverse(INDEX))
    with CaptureQueriesContext(
        connection,
    ) as empty:
        site.get(reverse(INDEX))
    a_month()

    with CaptureQueriesContext(connection) as full:
        site.get(reverse(INDEX))

    assert len(full) == len(empty)


@pytest.mark.parametrize(
    "given",
    [{"from": "yesterday"}, {"from": "2030-05-02", "to": "2030-05-01"}, {"from": "2020-01-01"}, {"from": "0001-01-01"}],
)
def test_days_that_make_no_sense_are_the_usual_week(given: dict[str, str]) -> None:
    scope = Scope.read(given, zone="Asia/Kolkata")

    assert (scope.first, scope.last) == (dt.date(2030, 4, 25), dt.date(2030, 5, 1))


def test_a_day_begins_at_midnight_of_the_administrators_zone(site: Client) -> None:
    day = {"from": "2030-05-02", "to": "2030-05-02"}
    with time_machine.travel(dt.datetime(2030, 5, 1, 18, 29, tzinfo=dt.UTC)):
        make_request()
    with time_machine.travel(dt.datetime(2030, 5, 1, 18, 31, tzinfo=dt.UTC)):  # 00:01 in India
        make_request()

    with time_machine.travel(dt.datetime(2030, 5, 2, 9, tzinfo=dt.UTC)):
        client = Client()
        client.force_login(site.get(reverse(INDEX)).context["user"])
        panel = client.get(reverse(INDEX), day).context["panels"][0]

    assert figure(panel, "Posted") == "1"


def test_the_time_to_fill_is_that_to_the_last_promise() -> None:
    owner, start = make_hospital(), dt.datetime(2030, 5, 1, 6, 30, tzinfo=dt.UTC)
    with time_machine.travel(start, tick=False) as clock:
        request = make_request(owner, units=2)
        clock.shift(dt.timedelta(minutes=10))
        make_promise(request, make_donor())
        clock.shift(dt.timedelta(minutes=20))
        make_promise(request, make_donor())
        times = requests.times_to_fill(Scope.of_days(1, zone="Asia/Kolkata"))

    assert (times.requests, times.half) == (1, 1800)
    assert panels.duration(times.half) == "30 min"


@pytest.mark.parametrize(
    ("seconds", "said"), [(None, panels.DASH), (8.4, "8 s"), (7500, "2 h 05 min"), (200_000, "2 d 7 h")]
)
def test_a_length_of_time_is_said_as_people_say_it(seconds: float | None, said: str) -> None:
    assert panels.duration(seconds) == said


def test_each_group_of_stock_is_drawn_with_its_life(site: Client) -> None:
    unit = make_unit(make_hospital().partner, expires_at=dt.datetime(2030, 5, 3, tzinfo=dt.UTC))

    drawn = site.get(reverse(INDEX)).context["panels"][2].chart

    assert f"{unit.blood_group}: expires in 3 days 1, in 7 days 0" in drawn


@pytest.mark.parametrize("key", ["requests", "stock"])
def test_a_map_leads_to_the_rows_and_is_narrowed(site: Client, key: str) -> None:
    owner = make_hospital(name="City Hospital")
    request = make_request(owner, blood_group="O-", urgency="critical")
    make_unit(owner.partner, blood_group="O-")
    page = reverse("admin:map", args=[key])
    links = {"requests": f"/bloodrequest/{request.pk}/change/", "stock": f"partner={owner.partner_id}"}

    shown = site.get(page, {"group": "O-", "city": "pune"}).content.decode()
    elsewhere = site.get(page, {"group": "AB+", "city": "pune"}).content.decode()

    assert links[key] in shown
    assert "City Hospital" in shown
    assert "Nothing is there in pune." in elsewhere


def test_who_may_not_see_requests_sees_no_map_of_them(clerk: Callable[..., Client]) -> None:
    assert clerk("stock.view_unit").get(reverse("admin:map", args=["requests"])).status_code == 403


def test_no_map_is_nowhere(site: Client) -> None:
    assert site.get(reverse("admin:map", args=["moon"])).status_code == 404
