"""At tens of thousands of bags PostgreSQL still walks the indexes that were made for the pick and the reports."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from bench.allocation import add_units
from common import clock
from stock import reports
from stock.models import Unit
from stock.services import allocating
from tests.factories import make_hospital
from tests.stock.scenes import reserve

pytestmark = [pytest.mark.django_db, pytest.mark.real_time]  # the database reads its own clock
BAGS = 20_000


@pytest.fixture
def partner():
    """A partner with many bags, every second of which is leukoreduced; a third are B+."""
    owner = make_hospital()
    add_units(owner.partner_id, BAGS, expires_in="(1 + n %% 30) * interval '1 day'")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO stock_movement (unit_id, partner_id, status, verb, actor, facts, created_at)
            SELECT id, partner_id, 'available', (ARRAY['collect','test','release'])[1 + n % 3], 'x', '{}',
                now() - n * interval '1 minute'
            FROM (SELECT id, partner_id, row_number() OVER () AS n FROM stock_unit) AS numbered
            """
        )
        cursor.execute("ANALYZE stock_unit, stock_movement, stock_stockcount")
    return owner.partner


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for part in plan.get("Plans", []) for node in nodes(part))]


def planned(sql: str, params: Any, *, run: bool = False) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT json{', ANALYZE' if run else ''}) {sql}", params)
        [(found,)] = cursor.fetchall()
    return nodes((json.loads(found) if isinstance(found, str) else found)[0]["Plan"])


def used(plan: list[dict[str, Any]]) -> set[str]:
    return {node["Index Name"] for node in plan if "Index Name" in node}


def whole_tables(plan: list[dict[str, Any]]) -> list[str]:
    return [node["Relation Name"] for node in plan if node["Node Type"] == "Seq Scan"]


def test_the_pick_walks_the_first_entries_of_its_index_and_sorts_no_shelf(partner, monkeypatch):
    asked = []
    run = allocating.lock_in_sql
    monkeypatch.setattr(allocating, "lock_in_sql", lambda *args, **more: asked.append(args[1:]) or run(*args, **more))
    reserve(partner, units=3)

    [(sql, params)] = asked
    plan = planned(sql, params, run=True)

    read = [node["Actual Rows"] * node["Actual Loops"] for node in plan if node["Node Type"] != "LockRows"]
    assert "unit_first_to_expire" in used(plan)
    assert whole_tables(plan) == []
    assert max(read) < 1000


def test_without_a_limit_in_each_tier_the_shelf_would_be_read(partner, monkeypatch):
    monkeypatch.setattr(allocating, "_OF_A_TIER", allocating._OF_A_TIER.replace("LIMIT %(most_{n})s", ""))
    asked = []
    run = allocating.lock_in_sql
    monkeypatch.setattr(allocating, "lock_in_sql", lambda *args, **more: asked.append(args[1:]) or run(*args, **more))
    reserve(partner, units=3)

    [(sql, params)] = asked

    assert max(node["Actual Rows"] * node["Actual Loops"] for node in planned(sql, params, run=True)) > 1000


def test_the_report_of_ages_reads_the_shelf_and_not_what_has_left_it(partner):
    own, now = make_hospital().partner, clock.now()
    add_units(own.pk, 3000, expires_in="(1 + n %% 30) * interval '1 day'")
    Unit.objects.filter(partner=own).exclude(blood_group="O-").update(status="transfused")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE stock_unit")
    days = {f"day_{most}": now for most in reports.BUCKETS.values()}

    plan = planned(reports._AGES, {"partner": own.pk, "now": now, **days})

    assert whole_tables(plan) == []


def test_the_report_of_waste_reads_the_days_it_is_asked_for(partner):
    with connection.cursor() as cursor:
        cursor.execute("SELECT now() - interval '3 hours', now() - interval '1 hour', now()")
        start, end, now = cursor.fetchone()

    plan = planned(reports._WASTED, {"partner": partner.pk, "start": start, "end": end, "now": now})

    assert "movements_in_and_out" in used(plan)
    assert whole_tables(plan) == []
