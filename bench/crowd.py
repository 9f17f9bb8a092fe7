"""Invented donors of one city, by the hundred thousand, made inside PostgreSQL; the same ones in every run."""

from __future__ import annotations

import math
import random

from django.db import connection

from common.geo import Point

CENTRE = Point(18.5204, 73.8567)
SPREAD_KM = 7.0  # standard deviation of where people live, north-south and east-west
KM_PER_DEGREE = 111.2
# ABO of 10 000 Indian donors (O 37.12, A 22.88, B 32.26, AB 7.74 per cent) and their RhD-negative share of 5.39
# per cent, https://pmc.ncbi.nlm.nih.gov/articles/PMC4140055/; combined as if independent.
SHARES = {
    "O+": 0.3512,
    "B+": 0.3052,
    "A+": 0.2165,
    "AB+": 0.0732,
    "O-": 0.0200,
    "B-": 0.0174,
    "A-": 0.0123,
    "AB-": 0.0042,
}
UNAVAILABLE = 0.20
WAITING, UNFORESEEABLE, LOCKED = 0.10, 0.03, 0.02  # who may not give today: 15 per cent
YOUNGEST, OLDEST = 18, 60  # years; nobody here has given before, and who has not must not be older


def add_donors(upto: int) -> None:
    """Add people with donor profiles until there are `upto`."""
    groups, passed = [], 0.0
    for group, share in SHARES.items():
        passed += share
        groups.append(f"WHEN g < {passed:.4f} THEN '{group}'")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM users_donor")
        first = cursor.fetchone()[0] + 1
        cursor.execute("SELECT setseed(%s)", [1 / first])
        cursor.execute("DROP TABLE IF EXISTS crowd")
        cursor.execute(
            f"""
            CREATE TEMPORARY TABLE crowd AS
            SELECT n, (lpad(to_hex(1767225600000 + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid AS id,
                CASE {" ".join(groups)} ELSE 'O+' END AS blood_group,
                CASE WHEN s < 0.6 THEN 'male' ELSE 'female' END AS sex,
                current_date - (365.25 * ({YOUNGEST} + a * ({OLDEST} - {YOUNGEST} - 1)))::int AS date_of_birth,
                a2 >= {UNAVAILABLE} AS available, f,
                round(({CENTRE.lat} + sqrt(-2 * ln(1 - r)) * cos(2 * pi() * d) * {_degrees(0)})::numeric, 6) AS lat,
                round(({CENTRE.lng} + sqrt(-2 * ln(1 - r)) * sin(2 * pi() * d) * {_degrees(CENTRE.lat)})::numeric, 6)
                    AS lng
            FROM (
                SELECT n, random() g, random() s, random() a, random() a2, random() f, random() r, random() d
                FROM generate_series(%s::bigint, %s::bigint) AS n
            ) AS dice
            """,
            [first, upto],
        )
        cursor.execute(
            """
            INSERT INTO users_user (
                id, public_id, phone, name, email, password, language, zone, city, lat, lng, located_at,
                is_active, is_staff, is_superuser, created_at
            )
            SELECT id, 'B' || n, '+91' || 7000000000 + n, 'Person ' || n, '', '!', 'en', 'Asia/Kolkata', 'Pune',
                lat, lng, now(), true, false, false, now()
            FROM crowd ORDER BY n
            """
        )
        cursor.execute(
            f"""
            INSERT INTO users_donor (
                user_id, blood_group, sex, date_of_birth, weight_kg, available, on_leaderboard, lat, lng,
                whole_blood_from, whole_blood_until, apheresis_from, apheresis_until,
                score, verified_donations, strikes, locked_until, created_at, updated_at
            )
            SELECT id, blood_group, sex, date_of_birth, 65, available, n % 2 = 0, lat, lng,
                gives_from, date_of_birth + 365 * {OLDEST}, gives_from, date_of_birth + 365 * {OLDEST},
                0, 0, 0, CASE WHEN f >= {WAITING + UNFORESEEABLE} AND f < {WAITING + UNFORESEEABLE + LOCKED}
                    THEN now() + interval '20 days' END, now(), now()
            FROM (
                SELECT *, CASE WHEN f < {WAITING} THEN current_date + 1 + (f * 900)::int
                    WHEN f < {WAITING + UNFORESEEABLE} THEN NULL ELSE current_date - 30 END AS gives_from
                FROM crowd
            ) AS dated
            ORDER BY n
            """
        )
        cursor.execute("DROP TABLE crowd")


def places(count: int) -> list[Point]:
    """Return where requests come from: hospitals, as spread as the people."""
    chance = random.Random(7)
    return [
        Point(
            round(CENTRE.lat + chance.gauss(0, _degrees(0)), 6),
            round(CENTRE.lng + chance.gauss(0, _degrees(CENTRE.lat)), 6),
        )
        for _ in range(count)
    ]


def _degrees(latitude: float) -> float:
    """Return the standard deviation in degrees, along a parallel at this latitude."""
    return round(SPREAD_KM / (KM_PER_DEGREE * math.cos(math.radians(latitude))), 6)
