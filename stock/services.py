"""What may be done to bags."""

from __future__ import annotations

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

from common import outbox
from common.blood import BloodGroup
from common.db import lock_one, step
from partners import selectors as partners
from stock.components import Component, expires_at
from stock.din import format_din
from stock.models import DinCounter, Movement, Unit


@step
def collect_unit(
    *,
    partner_id: uuid.UUID,
    actor: str,
    component: Component,
    blood_group: BloodGroup,
    volume_ml: int,
    collected_at: dt.datetime,
) -> Unit:
    """Put a fresh bag into quarantine under the partner's next donation number.

    Locks: the partner's counter of the year.      Emits: unit.collected      Raises: DinExhausted
    """
    unit = Unit.objects.create(
        partner_id=partner_id,
        din=_next_din(partner_id, collected_at),
        component=component,
        blood_group=blood_group,
        volume_ml=volume_ml,
        collected_at=collected_at,
        expires_at=expires_at(component, started_at=collected_at),
    )
    Movement.objects.create(unit=unit, verb="collect", actor=actor)
    outbox.emit("unit.collected", key=f"unit:{unit.pk}", unit=str(unit.pk))
    return unit


def _next_din(partner_id: uuid.UUID, collected_at: dt.datetime) -> str:
    """Return the next number of the partner and the civil year of its zone."""
    year = collected_at.astimezone(ZoneInfo(partners.card(partner_id).zone)).year
    DinCounter.objects.bulk_create([DinCounter(partner_id=partner_id, year=year)], ignore_conflicts=True)
    found = DinCounter.objects.values_list("pk", flat=True).get(partner_id=partner_id, year=year)
    counter = lock_one(DinCounter, found)
    counter.last += 1
    counter.save(update_fields=["last"])
    return format_din(partners.facility_code_of(partner_id), year, counter.last)
