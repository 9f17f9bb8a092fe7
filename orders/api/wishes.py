"""From a body to what services understand."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from common import clock
from common.blood import BloodGroup, Sex
from common.geo import Point
from orders.quoting import Offer, offer
from orders.services.placing import Destination, Patient
from payments.parties import Party
from stock.compatibility import UNKNOWN
from stock.components import Component
from stock.services import Line, Needs

SOON = dt.timedelta(hours=1)  # a quote without a moment is for about now


def lines_in(body: dict[str, Any]) -> list[Line]:
    people = body.get("patient") or {}
    sex = people.get("sex")
    return [
        Line(
            component=Component(line["component"]),
            blood_group=UNKNOWN if line["blood_group"] == UNKNOWN else BloodGroup(line["blood_group"]),
            units=line["units"],
            needs=Needs(**dict.fromkeys(line["special"], True)),
            sex=Sex(sex) if sex else None,
            age=people.get("age"),
        )
        for line in body["lines"]
    ]


def quote_in(body: dict[str, Any], buyer: Party) -> Offer:
    """Return what the bank would charge. Raises: what `offer` raises"""
    place = body.get("deliver_to")
    return offer(
        buyer=buyer,
        bank_id=body["bank"],
        lines=lines_in(body),
        destination=Point(place["lat"], place["lng"]) if place else None,
        needed_by=body.get("needed_by") or clock.now() + SOON,
    )


def order_in(body: dict[str, Any], *, buyer: Party, actor: str) -> dict[str, Any]:
    """Return the arguments of `place_order`."""
    place, people = body.get("deliver_to"), body.get("patient") or {}
    requisition: uuid.UUID | None = body.get("requisition")
    return {
        "buyer": buyer,
        "actor": actor,
        "bank_id": body["bank"],
        "lines": lines_in(body),
        "patient": Patient(**{**people, "sex": Sex(people["sex"])}) if people else Patient(),
        "destination": Destination(place["address"], Point(place["lat"], place["lng"])) if place else None,
        "needed_by": body["needed_by"],
        "requisition": requisition,
        "requisition_number": body.get("requisition_number", ""),
        "note_to_bank": body["note"],
    }
