"""What a family needs and what is promised are brought into line: one source at a time, each in its own transaction.

Every act looks at the request as it is, under its lock, and does what is missing or lets go what is too much; doing it
again changes nothing. Stock comes first, then other partners, then donors. A critical request does not wait for bags
from elsewhere: donors are asked at once for all that the hospital does not have.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from common import clock, outbox
from common.blood import BloodGroup, Sex
from common.db import step
from requests_app.models import AttenderRequest, AttenderStep
from requests_app.services import posting
from requests_app.services.families.history import (
    SYSTEM,
    announce,
    begin,
    has_answered,
    key_of,
    live_steps,
    lock_family,
    move_source,
    note,
    resize,
    unsettle,
)
from requests_app.services.families.raising import REACH_KM
from requests_app.states import (
    LIVE_FAMILY,
    FamilyStatus,
    RequestStatus,
    SourceKind,
    SourceStatus,
    Urgency,
)
from stock import selectors as stock_read
from stock import services as stock
from stock.compatibility import UNKNOWN, compatible_donors
from stock.components import Component
from stock.errors import InsufficientStock

# How long bags are kept for a family of which the hospital has said nothing yet.
HOLD: Final = {
    Urgency.CRITICAL: dt.timedelta(minutes=30),
    Urgency.URGENT: dt.timedelta(hours=1),
    Urgency.ROUTINE: dt.timedelta(hours=4),
}
SUFFICES: Final = "units_suffice"
EXHAUSTED: Final = "exhaust"


@dataclass(frozen=True)
class Balance:
    """Units that are still needed, kept at the hospital, to come from other partners, and asked of donors."""

    left: int
    held: int
    coming: int
    asked: int


@step
def settle_stock(*, request_id: uuid.UUID) -> None:
    """Reserve what is missing at the hospital, or let go what nobody needs.

    Locks: the request, the bags.      Emits: family.source_changed, stock.low
    """
    request = lock_family(request_id)
    if _waits_for_its_sweep(request):
        return
    lapse_if_silent(request)
    sources = live_steps(request)
    found = balance_of(request, sources)
    is_over = request.state not in LIVE_FAMILY
    if is_over or found.held > found.left:
        _let_go(request, sources, keep=found.left)
    elif found.held < found.left and request.stock_open:
        _reserve(request, found.left - found.held)


@step
def settle_transfer(*, request_id: uuid.UUID) -> None:
    """Have bags brought from the nearest partner that has them, or tell it that they are not needed.

    Locks: the request, what a transfer locks.      Emits: family.source_changed, what a transfer emits
    """
    request = lock_family(request_id)
    if _waits_for_its_sweep(request):
        return
    sources = live_steps(request)
    found = balance_of(request, sources)
    if found.held >= found.left:
        _call_off(request, [source for source in sources if source.kind == SourceKind.TRANSFER])
        return
    short = found.left - found.held - found.coming - (0 if request.is_critical else found.asked)
    if short > 0 and request.transfer_open:
        _bring(request, short)


@step
def settle_donors(*, request_id: uuid.UUID) -> None:
    """Ask donors for what nobody else gives, or ask for fewer; who has come already is not sent away.

    When nobody is left who could be asked, the family hears of that, once.

    Locks: the request, the blood requests, the promises let go.      Emits: family.source_changed, family.exhausted,
    request.opened, request.cancelled, request.filled, request.fulfilled, assignment.released
    """
    request = lock_family(request_id)
    if _waits_for_its_sweep(request):
        return
    sources = live_steps(request)
    found = balance_of(request, sources)
    wanted = max(0, found.left - found.held - (0 if request.is_critical else found.coming))
    if found.asked > wanted:
        _ask_for_fewer(
            request, [source for source in sources if source.kind == SourceKind.DONORS], found.asked - wanted
        )
    elif found.asked < wanted and request.donors_open:
        _ask(request, wanted - found.asked)
    _say_when_exhausted(request)


@step
def lapse_if_silent(request: AttenderRequest) -> bool:
    """Go on without a hospital that has not answered while bags were kept there; return whether it was so.

    Its bags are asked for again only when it answers. The caller holds the request.
    """
    is_due = request.look_again_at is not None and request.look_again_at <= clock.now()
    if request.state is not FamilyStatus.OPEN or not is_due:
        return False
    request.stock_open, request.look_again_at = False, None
    request.save(update_fields=["stock_open", "look_again_at", "updated_at"])
    sync_reserved(request, live_steps(request, SourceKind.STOCK), otherwise="lapse")
    return True


def balance_of(request: AttenderRequest, sources: list[AttenderStep]) -> Balance:
    """Return what is needed and promised; a closed request needs nothing. The caller holds the request."""
    kept = [source.holding for source in sources if source.holding is not None]
    return Balance(
        left=request.units_left if request.state in LIVE_FAMILY else 0,
        held=len(stock_read.held_units(kept)),
        coming=sum(
            source.units
            for source in sources
            if source.kind == SourceKind.TRANSFER and source.state is not SourceStatus.RESERVED
        ),
        asked=sum(source.units - source.units_given for source in sources if source.kind == SourceKind.DONORS),
    )


def donors_group(request: AttenderRequest) -> BloodGroup | None:
    """Return as whose blood donors are asked: of an unknown group, one that takes only what every patient may have."""
    if request.recipient != UNKNOWN:
        return BloodGroup(request.recipient)
    component = Component(request.component)
    safe = compatible_donors(UNKNOWN, component, sex=Sex(request.patient_sex), age=request.patient_age)
    return next((group for group in safe if set(compatible_donors(group, component)) <= set(safe)), None)


def sync_reserved(request: AttenderRequest, sources: list[AttenderStep], *, otherwise: str, reason: str = "") -> None:
    """Write down how many bags each source still keeps; one that keeps none has given all, or goes `otherwise`."""
    reserved = [source for source in sources if source.state is SourceStatus.RESERVED and source.holding is not None]
    left = Counter(
        unit.holding for unit in stock_read.held_units(source.holding for source in reserved if source.holding)
    )
    for source in reserved:
        kept = left[source.holding] if source.holding else 0
        if kept:
            resize(request, source, source.units_given + kept)
        elif source.units_given:
            move_source(request, source, "fulfil", units=source.units_given)
        else:
            move_source(request, source, otherwise, reason=reason)


def _waits_for_its_sweep(request: AttenderRequest) -> bool:
    return request.state in LIVE_FAMILY and not request.is_live_at(clock.now())


def _let_go(request: AttenderRequest, sources: list[AttenderStep], *, keep: int) -> None:
    holdings = [source.holding for source in sources if source.holding is not None]
    if not holdings:
        return
    stock.trim_reservations(holding_ids=holdings, keep=keep, actor=SYSTEM)
    sync_reserved(request, sources, otherwise="release", reason=SUFFICES if request.state in LIVE_FAMILY else "")


def _reserve(request: AttenderRequest, units: int) -> None:
    now = clock.now()
    until = request.needed_by
    if not has_answered(request):
        # The hospital's time runs from the first bags: others that join them give it no more.
        until = min(until, request.look_again_at or now + HOLD[Urgency(request.urgency)])
    try:
        holding = stock.reserve_units(
            partner_id=request.partner_id,
            actor=SYSTEM,
            purpose=request.purpose,
            component=Component(request.component),
            blood_group=request.recipient,
            units=units,
            at_least=1,
            until=until,
            good_until=request.needed_by,
            sex=Sex(request.patient_sex),
            age=request.patient_age,
            without=stock_read.incompatible_with(request.purpose),
        )
    except InsufficientStock:
        _write_that_there_is_none(request, SourceKind.STOCK, units)
        return
    reserved = len(holding.units)
    source = begin(request, SourceKind.STOCK, units=reserved, holding=holding.id, until=until)
    move_source(request, source, "reserve")
    request.stock_open = reserved == units
    request.look_again_at = None if has_answered(request) else until
    request.save(update_fields=["stock_open", "look_again_at", "updated_at"])


def _bring(request: AttenderRequest, units: int) -> None:
    transfer = stock.raise_transfer(
        partner_id=request.partner_id,
        actor=SYSTEM,
        blood_group=request.recipient,
        component=Component(request.component),
        units=units,
        needed_by=request.needed_by,
        critical=request.is_critical,
        radius_km=Decimal(str(REACH_KM)),
        sex=Sex(request.patient_sex),
        age=request.patient_age,
        purpose=request.purpose,
    )
    if transfer is None:
        _write_that_there_is_none(request, SourceKind.TRANSFER, units)
    else:
        begin(request, SourceKind.TRANSFER, units=units, transfer=transfer.pk, need=transfer.need)


def _call_off(request: AttenderRequest, sources: list[AttenderStep]) -> None:
    """Call off one need for which bags have not left yet; another has its turn in the next transaction.

    What is on the road comes all the same, and is the hospital's.
    """
    is_over = request.state not in LIVE_FAMILY
    coming = [source for source in sources if source.state is not SourceStatus.RESERVED]
    needs = {source.need: source for source in coming if is_over or source.state is not SourceStatus.ON_THE_WAY}
    for need, one in list(needs.items())[:1]:
        if one.transfer is not None:
            stock.cancel_transfer_of(transfer_id=one.transfer, actor=SYSTEM, reason=SUFFICES)
        for source in coming:
            if source.need == need:
                move_source(request, source, "release", reason="" if is_over else SUFFICES)
    if len(needs) > 1:
        unsettle(request)


def _ask(request: AttenderRequest, units: int) -> None:
    group = donors_group(request)
    if group is None:
        _write_that_there_is_none(request, SourceKind.DONORS, units)
        return
    posted = posting.open_request(
        partner_id=request.partner_id,
        member_id=None,
        actor=SYSTEM,
        blood_group=group,
        component=Component(request.component),
        units=units,
        urgency=Urgency(request.urgency),
        needed_by=request.needed_by,
    )
    source = begin(request, SourceKind.DONORS, units=units, blood_request=posted)
    announce(request, source)


def _ask_for_fewer(request: AttenderRequest, sources: list[AttenderStep], surplus: int) -> None:
    """The newest are asked for less first."""
    most: dict[uuid.UUID, int] = {}
    for source in reversed(sources):
        less = min(surplus, source.units - source.units_given)
        surplus -= less
        if less and source.blood_request_id is not None:
            most[source.blood_request_id] = source.units - less
    lowered = posting.lower_requests(most=most, actor=SYSTEM, reason=SUFFICES)
    is_over = request.state not in LIVE_FAMILY
    for source in sources:
        blood_request = lowered.get(source.blood_request_id) if source.blood_request_id else None
        if blood_request is None:
            continue
        if blood_request.status == RequestStatus.FULFILLED:
            move_source(request, source, "fulfil", units=blood_request.units_fulfilled)
        elif is_over or blood_request.status == RequestStatus.CANCELLED:
            move_source(request, source, "release", reason="" if is_over else SUFFICES)
        else:
            resize(request, source, blood_request.units)


def _say_when_exhausted(request: AttenderRequest) -> None:
    if request.state not in LIVE_FAMILY or request.stock_open or request.transfer_open or request.donors_open:
        return
    found = balance_of(request, live_steps(request))
    missing = found.left - found.held - found.coming - found.asked
    if missing > 0 and not request.events.filter(verb=EXHAUSTED).exists():
        note(request, verb=EXHAUSTED, units=missing)
        outbox.emit("family.exhausted", key=key_of(request), attender_request=str(request.pk), units=missing)


def _write_that_there_is_none(request: AttenderRequest, kind: SourceKind, units: int) -> None:
    """A source that has nothing is not asked again, and it is said once."""
    setattr(request, f"{kind}_open", False)
    request.save(update_fields=[f"{kind}_open", "updated_at"])
    known = AttenderStep.objects.filter(request=request, kind=kind, status=SourceStatus.UNAVAILABLE)
    if not known.exists():
        move_source(request, begin(request, kind, units=units), "miss")
