"""Charts as SVG, drawn on the server: they need no script, and follow the page from light to dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH: Final = 440
TEXT: Final = 11  # pixels
COLUMNS_HIGH, BAR_HIGH, BAR_STEP = 150, 14, 22
LEFT, BOTTOM = 34, 18
MOST_LABELS: Final = 7


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of a chart: what it stands for, and its class in `administration.css`."""

    name: str
    tone: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One column or bar: a value for each series, and where a click leads."""

    label: str
    values: Sequence[int]
    link: str = ""
    note: str = ""

    @property
    def total(self) -> int:
        return sum(self.values)


def columns(bars: Sequence[Bar], series: Sequence[Series]) -> SafeString:
    """Return stacked columns, as of days, with a scale."""
    top = _round_up(max((bar.total for bar in bars), default=0))
    step = (WIDTH - LEFT) / max(len(bars), 1)
    wide = min(step * 0.72, 40)
    lines = format_html_join(
        "",
        '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>',
        ((LEFT, WIDTH, y := _height(top, share), y, LEFT - 5, y + 4, f"{top * share:,.0f}") for share in (0, 0.5, 1)),
    )
    every = math.ceil(len(bars) / MOST_LABELS)
    drawn = format_html_join(
        "",
        "{}{}",
        (
            (
                _linked(bar, series, _stack(bar, series, x=LEFT + step * at + (step - wide) / 2, wide=wide, top=top)),
                format_html(
                    '<text x="{}" y="{}" text-anchor="middle">{}</text>',
                    round(LEFT + step * (at + 0.5), 1),
                    COLUMNS_HIGH + BOTTOM + 6,
                    bar.label,
                )
                if at % every == 0
                else "",
            )
            for at, bar in enumerate(bars)
        ),
    )
    return _chart(COLUMNS_HIGH + BOTTOM + 10, lines, drawn, series)


def bars(rows: Sequence[Bar], series: Sequence[Series], *, label_wide: int = 70) -> SafeString:
    """Return stacked bars, one below the other, each with its sum."""
    longest = max((row.total for row in rows), default=0) or 1
    room = WIDTH - label_wide - 56
    drawn = []
    for at, row in enumerate(rows):
        y, x = at * BAR_STEP + 4, float(label_wide)
        parts = []
        for value, one in zip(row.values, series, strict=True):
            wide = room * value / longest
            parts.append((one.tone, round(x, 1), y, round(wide, 1), BAR_HIGH))
            x += wide
        body = format_html(
            '<text x="{}" y="{}" text-anchor="end">{}</text>{}<text x="{}" y="{}">{}</text>',
            label_wide - 6,
            y + TEXT,
            row.label,
            format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>', parts),
            round(x + 5, 1),
            y + TEXT,
            row.note or f"{row.total:,}",
        )
        drawn.append((_linked(row, series, body),))
    return _chart(len(rows) * BAR_STEP + 6, "", format_html_join("", "{}", drawn), series)


def _stack(bar: Bar, series: Sequence[Series], *, x: float, wide: float, top: float) -> SafeString:
    parts, below = [], 0
    for value, one in zip(bar.values, series, strict=True):
        upper = _height(top, (below + value) / top)
        parts.append((one.tone, round(x, 1), upper, round(wide, 1), round(_height(top, below / top) - upper, 1)))
        below += value
    parts.append(("touch", round(x, 1), 4, round(wide, 1), COLUMNS_HIGH - 4))  # an empty day can be clicked, too
    return format_html_join("", '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>', parts)


def _linked(bar: Bar, series: Sequence[Series], body: SafeString) -> SafeString:
    said = ", ".join(f"{one.name} {value:,}" for value, one in zip(bar.values, series, strict=True))
    title = format_html("<title>{}: {}</title>", bar.label, said)
    if not bar.link:
        return format_html("<g>{}{}</g>", title, body)
    return format_html('<a href="{}">{}{}</a>', bar.link, title, body)


def _chart(high: float, lines: SafeString | str, drawn: SafeString, series: Sequence[Series]) -> SafeString:
    legend = format_html_join(
        "", '<li><i class="{}"></i>{}</li>', ((one.tone, one.name) for one in series if len(series) > 1)
    )
    return format_html(
        '<svg class="js-chart" viewBox="0 0 {} {}" role="img">{}{}</svg><ul class="legend">{}</ul>',
        *(WIDTH, high, lines, drawn, legend),
    )


def _height(top: float, share: float) -> float:
    return round(COLUMNS_HIGH - (COLUMNS_HIGH - 12) * share, 1) if top else float(COLUMNS_HIGH)


def _round_up(value: int) -> int:
    """Return the least of 2, 4, 10, 20, 40, 100, … that is not below the value."""
    power = 10 ** max(0, int(math.log10(value)) if value else 0)
    return next(one * power for one in (2, 4, 10, 20) if one * power >= value)
