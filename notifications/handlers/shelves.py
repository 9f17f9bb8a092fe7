"""Blood that runs low, and bags that must be looked for."""

from __future__ import annotations

from common.models import OutboxEvent
from common.outbox import on
from notifications.handlers.addressing import (
    KEEPING,
    id_in,
    members,
    occasion,
)
from notifications.kinds import Kind
from notifications.services import notify
from partners import selectors as partners
from stock.components import Component


@on("stock.low")
def tell_stock_low(event: OutboxEvent) -> None:
    """Warn those who keep the stock, with the numbers of the moment it fell below what is wanted."""
    partner_id = id_in(event, "partner")
    notify(
        kind=Kind.STOCK_LOW,
        occasion=occasion(event),
        recipients=members(partner_id, KEEPING),
        facts={
            "partner": partners.card(partner_id).name,
            "component": Component(event.payload["component"]).short_code,
            "group": event.payload["blood_group"],
            "available": event.payload["available"],
            "minimum": event.payload["minimum"],
        },
    )


@on("unit.recalled")
def tell_units_recalled(event: OutboxEvent) -> None:
    """Have the bags looked for, without a word of what was found: that stands with the bag."""
    partner_id = id_in(event, "partner")
    notify(
        kind=Kind.UNITS_RECALLED,
        occasion=occasion(event),
        recipients=members(partner_id, KEEPING),
        facts={"partner": partners.card(partner_id).name, "bags": len(event.payload["units"])},
        is_critical=True,
    )
