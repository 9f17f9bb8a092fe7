"""The same search against PostGIS, on the same rows of the same server, at 1 000 000 donors.

PostGIS gets a stored geography column with a GiST index over all donors, as its manual teaches, in two forms: sorted
by ST_Distance, and by `<->`, which can walk the index outwards. And, for fairness, once in the form of our own search:
walks over an index per blood group, with all other questions asked afterwards.
"""

from __future__ import annotations

import os
from typing import Any

from django.db import connection

from bench import crowd
from bench.frame import Report, Spread, analyse, ms, own_database, postgres_version, repeated, say, timed
from bench.match import LIMIT, RADIUS_KM, RECIPIENTS, measure, search
from bench.postgis_server import has_postgis
from common.blood import BloodGroup
from common.geo import Point
from stock.compatibility import compatible_donors
from stock.components import Component

TITLE = "postgis: the same search, PostGIS on the same rows"
DONORS = 1_000_000
STEPS = 45  # as many as our own search goes at first
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
        ours = {recipient: measure(recipient)[0] for recipient in RECIPIENTS}
        for recipient in RECIPIENTS:
            say(f"  {recipient}, one index ...")
            report.tell(f"{recipient} red cells: our SQL", ours[recipient])
            plain = _measured(_within(recipient, order=f"ST_Distance(geog, {HERE})"))
            walked = _measured(_within(recipient, order=f"geog <-> {HERE}"))
            _hold(report, f"{recipient} red cells: ST_DWithin, ORDER BY ST_Distance", plain, ours[recipient])
            _hold(report, f"{recipient} red cells: ST_DWithin, ORDER BY <->", walked, ours[recipient])
            _compare_answers(report, recipient)
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX donor_geog")
            for number, group in enumerate(BloodGroup):
                say(f"  an index for {group} ...")
                cursor.execute(
                    f"""
                    CREATE INDEX donor_geog_{number} ON users_donor USING gist (geog)
                    WHERE available AND blood_group = '{group}'
                    """
                )
        analyse("users_donor")
        for recipient in RECIPIENTS:
            _hold(
                report,
                f"{recipient} red cells: {STEPS} steps of <-> over an index per group",
                _measured(_walk_per_group(recipient)),
                ours[recipient],
            )


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


def _measured(sql: str) -> Spread:
    origins = crowd.places(200)
    with connection.cursor() as cursor:
        for origin in origins[:3]:
            cursor.execute(sql, _at(origin))

        def once(number: int) -> float:
            return timed(lambda: (cursor.execute(sql, _at(origins[number])), cursor.fetchall()))

        return repeated(once, most=len(origins), within=30)


def _at(origin: Point) -> dict[str, Any]:
    return {"lat": origin.lat, "lng": origin.lng}


def _hold(report: Report, what: str, theirs: Spread, ours: Spread) -> None:
    ratio = theirs.median / ours.median
    measured = f"median {ms(theirs.median)}, p95 {ms(theirs.p95)}: {ratio:.1f}x ours"
    report.hold(what, measured, "ours is no slower", holds=ratio >= 1)


def _compare_answers(report: Report, recipient: BloodGroup) -> None:
    """Both must name the same donors in the same order; those at one distance may stand in any."""
    sql, same = _within(recipient, order=f"ST_Distance(geog, {HERE})"), 0
    with connection.cursor() as cursor:
        for origin in crowd.places(COMPARED):
            cursor.execute(sql, _at(origin))
            theirs = sorted((round(metres, 4), pk) for pk, metres in cursor.fetchall())
            ours = sorted((round(near.distance_km * 1000, 4), near.donor_id) for near in search(origin, recipient))
            same += [pk for _, pk in ours] == [pk for _, pk in theirs]
    what = f"{recipient} red cells: the same donors in the same order as ST_Distance"
    report.hold(what, f"at {same} of {COMPARED} places", "all", holds=same == COMPARED)
