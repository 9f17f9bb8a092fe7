"""A map shows everything within its frame, stays readable with thousands of places, and never divides by nothing."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from config.dashboard.charts import Bar, Series, bars, columns
from config.dashboard.maps import HEIGHT, WIDTH, Spot, draw

LIST = "/admin/stock/unit/?city={city}"


def spot(lat: float, lng: float, weight: int = 1, tone: str = "good") -> Spot:
    return Spot(lat, lng, weight, tone, "Bank <1>", "/one/", "Pune & around")


def circles(drawing: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r'cx="([\d.-]+)" cy="([\d.-]+)"', drawing)]


def test_three_thousand_partners_are_few_circles_with_their_sum() -> None:
    dice = random.Random(1)  # noqa: S311 - places, no secret
    spots = [spot(8 + dice.random() * 28, 68 + dice.random() * 29, weight=2) for _ in range(3000)]

    drawing = draw(spots, several=LIST)

    assert 50 < len(circles(drawing)) < 1100
    assert len(drawing) < 500_000
    assert sum(map(int, re.findall(r">(\d+)</text></a>", drawing))) + 2 * drawing.count("></text></a>") == 6000


@pytest.mark.parametrize(
    "places",
    [
        [(18.52, 73.86)],
        [(0.0, 0.0), (0.0, 0.0)],
        [(-89.9, -179.9), (89.9, 179.9)],
        [(18.5, 73.8), (18.5, 73.9)],
        [(28.6, 77.2), (12.9, 77.6), (26.1, 91.7)],
    ],
)
def test_every_place_lies_within_the_frame(places: list[tuple[float, float]]) -> None:
    drawn = circles(draw([spot(*place) for place in places], several=LIST))

    assert drawn
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in drawn)


def test_what_is_gathered_has_the_colour_of_the_most_urgent_and_leads_to_the_list() -> None:
    near, far = spot(18.52, 73.86), spot(28.6, 77.2)

    drawing = draw([near, replace(near, tone="bad"), far], several=LIST)

    assert '<circle class="bad"' in drawing
    assert 'href="/admin/stock/unit/?city=Pune%20%26%20around"' in drawing
    assert "Bank &lt;1&gt;" in drawing


def test_nothing_is_drawn_of_nothing() -> None:
    assert circles(draw([], several=LIST)) == []


def test_charts_of_zeros_and_of_many_days_are_drawn() -> None:
    series = [Series("a", "good"), Series("b", "bad")]

    few = columns([Bar("1 May", [0, 0]), Bar("2 May", [3, 9])], series)
    many = columns([Bar(f"day {day}", [day, 1]) for day in range(366)], series)
    flat = bars([Bar("none", [0, 0])], series)

    assert "day 365: a 365, b 1" in many
    assert few.count("<text") < 8
    assert "NaN" not in few + many + flat
