"""The same search against PostGIS, on the same rows of the same server, at 1 000 000 donors.

PostGIS gets a stored geography column with a GiST index over all donors, as its manual teaches, in two forms: sorted
by ST_Distance, and by `<->`, which can walk the index outwards. And, for fairness, once in the form of our own search:
walks over an index per blood group, with all other questions asked afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from django.db import connection

from bench import crowd
from bench.frame import Report, analyse, own_database, postgres_version, say, taking_turns, timed
from bench.match import LIMIT, RADIUS_KM, RECIPIENTS, search, stopwatch
from bench.postgis_server import has_postgis
from common.blood import BloodGroup
from common.geo import Point
from stock.compatibility import compatible_donors
from stock.components import Component

TITLE = "postgis: the same search, PostGIS on the same rows"
DONORS = 1_000_000
STEPS = 45  # as many as our own search goes at first
PLACES = 100
ORIGINS = crowd.places(PLACES)
COMPARED = 25  # places at which the answers must be the same
FIT = """available AND whole_blood_from <= current_date AND whole_blood_until > current_date
    AND (locked_until IS NULL OR locked_until <= now())"""
HERE = "ST_SetSRID(ST_MakePoint(%(lng)s, %(lat)s), 4326)::geography"
NEAR = f"ST_DWithin(geog, {HERE}, {RADIUS_KM * 1000})"


def run(report: Report) -> None:
    if not has_postgis(os.environ["DATABASE_URL"]):
        report.note("PostGIS not installed.")
        return
    with own_database():
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION postgis")
            cursor.execute("SELECT postgis_lib_version()")
            report.note(f"On {postgres_version()} with PostGIS {cursor.fetchone()[0]}, {DONORS:,} donors.")
            # Before the donors come: both indexes grow with the rows, as in life.
            cursor.execute(
                """
                ALTER TABLE users_donor ADD COLUMN geog geography(Point, 4326) GENERATED ALWAYS AS
                    (ST_SetSRID(ST_MakePoint(lng::float8, lat::float8), 4326)::geography) STORED
                """
            )
            cursor.execute("CREATE INDEX donor_geog ON users_donor USING gist (geog)")
        say(f"  {DONORS:,} donors ...")
        crowd.add_donors(DONORS)
        analyse("users_user", "users_donor")
        for recipient in RECIPIENTS:
            say(f"  {recipient}, one index ...")
            by_distance, by_index = "ST_DWithin, ORDER BY ST_Distance", "ST_DWithin, ORDER BY <->"
            spreads = taking_turns(
                {
                    "ours": _our_sql(recipient),
                    by_distance: _statement(_within(recipient, order=f"ST_Distance(geog, {HERE})")),
                    by_index: _statement(_within(recipient, order=f"geog <-> {HERE}")),
                },
                most=PLACES,
                within=60,
            )
            ours = spreads.pop("ours")
            report.tell(f"{recipient} red cells: our SQL", ours)
            for form, theirs in spreads.items():
                measured = f"{theirs}: {theirs.median / ours.median:.1f}x ours"
                what = f"{recipient} red cells: {form}"
                report.hold(what, measured, "ours is no slower", holds=ours.median <= theirs.median)
            _compare_answers(report, recipient)
        _index_per_group()
        for recipient in RECIPIENTS:
            acts = {"ours": _our_sql(recipient), "theirs": _statement(_walk_per_group(recipient))}
            spreads = taking_turns(acts, most=PLACES)
            ratio = spreads["theirs"].median / spreads["ours"].median
            what = f"{recipient} red cells: our form, {STEPS} steps of <-> over an index per group"
            report.tell(what, f"{spreads['theirs']}: {ratio:.1f}x ours")


def _index_per_group() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX donor_geog")
        for number, group in enumerate(BloodGroup):
            say(f"  an index for {group} ...")
            cursor.execute(
                f"CREATE INDEX donor_geog_{number} ON users_donor USING gist (geog) "
                f"WHERE available AND blood_group = '{group}'"
            )
    analyse("users_donor")


def _within(recipient: BloodGroup, *, order: str) -> str:
    return f"""
        SELECT user_id, ST_Distance(geog, {HERE}) AS metres FROM users_donor
        WHERE blood_group = ANY(ARRAY[{_listed(recipient)}]) AND {FIT} AND {NEAR}
        ORDER BY {order} LIMIT {LIMIT}
    """


def _walk_per_group(recipient: BloodGroup) -> str:
    """What our own search does, in PostGIS: so many steps along each group's index, then the questions."""
    walks = " UNION ALL ".join(
        f"""(SELECT * FROM (
                SELECT user_id, geog, available, whole_blood_from, whole_blood_until, locked_until FROM users_donor
                WHERE available AND blood_group = '{group}' ORDER BY geog <-> {HERE} LIMIT {STEPS}
             ) AS met WHERE {FIT} AND {NEAR})"""
        for group in _groups(recipient)
    )
    return f"""
        SELECT user_id, ST_Distance(geog, {HERE}) AS metres FROM ({walks}) AS walks
        ORDER BY metres LIMIT {LIMIT}
    """


def _groups(recipient: BloodGroup) -> tuple[BloodGroup, ...]:
    return tuple(compatible_donors(recipient, Component.RED_CELLS))


def _listed(recipient: BloodGroup) -> str:
    return ", ".join(f"'{group}'" for group in _groups(recipient))


def _our_sql(recipient: BloodGroup) -> Callable[[int], float]:
    def once(number: int) -> float:
        with stopwatch() as laps:
            search(ORIGINS[number], recipient)
        return sum(laps)

    return once


def _statement(sql: str) -> Callable[[int], float]:
    def once(number: int) -> float:
        with connection.cursor() as cursor:
            return timed(lambda: (cursor.execute(sql, _at(ORIGINS[number])), cursor.fetchall()))

    return once


def _at(origin: Point) -> dict[str, Any]:
    return {"lat": origin.lat, "lng": origin.lng}


def _compare_answers(report: Report, recipient: BloodGroup) -> None:
    """Both must name the same donors in the same order; those at one distance may stand in any."""
    sql, same = _within(recipient, order=f"ST_Distance(geog, {HERE})"), 0
    with connection.cursor() as cursor:
        for origin in ORIGINS[:COMPARED]:
            cursor.execute(sql, _at(origin))
            theirs = sorted((round(metres, 4), pk) for pk, metres in cursor.fetchall())
            ours = sorted((round(near.distance_km * 1000, 4), near.donor_id) for near in search(origin, recipient))
            same += [pk for _, pk in ours] == [pk for _, pk in theirs]
    what = f"{recipient} red cells: the same donors in the same order as ST_Distance"
    report.hold(what, f"at {same} of {COMPARED} places", "all", holds=same == COMPARED)
