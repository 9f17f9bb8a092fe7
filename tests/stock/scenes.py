"""Bags, and short words for what is done to them."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from common import clock
from common.db import unit_of_work
from stock import services
from stock.components import Component
from stock.din import format_din
from stock.models import Collection, StockCount, TestResult, Unit
from stock.states import Finding, MandatoryTest
from tests.factories import make_hospital, member_client
from tests.partners.factories import make_member

_numbers = itertools.count(1)
CLEAR = dict.fromkeys(MandatoryTest, Finding.NON_REACTIVE)
API = "/api/v1/partner/stock"


def make_unit(partner: Any, **values: Any) -> Unit:
    """A released bag of B+ red cells that lives another thirty days."""
    now = clock.now()
    defaults = {
        "din": format_din("B1234", 30, next(_numbers)),
        "component": Component.RED_CELLS,
        "status": "available",
        "blood_group": "B+",
        "volume_ml": 250,
        "collected_at": now - dt.timedelta(days=1),
        "expires_at": now + dt.timedelta(days=30),
    }
    unit = Unit(partner=partner, **{**defaults, **values})
    Collection.objects.get_or_create(din=unit.din, defaults={"partner": partner})
    unit.save()
    return unit


def give_results(unit: Unit, **findings: str) -> Unit:
    """Let the donation of a bag have every test and a confirmed group."""
    Collection.objects.filter(pk=unit.din).update(blood_group=unit.blood_group, group_confirmed_at=clock.now())
    TestResult.objects.bulk_create(
        TestResult(collection_id=unit.din, test=test, finding=finding, recorded_by="lab", recorded_at=clock.now())
        for test, finding in {**CLEAR, **findings}.items()
    )
    return unit


def reserve(partner: Any, **values: Any) -> services.Holding:
    defaults = {
        "partner_id": partner.pk,
        "actor": "member:1",
        "purpose": "order:1",
        "component": Component.RED_CELLS,
        "blood_group": "B+",
        "units": 1,
    }
    with unit_of_work():
        return services.reserve_units(**{**defaults, **values})


def stepping(step: Any, **values: Any) -> Any:
    with unit_of_work():
        return step(**values)


def keeper(owner: Any | None = None) -> tuple[Any, Any]:
    """Return a partner and the client of its stock keeper."""
    partner = (owner or make_hospital()).partner
    return partner, member_client(make_member(partner, role="inventory"))


def verbs(unit: Unit) -> list[str]:
    return list(unit.movements.order_by("pk").values_list("verb", flat=True))


def status(unit: Unit) -> str:
    unit.refresh_from_db()
    return str(unit.status)


def counts_are_true() -> bool:
    """Whether the kept counts are those of the rows."""
    rows: dict[Any, int] = {}
    for kind in Unit.objects.values_list("partner_id", "component", "blood_group", "status"):
        rows[kind] = rows.get(kind, 0) + 1
    kept = StockCount.objects.exclude(units=0).values_list("partner_id", "component", "blood_group", "status", "units")
    return {tuple(row[:4]): row[4] for row in kept} == rows
