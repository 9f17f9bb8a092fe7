"""What was wasted in a period, and how old the shelf is; a fixed number of queries whatever the stock."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection

from common import clock
from common.blood import BloodGroup
from partners import selectors as partners
from stock.components import Component
from stock.errors import PeriodInvalid
from stock.states import DiscardReason

LONGEST_PERIOD: Final = dt.timedelta(days=366)
EARLIEST, LATEST = dt.date(2000, 1, 1), dt.date(2999, 12, 31)
EXPIRED: Final = "expired"
# Why a bag is waste; one that was separated lives on as its components.
WASTE: Final = (EXPIRED, *(str(reason) for reason in DiscardReason if reason is not DiscardReason.SEPARATED))
# Up to how many days, the day of expiry counted from today as 0, a bag belongs to a bucket; the last has no end.
BUCKETS: Final = {"0-1": 1, "2-3": 3, "4-7": 7, "8-14": 14}
LATER: Final = "15-"

# What came and what was lost, by the movements; and what is over and not swept yet, which no movement tells.
_WASTED: Final = """
    SELECT unit.component, unit.blood_group,
        CASE movement.verb
            WHEN 'discard' THEN unit.discard_reason WHEN 'expire' THEN 'expired' ELSE 'taken_in'
        END AS what,
        count(*)
    FROM stock_movement movement JOIN stock_unit unit ON unit.id = movement.unit_id
    WHERE movement.partner_id = %(partner)s AND movement.verb IN ('collect', 'discard', 'expire', 'receive', 'split')
        AND movement.created_at >= %(start)s AND movement.created_at < %(end)s
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT component, blood_group, 'expired', count(*)
    FROM stock_unit
    WHERE partner_id = %(partner)s AND status IN ('available', 'quarantined', 'reserved')
        AND expires_at >= %(start)s AND expires_at < %(end)s AND expires_at <= %(now)s
    GROUP BY 1, 2
"""
_AGES: Final = """
    SELECT component, blood_group, count(*), count(*) FILTER (WHERE counted),
        count(*) FILTER (WHERE expires_at < %(day_1)s), count(*) FILTER (WHERE expires_at < %(day_3)s),
        count(*) FILTER (WHERE expires_at < %(day_7)s), count(*) FILTER (WHERE expires_at < %(day_14)s),
        min(expires_at), min(collected_at)
    FROM stock_unit
    WHERE partner_id = %(partner)s AND status IN ('available', 'quarantined', 'reserved') AND expires_at > %(now)s
    GROUP BY component, blood_group
    ORDER BY min(expires_at), component, blood_group
"""


@dataclass
class Waste:
    """What a partner took in of a kind in the period, and what of that kind was lost in it, by reason.

    Taken in: collected, scanned, counted, received, or made of another bag here. `share` is None where nothing was.
    """

    component: Component
    blood_group: BloodGroup
    taken_in: int = 0
    separated: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def wasted(self) -> int:
        return sum(self.reasons.values())

    @property
    def share(self) -> float | None:
        return _share(self.wasted, self.taken_in)


@dataclass(frozen=True)
class WasteReport:
    """Civil days of the partner's zone, both included; totals count no bag twice that became its components."""

    start: dt.date
    end: dt.date
    zone: str
    rows: list[Waste]

    @property
    def taken_in(self) -> int:
        return sum(row.taken_in - row.separated for row in self.rows)

    @property
    def wasted(self) -> int:
        return sum(row.wasted for row in self.rows)

    @property
    def share(self) -> float | None:
        return _share(self.wasted, self.taken_in)


@dataclass(frozen=True)
class Age:
    """The bags of a kind on the shelf whose life is not over, by the days that are left."""

    component: Component
    blood_group: BloodGroup
    units: int
    counted: int
    within_1_day: int
    within_3_days: int
    within_7_days: int
    buckets: dict[str, int]
    first_expires_at: dt.datetime
    oldest_collected_at: dt.datetime


def wastage(partner_id: uuid.UUID, *, start: dt.date, end: dt.date) -> WasteReport:
    """Return what was wasted between two civil days, both included. Raises: PeriodInvalid."""
    if not (EARLIEST <= start <= end <= LATEST and end - start < LONGEST_PERIOD):
        raise PeriodInvalid
    zone = partners.zone_of(partner_id)
    params = {
        "partner": partner_id,
        "start": _midnight(start, zone),
        "end": _midnight(end, zone, days_later=1),
        "now": clock.now(),
    }
    kinds: dict[tuple[str, str], Waste] = {}
    for component, group, what, units in _rows(_WASTED, params):
        row = kinds.setdefault((component, group), Waste(Component(component), BloodGroup(group)))
        if what == "taken_in":
            row.taken_in += units
        elif what == DiscardReason.SEPARATED:
            row.separated += units
        else:
            row.reasons[what] = row.reasons.get(what, 0) + units
    rows = sorted(kinds.values(), key=lambda row: (-row.wasted, row.component, row.blood_group))
    return WasteReport(start, end, zone, rows)


def ages(partner_id: uuid.UUID) -> list[Age]:
    """Return what is on the shelf by kind and days left, the kind that expires first before the others."""
    now = clock.now()
    zone = partners.zone_of(partner_id)
    today = now.astimezone(ZoneInfo(zone)).date()
    ends = {f"day_{most}": _midnight(today, zone, days_later=most + 1) for most in BUCKETS.values()}
    return [_age(row) for row in _rows(_AGES, {"partner": partner_id, "now": now, **ends})]


def _age(row: tuple[Any, ...]) -> Age:
    component, group, units, counted, *up_to, first, oldest = row
    steps = [0, *up_to, units]
    sizes = [after - before for before, after in itertools.pairwise(steps)]
    return Age(
        Component(component),
        BloodGroup(group),
        units=units,
        counted=counted,
        within_1_day=up_to[0],
        within_3_days=up_to[1],
        within_7_days=up_to[2],
        buckets=dict(zip((*BUCKETS, LATER), sizes, strict=True)),
        first_expires_at=first,
        oldest_collected_at=oldest,
    )


def wastage_table(report: WasteReport) -> list[list[str]]:
    """Return the report for a spreadsheet, the heading first, a column for each reason, the totals last."""
    totals: dict[str, int] = defaultdict(int)
    for row in report.rows:
        for reason, units in row.reasons.items():
            totals[reason] += units
    return [
        ["component", "blood_group", "taken_in", "separated", "wasted", "share", *WASTE],
        *(
            [
                str(row.component),
                str(row.blood_group),
                *(str(number) for number in (row.taken_in, row.separated, row.wasted)),
                _text(row.share),
                *(str(row.reasons.get(reason, 0)) for reason in WASTE),
            ]
            for row in report.rows
        ),
        [
            *("all", "all", str(report.taken_in), str(sum(row.separated for row in report.rows)), str(report.wasted)),
            _text(report.share),
            *(str(totals[reason]) for reason in WASTE),
        ],
    ]


def age_table(rows: list[Age]) -> list[list[str]]:
    """Return the report for a spreadsheet, the heading first."""
    heading = ["component", "blood_group", "units", "counted", "within_1_day", "within_3_days", "within_7_days"]
    return [
        [*heading, *(f"days {bucket}" for bucket in (*BUCKETS, LATER)), "first_expires_at", "oldest_collected_at"],
        *(
            [
                *(str(getattr(row, name)) for name in heading),
                *(str(units) for units in row.buckets.values()),
                *(moment.isoformat(timespec="seconds") for moment in (row.first_expires_at, row.oldest_collected_at)),
            ]
            for row in rows
        ),
    ]


def _rows(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _midnight(day: dt.date, zone: str, *, days_later: int = 0) -> dt.datetime:
    return dt.datetime.combine(day + dt.timedelta(days=days_later), dt.time(), tzinfo=ZoneInfo(zone))


def _share(wasted: int, taken_in: int) -> float | None:
    return round(wasted / taken_in, 4) if taken_in > 0 else None


def _text(share: float | None) -> str:
    return "" if share is None else f"{share:.4f}"
