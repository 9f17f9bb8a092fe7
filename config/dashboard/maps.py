"""Maps as SVG: places projected onto a graticule, gathered where they are close. No tile of any outside host."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 900, 620
EDGE: Final = 44  # pixels: room for half a circle and its name
CELL: Final = 24  # pixels: what lies in one cell is drawn as one circle
LEAST, MOST = 5.0, 22.0  # radius of a circle
STEPS: Final = (10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
LINES: Final = 5  # of the graticule, at least, on the wider side
SMALLEST: Final = 0.08  # degrees that a map spans at least: about nine kilometres
MOST_NAMES: Final = 40
NEAR: Final = 26  # pixels within which a second name would hide the first


@dataclass(frozen=True, slots=True)
class Spot:
    """Something at a place: how much it counts, how it looks, what it says, and where a click leads."""

    lat: float
    lng: float
    weight: int
    tone: str
    title: str
    link: str
    city: str = ""


@dataclass(frozen=True, slots=True)
class _Frame:
    """What part of the earth is drawn: equirectangular, true to shape in the middle."""

    west: float
    north: float
    scale: float  # pixels to a degree of latitude
    squeeze: float  # of a degree of longitude

    def at(self, lat: float, lng: float) -> tuple[float, float]:
        return EDGE + (lng - self.west) * self.squeeze * self.scale, EDGE + (self.north - lat) * self.scale


def draw(spots: Sequence[Spot], *, several: str) -> SafeString:
    """Return the map. Where spots are gathered, `several` is the list that a click leads to, by the city."""
    frame = _frame(spots)
    groups = _gathered(frame, spots)
    heaviest = max((sum(one.weight for one in found) for found in groups), default=1)
    circles = format_html_join("", "{}", ((_circle(frame, found, heaviest, several),) for found in groups))
    return format_html(
        '<svg class="js-map" viewBox="0 0 {} {}" role="img">{}{}{}</svg>',
        *(WIDTH, HEIGHT, _graticule(frame), circles, _names(frame, groups, heaviest)),
    )


def _gathered(frame: _Frame, spots: Sequence[Spot]) -> list[list[Spot]]:
    """Put together what lies in one cell, then cells beside a fuller one whose middles are closer than a cell."""
    cells: dict[tuple[int, int], list[Spot]] = defaultdict(list)
    for spot in spots:
        x, y = frame.at(spot.lat, spot.lng)
        cells[int(x // CELL), int(y // CELL)].append(spot)
    groups: dict[tuple[int, int], list[Spot]] = {}
    for (column, row), found in sorted(cells.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        x, y = _middle(frame, found)
        beside = ((column + across, row + down) for across in (-1, 0, 1) for down in (-1, 0, 1))
        near = next(
            (key for key in beside if key in groups and math.dist((x, y), _middle(frame, cells[key])) < CELL), None
        )
        groups.setdefault(near or (column, row), []).extend(found)
    return list(groups.values())


def _middle(frame: _Frame, found: Sequence[Spot]) -> tuple[float, float]:
    points = [frame.at(one.lat, one.lng) for one in found]
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


def _frame(spots: Sequence[Spot]) -> _Frame:
    """Return the smallest frame that shows every spot with a little room around."""
    lats, lngs = [one.lat for one in spots] or [8.0, 36.0], [one.lng for one in spots] or [68.0, 97.0]
    middle = (min(lats) + max(lats)) / 2
    squeeze = max(math.cos(math.radians(middle)), 0.1)
    tall = max(max(lats) - min(lats), SMALLEST)
    wide = max(max(lngs) - min(lngs), SMALLEST)
    scale = min((HEIGHT - 2 * EDGE) / tall, (WIDTH - 2 * EDGE) / (wide * squeeze))
    west = (min(lngs) + max(lngs)) / 2 - (WIDTH / 2 - EDGE) / (scale * squeeze)
    north = middle + (HEIGHT / 2 - EDGE) / scale
    return _Frame(west, north, scale, squeeze)


def _circle(frame: _Frame, found: Sequence[Spot], heaviest: int, several: str) -> SafeString:
    x, y = (round(at, 1) for at in _middle(frame, found))
    weight, radius = sum(one.weight for one in found), _radius(found, heaviest)
    loudest = min(found, key=lambda one: ("bad", "wait", "more", "good", "quiet").index(one.tone))
    if len(found) == 1:
        title, link, inside = loudest.title, loudest.link, ""
    else:
        cities = sorted({one.city for one in found if one.city})
        title = f"{len(found)} here, {weight} together: {', '.join(cities[:3])}"
        link, inside = several.format(city=quote(cities[0]) if cities else ""), str(weight)
    return format_html(
        '<a href="{}"><title>{}</title><circle class="{}" cx="{}" cy="{}" r="{}"/>'
        '<text class="inside" x="{}" y="{}" text-anchor="middle">{}</text></a>',
        *(link, title, loudest.tone, x, y, radius, x, y + 4, inside),
    )


def _radius(found: Iterable[Spot], heaviest: int) -> float:
    weight = sum(one.weight for one in found)
    return round(LEAST + (MOST - LEAST) * math.sqrt(weight / heaviest), 1) if weight else LEAST


def _graticule(frame: _Frame) -> SafeString:
    tall = HEIGHT / frame.scale
    step = next((one for one in STEPS if tall / one >= LINES), STEPS[-1])
    top, left = frame.north + EDGE / frame.scale, frame.west - EDGE / (frame.scale * frame.squeeze)
    lats = _ticks(top - tall, top, step)
    lngs = _ticks(left, left + WIDTH / (frame.scale * frame.squeeze), step)
    across = format_html_join(
        "",
        '<line x1="0" x2="{}" y1="{}" y2="{}"/><text x="4" y="{}">{}</text>',
        (
            (WIDTH, y, y, y - 3, f"{abs(one):g}° {'N' if one >= 0 else 'S'}")
            for one in lats
            for y in [round(frame.at(one, 0)[1], 1)]
        ),
    )
    down = format_html_join(
        "",
        '<line y1="0" y2="{}" x1="{}" x2="{}"/><text x="{}" y="{}">{}</text>',
        (
            (HEIGHT, x, x, x + 3, HEIGHT - 5, f"{abs(one):g}° {'E' if one >= 0 else 'W'}")
            for one in lngs
            for x in [round(frame.at(0, one)[0], 1)]
        ),
    )
    return format_html('<g class="graticule">{}{}</g>', across, down)


def _ticks(first: float, last: float, step: float) -> list[float]:
    return [round(one * step, 6) for one in range(math.ceil(first / step), math.floor(last / step) + 1)]


def _names(frame: _Frame, groups: Iterable[Sequence[Spot]], heaviest: int) -> SafeString:
    """Write each city's name once, above the circles that are there, the fullest first; none over another."""
    cities: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for found in groups:
        x, y = _middle(frame, found)
        top = y - _radius(found, heaviest) - 4
        for spot in found:
            if spot.city:
                cities[spot.city].append((x, top))
    written: list[tuple[float, float]] = []
    drawn: list[tuple[float, float, str]] = []
    for city, tops in sorted(cities.items(), key=lambda pair: -len(pair[1])):
        x, y = sum(x for x, _ in tops) / len(tops), min(y for _, y in tops)
        if len(drawn) < MOST_NAMES and all(abs(x - a) > 2.5 * NEAR or abs(y - b) > NEAR / 2 for a, b in written):
            written.append((x, y))
            drawn.append((round(x, 1), round(y, 1), city))
    return format_html_join("", '<text class="city" x="{}" y="{}" text-anchor="middle">{}</text>', drawn)
