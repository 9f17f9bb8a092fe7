"""From a donation to where its components went: in neutral words for the donor, in full for those who answer for it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from donations.models import Donation
from donations.selectors import get_donation_of_donor, get_donation_of_partner
from donations.states import JourneyStep
from partners import selectors as partners
from partners.selectors import PartnerCard
from stock import tracing
from stock.components import Component
from stock.states import UnitStatus
from stock.tracing import Step, Trace, TracedUnit

# What a bag's state means to its donor. Why a bag was not used is nobody's to read here: the centre tells in person.
_SHOWN: Final = {
    UnitStatus.QUARANTINED: JourneyStep.IN_PROCESS,
    UnitStatus.AVAILABLE: JourneyStep.READY,
    UnitStatus.RESERVED: JourneyStep.READY,
    UnitStatus.IN_TRANSIT: JourneyStep.ON_ITS_WAY,
    UnitStatus.ISSUED: JourneyStep.ISSUED,
    UnitStatus.TRANSFUSED: JourneyStep.GIVEN,
    UnitStatus.DISCARDED: JourneyStep.NOT_USED,
    UnitStatus.EXPIRED: JourneyStep.NOT_USED,
}
# The movements that a donor reads of; those of keeping and reserving are the partner's own.
_TOLD: Final = frozenset({"release", "ship", "receive", "issue", "transfuse"})


@dataclass(frozen=True)
class Stop:
    """One step of a component, on a civil day where it happened."""

    step: JourneyStep
    on: dt.date
    partner: PartnerCard | None


@dataclass(frozen=True)
class ComponentJourney:
    component: Component
    now: JourneyStep
    stops: Sequence[Stop]


@dataclass(frozen=True)
class Journey:
    """What a donor may know of where the blood went: hospitals and days, never a recipient, never a result."""

    donation: Donation
    donated_on: dt.date
    tested_on: dt.date | None
    components: Sequence[ComponentJourney]


@dataclass(frozen=True)
class TraceOf:
    """A trace with the names of everybody in it; the donation and its donor only for the partner that took it."""

    trace: Trace
    partner_id: uuid.UUID
    places: dict[uuid.UUID, PartnerCard]
    donation: Donation | None


def journey_of_donor(donor_id: uuid.UUID, donation_id: uuid.UUID) -> Journey:
    """Raises: NotFound, also for another donor's."""
    donation = get_donation_of_donor(donor_id, donation_id)
    trace = tracing.trace(donation.unit.din)
    places = partners.cards(trace.partner_ids)
    zone = ZoneInfo(donation.partner.zone)
    return Journey(
        donation=donation,
        donated_on=donation.donated_at.astimezone(zone).date(),
        tested_on=None if trace.tested_at is None else trace.tested_at.astimezone(zone).date(),
        components=[
            ComponentJourney(unit.component, _standing(unit), list(_stops(unit, places))) for unit in trace.units
        ],
    )


def trace_of_donation(partner_id: uuid.UUID, donation_id: uuid.UUID) -> TraceOf:
    """Raises: NotFound, also for another partner's."""
    return _trace(partner_id, get_donation_of_partner(partner_id, donation_id).unit.din)


def trace_of_bag(partner_id: uuid.UUID, text: str) -> TraceOf:
    """Return the trace of the donation that a bag's id, number or bar code names.

    Raises: NotFound unless the partner answers for the donation or has a bag of it
    """
    return _trace(partner_id, tracing.din_traceable_by(partner_id, text))


def _trace(partner_id: uuid.UUID, din: str) -> TraceOf:
    found = tracing.trace(din)
    mine = Donation.objects.filter(partner_id=partner_id, unit__din=din).select_related("donor__user")
    return TraceOf(found, partner_id, partners.cards(found.partner_ids), mine.first())


def _standing(unit: TracedUnit) -> JourneyStep:
    return JourneyStep.SEPARATED if unit.was_separated else _SHOWN[unit.status]


def _stops(unit: TracedUnit, places: dict[uuid.UUID, PartnerCard]) -> Iterator[Stop]:
    for step in unit.steps:
        if step.verb in _TOLD:
            yield _stop(step, _SHOWN[step.status], places)
    if unit.was_separated:
        yield _stop(unit.steps[-1], JourneyStep.SEPARATED, places)


def _stop(step: Step, shown: JourneyStep, places: dict[uuid.UUID, PartnerCard]) -> Stop:
    place = places.get(step.to_partner_id or step.partner_id)
    zone = ZoneInfo(place.zone) if place else dt.UTC
    return Stop(shown, step.at.astimezone(zone).date(), place)
