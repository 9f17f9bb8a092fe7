"""Finding the nearest donors, at 10 000, 100 000 and 1 000 000 donors of one city."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from geopy.distance import geodesic

from bench import crowd
from bench.frame import Report, Spread, analyse, ms, own_database, postgres_version, say, taking_turns, timed
from common import clock
from common.blood import BloodGroup, DonationType
from common.geo import Point
from stock.compatibility import compatible_donors
from stock.components import Component
from users import matching
from users.models import Donor

TITLE = "match: the 20 nearest donors who may give, within 10 km"
SIZES = (10_000, 100_000, 1_000_000)
LOOPED = SIZES[:2]  # what loads everybody is not worth waiting for beyond
RECIPIENTS = (BloodGroup.B_POS, BloodGroup.O_NEG)
RADIUS_KM, LIMIT, ZONE = 10.0, 20, "Asia/Kolkata"
SAMPLES, WARM_UP = 300, 10
MEDIAN_BAR = 0.003  # seconds
GROWTH_BAR = 2.0


def run(report: Report) -> None:
    with own_database():
        report.note(
            f"On {postgres_version()}. SQL: sent, planned, run and fetched. Each request comes from another place, and "
            "asks at every size in turn."
        )
        for size in SIZES:
            say(f"  {size:,} donors ...")
            crowd.add_donors(size)
            if size != SIZES[-1]:
                _keep_copy(size)
        analyse("users_user", "users_donor")
        for recipient in RECIPIENTS:
            _measure_sizes(report, recipient)
            for size in LOOPED:
                _compare_with_loop(report, recipient, size)
        _use(SIZES[-1])
        report.note("\n".join(f"Index used for {group}: {', '.join(indexes_used(group))}." for group in RECIPIENTS))


def _keep_copy(size: int) -> None:
    """Put the donors of this size aside, into a table of the same shape that `_use` lays before the real one."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA of_{size}")
        cursor.execute(f"CREATE TABLE of_{size}.users_donor (LIKE users_donor INCLUDING ALL)")
        columns = ", ".join(column.column for column in Donor._meta.concrete_fields if not column.generated)
        cursor.execute(f"INSERT INTO of_{size}.users_donor ({columns}) SELECT {columns} FROM users_donor")
    analyse(f"of_{size}.users_donor")


def _use(size: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path = {'' if size == SIZES[-1] else f'of_{size}, '}public")


def _measure_sizes(report: Report, recipient: BloodGroup) -> None:
    in_sql: dict[int, list[float]] = {size: [] for size in SIZES}
    origins = crowd.places(SAMPLES)

    def at(size: int) -> Callable[[int], float]:
        def once(number: int) -> float:
            _use(size)
            laps.clear()
            took = timed(lambda: search(origins[number], recipient))
            in_sql[size].append(sum(laps))
            return took

        return once

    with stopwatch() as laps:
        acts = {f"{size}": at(size) for size in SIZES}
        taking_turns(acts, most=WARM_UP)
        for samples in in_sql.values():
            samples.clear()
        whole = taking_turns(acts, most=SAMPLES, within=60)
    for size in SIZES:
        what, spread = f"{recipient} red cells, {size:,} donors", Spread(in_sql[size])
        if size == SIZES[-1]:
            report.hold(f"{what}: SQL", spread, "median < 3 ms", holds=spread.median < MEDIAN_BAR)
        else:
            report.tell(f"{what}: SQL", spread)
        report.tell(f"{what}: whole call", whole[f"{size}"])
    growth = Spread(in_sql[SIZES[-1]]).median / Spread(in_sql[SIZES[0]]).median
    what = f"{recipient} red cells: SQL median, {SIZES[-1]:,} to {SIZES[0]:,}"
    report.hold(what, f"{growth:.2f}x", "<= 2x", holds=growth <= GROWTH_BAR)


def search(origin: Point, recipient: BloodGroup) -> list[matching.NearDonor]:
    """Return what a wave of that request would look at first."""
    return matching.nearest_donors(
        origin=origin,
        radius_km=RADIUS_KM,
        groups=compatible_donors(recipient, Component.RED_CELLS),
        donation_type=DonationType.WHOLE_BLOOD,
        zone=ZONE,
        limit=LIMIT,
        world=None,
    )


class stopwatch:  # noqa: N801  (used as a function)
    """Collect the duration of every statement inside the block."""

    def __init__(self) -> None:
        self.laps: list[float] = []

    def __enter__(self) -> list[float]:
        self._wrapper = connection.execute_wrapper(self._lap)
        self._wrapper.__enter__()
        return self.laps

    def __exit__(self, *exc: Any) -> None:
        self._wrapper.__exit__(*exc)

    def _lap(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.laps.append(time.perf_counter() - began)


def indexes_used(recipient: BloodGroup) -> list[str]:
    """Return the names of the indexes in the plan of the search."""
    seen: list[tuple[str, Any]] = []

    def keep(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        seen.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        search(crowd.CENTRE, recipient)
    sql, params = seen[0]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", params)
        plan = [line for (line,) in cursor.fetchall()]
    scans = [line.strip().removeprefix("->  ") for line in plan if " Scan " in line and "Subquery Scan" not in line]
    return sorted(scan.split(" using ")[1].split()[0] if " using " in scan else scan for scan in scans)


def _compare_with_loop(report: Report, recipient: BloodGroup, size: int) -> None:
    """Measure the other way: load everybody of the groups, compute every distance, sort."""
    _use(size)
    origins = crowd.places(SAMPLES)
    ways = {
        "walk": lambda number: timed(lambda: search(origins[number], recipient)),
        "loop": lambda number: timed(lambda: _loop(origins[number], recipient)),
    }
    spreads = taking_turns(ways, most=5, least=3)
    ratio = spreads["loop"].median / spreads["walk"].median
    what = f"{recipient} red cells, {size:,} donors: load all and loop"
    report.tell(what, f"median {ms(spreads['loop'].median)}, {ratio:,.0f}x the whole call")
    ours = [near.donor_id for near in search(origins[0], recipient)]
    theirs = [pk for pk, _ in _loop(origins[0], recipient)]
    if ours != theirs:
        report.hold(f"{what}: the same donors", "they differ", "equal", holds=False)


def _loop(origin: Point, recipient: BloodGroup) -> list[tuple[Any, float]]:
    fit = matching.may_give(DonationType.WHOLE_BLOOD, clock.today(ZONE), clock.now())
    groups = list(compatible_donors(recipient, Component.RED_CELLS))
    donors = Donor.objects.filter(fit, available=True, blood_group__in=groups, lat__isnull=False)
    here = (origin.lat, origin.lng)
    near = [(donor.pk, geodesic(here, (donor.lat, donor.lng)).km) for donor in donors]
    return sorted((one for one in near if one[1] <= RADIUS_KM), key=lambda one: one[1])[:LIMIT]
