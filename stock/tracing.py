"""Where the bags of a donation went: from a bag back to the donation, and from the donation on to every bag."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from common.errors import NotFound
from stock.components import Component
from stock.din import DinInvalid, parse_din
from stock.models import Collection, Movement, Unit
from stock.states import DiscardReason, MandatoryTest, UnitStatus


@dataclass(frozen=True)
class Step:
    """One movement of a bag. `to_partner_id`: where what was issued is given."""

    verb: str
    status: UnitStatus
    at: dt.datetime
    partner_id: uuid.UUID
    actor: str
    facts: dict[str, Any]
    to_partner_id: uuid.UUID | None


@dataclass(frozen=True)
class TracedUnit:
    """A bag, whose it is, and its way so far."""

    id: uuid.UUID
    component: Component
    status: UnitStatus
    partner_id: uuid.UUID
    split_from: uuid.UUID | None
    discard_reason: str
    recalled_at: dt.datetime | None
    expires_at: dt.datetime
    steps: Sequence[Step]

    @property
    def was_separated(self) -> bool:
        return self.discard_reason == DiscardReason.SEPARATED


@dataclass(frozen=True)
class Trace:
    """Everything that was made of one donation. `tested_at`: when the last mandatory test was recorded, if all were."""

    din: str
    collector_id: uuid.UUID
    tested_at: dt.datetime | None
    reactive_at: dt.datetime | None
    units: Sequence[TracedUnit]

    @property
    def partner_ids(self) -> set[uuid.UUID]:
        """Everybody through whose hands it went."""
        steps = [step for unit in self.units for step in unit.steps]
        places = {step.to_partner_id for step in steps if step.to_partner_id is not None}
        return {self.collector_id, *(unit.partner_id for unit in self.units), *(s.partner_id for s in steps), *places}


def trace(din: str) -> Trace:
    """Return the way of a donation's bags, oldest first; four queries. Who may read it is the caller's to know.

    Raises: NotFound
    """
    donation = Collection.objects.prefetch_related("results").filter(pk=din).first()
    if donation is None:
        raise NotFound
    results = list(donation.results.all())
    tested = len(results) == len(MandatoryTest)
    movements = Prefetch("movements", Movement.objects.order_by("pk"))
    rows = Unit.objects.filter(din=din).prefetch_related(movements).order_by("pk")
    return Trace(
        din=din,
        collector_id=donation.partner_id,
        tested_at=max(result.recorded_at for result in results) if tested else None,
        reactive_at=donation.reactive_at,
        units=[_traced(unit) for unit in rows],
    )


def din_traceable_by(partner_id: uuid.UUID, text: str) -> str:
    """Return the number of the donation that a bag's id, its number or the text of its bar code names.

    It may be traced by whoever answers for the donation or has a bag of it. Raises: NotFound
    """
    try:
        din = Unit.objects.filter(pk=uuid.UUID(text)).values_list("din", flat=True).first()
    except ValueError:
        din = _parsed(text)
    if din is None:
        raise NotFound
    answers = Collection.objects.filter(pk=din, partner_id=partner_id)
    if not (answers.exists() or Unit.objects.filter(din=din, partner_id=partner_id).exists()):
        raise NotFound
    return din


def is_withdrawn(unit_id: uuid.UUID) -> bool:
    """Whether the bag was recalled, or its donation found reactive; so is a bag that nobody knows."""
    row = Unit.objects.filter(pk=unit_id).values_list("din", "recalled_at").first()
    return row is None or row[1] is not None or Collection.objects.filter(pk=row[0], reactive_at__isnull=False).exists()


def _parsed(text: str) -> str | None:
    try:
        return parse_din(text).value
    except DinInvalid:
        return None


def _traced(unit: Unit) -> TracedUnit:
    return TracedUnit(
        id=unit.pk,
        component=Component(unit.component),
        status=unit.stands,
        partner_id=unit.partner_id,
        split_from=unit.split_from_id,
        discard_reason=unit.discard_reason,
        recalled_at=unit.recalled_at,
        expires_at=unit.expires_at,
        steps=[_step(movement) for movement in unit.movements.all()],
    )


def _step(movement: Movement) -> Step:
    told = movement.facts.get("to_partner")
    place = uuid.UUID(told) if told else movement.partner_id
    return Step(
        verb=movement.verb,
        status=UnitStatus(movement.status),
        at=movement.created_at,
        partner_id=movement.partner_id,
        actor=movement.actor,
        facts=movement.facts,
        to_partner_id=place if movement.verb == "issue" else None,
    )
