"""The report after a camp: bags come into quarantine, donors are thanked, the camp is closed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from common import clock, outbox
from common.blood import BloodGroup
from common.db import command, lock
from common.errors import NotFound
from common.transitions import advance
from donations.errors import CollectedOutsideCamp, EnrolmentUnknown, NotCheckedIn
from donations.models import Camp, Enrolment
from donations.services.camps import hold_camp, move, record
from donations.services.checking_in import EARLY
from donations.services.enrolling import GIFT
from donations.services.giving import Given, known_to_rules, record_given
from donations.states import CAMP_TRANSITIONS, ConsentForm, EnrolmentStatus
from stock import services as stock
from stock.components import Component
from users.services import donors
from users.services.donors import Visited

if TYPE_CHECKING:
    from stock.models import Unit
    from users.models import Donor

LATE: Final = dt.timedelta(hours=3)  # after the camp's end: the last donors in the queue


@dataclass(frozen=True)
class Gave:
    """An enrolled donor's whole blood. Without a time, the time of the check-in; without a number, the next one."""

    enrolment_id: uuid.UUID
    volume_ml: int
    haemoglobin_g_dl: Decimal
    blood_group: BloodGroup | None = None
    donated_at: dt.datetime | None = None
    din: str = ""
    consent: ConsentForm | None = None
    vitals: Mapping[str, Any] = field(default_factory=dict)

    @property
    def measures(self) -> dict[str, Any]:
        return {"haemoglobin_g_dl": self.haemoglobin_g_dl, "volume_ml": self.volume_ml, **self.vitals}


@dataclass(frozen=True)
class FoundUnfit:
    """An enrolled donor who came and was found unfit."""

    enrolment_id: uuid.UUID
    code: str
    pause_until: dt.date | None = None


@dataclass(frozen=True)
class OtherBag:
    """Whole blood of somebody without a place here, or whose donation the rules refuse. Without a time, the start."""

    blood_group: BloodGroup
    volume_ml: int
    collected_at: dt.datetime | None = None
    din: str = ""


@dataclass(frozen=True)
class Collected:
    """A bag of the camp, and whose place it belongs to, if to one."""

    unit: Unit
    enrolment_id: uuid.UUID | None


@dataclass(frozen=True)
class Report:
    """What the report has made."""

    camp: Camp
    collected: list[Collected]
    deferred: int
    released: int
    missed: int


@command
def report_camp(
    *,
    camp_id: uuid.UUID,
    partner_id: uuid.UUID,
    member_id: uuid.UUID,
    gave: Sequence[Gave],
    unfit: Sequence[FoundUnfit],
    bags: Sequence[OtherBag],
) -> Report:
    """Close the camp with everything that was collected, once, all or nothing.

    Each donor who gave must have been checked in and be eligible by what was measured. Who came and is not in the
    report is released, who did not come has missed it; neither costs score.

    Locks: the donors, the bags' numbers, the partner's counter, the camp, its enrolments.
    Emits: unit.collected, donation.verified, camp.reported
    Raises, pointing at each item: EnrolmentUnknown, CollectedOutsideCamp, DonorNotEligible, UnitKnown, NotCheckedIn;
    NotFound, IllegalTransition, DinExhausted, DeferralUnknown, PauseUntilInvalid
    """
    camp = _camp_that_owes(camp_id, partner_id)
    named = {f"/donations/{i}/enrolment": one.enrolment_id for i, one in enumerate(gave)}
    named |= {f"/deferred/{i}/enrolment": one.enrolment_id for i, one in enumerate(unfit)}
    places = _places_named(camp, named)
    _refuse_odd_times(camp, gave, bags)
    held = donors.hold_donors(place.donor_id for place in places.values())
    _camp_that_owes(camp_id, partner_id)  # another report may have come while this one waited for the donors
    _refuse_ineligible(camp, gave, places, held)
    actor = f"member:{member_id}"
    units = stock.collect_units(
        partner_id=partner_id, actor=actor, bags=[*_bags_of_donors(camp, gave, places, held), *_other_bags(camp, bags)]
    )

    camp = hold_camp(camp_id, partner_id=partner_id)
    camp.status = advance(CAMP_TRANSITIONS, camp.state, "report")
    now = clock.now()
    rows = Enrolment.objects.filter(camp=camp, status__in=(EnrolmentStatus.ENROLLED, EnrolmentStatus.CHECKED_IN))
    waiting = {place.pk: place for place in lock(Enrolment, rows.values_list("pk", flat=True))}
    _refuse_who_was_not_there(named, waiting)
    move([waiting.pop(one.enrolment_id) for one in gave], verb="donate", actor=actor, now=now)
    move([waiting.pop(one.enrolment_id) for one in unfit], verb="defer", actor=actor, now=now)
    came = [place for place in waiting.values() if place.state is EnrolmentStatus.CHECKED_IN]
    absent = [place for place in waiting.values() if place.state is EnrolmentStatus.ENROLLED]
    move(came, verb="release", actor=actor, now=now)
    move(absent, verb="miss", actor=actor, now=now)
    if gave:
        record_given(
            [_given(camp, one, unit, places[one.enrolment_id], held) for one, unit in zip(gave, units, strict=False)],
            partner_id=partner_id,
            member_id=member_id,
            zone=camp.zone,
        )
    for one in unfit:
        place = places[one.enrolment_id]
        donors.record_deferral(
            held[place.donor_id],
            code=one.code,
            partner_id=partner_id,
            pause_until=one.pause_until,
            found_on=_came_on(camp, place),
        )
    camp.reported_at = now
    camp.save()
    record(camp, verb="report", actor=actor, donations=len(gave), other_bags=len(bags), deferred=len(unfit))
    outbox.emit("camp.reported", key=f"camp:{camp.pk}", camp=str(camp.pk))
    owners = [*(one.enrolment_id for one in gave), *(None for _ in bags)]
    collected = [Collected(unit, owner) for unit, owner in zip(units, owners, strict=True)]
    return Report(camp, collected, deferred=len(unfit), released=len(came), missed=len(absent))


def _camp_that_owes(camp_id: uuid.UUID, partner_id: uuid.UUID) -> Camp:
    """Look before any lock: what is refused here needs none. Raises: NotFound, IllegalTransition."""
    camp = Camp.objects.filter(pk=camp_id, partner_id=partner_id).first()
    if camp is None:
        raise NotFound
    advance(CAMP_TRANSITIONS, camp.stands, "report")
    return camp


def _places_named(camp: Camp, named: Mapping[str, uuid.UUID]) -> dict[uuid.UUID, Enrolment]:
    places = {place.pk: place for place in Enrolment.objects.filter(camp=camp, pk__in=set(named.values()))}
    seen: set[uuid.UUID] = set()
    wrong = []
    for pointer, enrolment_id in named.items():
        if enrolment_id not in places or enrolment_id in seen:
            wrong.append(pointer)
        seen.add(enrolment_id)
    if wrong:
        raise EnrolmentUnknown(pointers=wrong)
    return places


def _refuse_odd_times(camp: Camp, gave: Sequence[Gave], bags: Sequence[OtherBag]) -> None:
    earliest, latest = camp.starts_at - EARLY, min(camp.ends_at + LATE, clock.now())
    told = {f"/donations/{i}/donated_at": one.donated_at for i, one in enumerate(gave)}
    told |= {f"/units/{i}/collected_at": one.collected_at for i, one in enumerate(bags)}
    wrong = [pointer for pointer, moment in told.items() if moment is not None and not earliest <= moment <= latest]
    if wrong:
        raise CollectedOutsideCamp(pointers=wrong)


def _refuse_ineligible(
    camp: Camp,
    gave: Sequence[Gave],
    places: Mapping[uuid.UUID, Enrolment],
    held: Mapping[uuid.UUID, Donor],
) -> None:
    visits = {
        f"/donations/{i}": Visited(held[places[one.enrolment_id].donor_id], known_to_rules(one.measures))
        for i, one in enumerate(gave)
    }
    donors.refuse_ineligible_visits(visits, donation_type=GIFT, on=camp.opens_on)


def _refuse_who_was_not_there(named: Mapping[str, uuid.UUID], waiting: Mapping[uuid.UUID, Enrolment]) -> None:
    def is_there(enrolment_id: uuid.UUID) -> bool:
        return enrolment_id in waiting and waiting[enrolment_id].state is EnrolmentStatus.CHECKED_IN

    wrong = [pointer for pointer, enrolment_id in named.items() if not is_there(enrolment_id)]
    if wrong:
        raise NotCheckedIn(pointers=wrong)


def _bags_of_donors(
    camp: Camp,
    gave: Sequence[Gave],
    places: Mapping[uuid.UUID, Enrolment],
    held: Mapping[uuid.UUID, Donor],
) -> Iterable[stock.Bag]:
    for i, one in enumerate(gave):
        place = places[one.enrolment_id]
        yield stock.Bag(
            component=Component.WHOLE_BLOOD,
            blood_group=one.blood_group or BloodGroup(held[place.donor_id].blood_group),
            volume_ml=one.volume_ml,
            collected_at=_donated_at(camp, one, place),
            din=one.din,
            pointer=f"/donations/{i}/din",
        )


def _other_bags(camp: Camp, bags: Sequence[OtherBag]) -> Iterable[stock.Bag]:
    for i, one in enumerate(bags):
        yield stock.Bag(
            component=Component.WHOLE_BLOOD,
            blood_group=one.blood_group,
            volume_ml=one.volume_ml,
            # The earliest it can be: a bag's life must not be said to be longer than it is.
            collected_at=one.collected_at or camp.starts_at,
            din=one.din,
            pointer=f"/units/{i}/din",
        )


def _donated_at(camp: Camp, one: Gave, place: Enrolment) -> dt.datetime:
    return one.donated_at or place.checked_in_at or camp.starts_at


def _came_on(camp: Camp, place: Enrolment) -> dt.date:
    """Return the day of the check-in where the camp is held, however much later the report comes."""
    return (place.checked_in_at or camp.starts_at).astimezone(ZoneInfo(camp.zone)).date()


def _given(camp: Camp, one: Gave, unit: Unit, place: Enrolment, held: Mapping[uuid.UUID, Donor]) -> Given:
    return Given(
        donor=held[place.donor_id],
        unit=unit,
        donation_type=GIFT,
        blood_group=BloodGroup(unit.blood_group),
        confirmed_group=one.blood_group,
        donated_at=_donated_at(camp, one, place),
        measures=one.measures,
        consent=one.consent,
        key=f"enrolment:{place.pk}",
        enrolment_id=place.pk,
    )
