"""An asked partner offers bags, which are kept from then on; the asker confirms."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from common import clock
from common.db import command, lock, step
from common.errors import NotFound
from partners import selectors as partners
from partners.errors import NoPriceList
from stock.compatibility import ranked_rows
from stock.din import DinInvalid, parse_din
from stock.errors import OfferTooLarge, TransferExpired, TransferTaken, UnitNamedTwice, UnitUnsuitable
from stock.models import Transfer, TransferUnit, Unit
from stock.services.allocating import Holding, Needs, keep_reservation, keep_units, reserve_units
from stock.services.exchanging.asking import answer, follow_up, open_ask, wanted_by
from stock.services.exchanging.records import WINDOWS, hold_transfer, holding_of, purpose_of, record, take_step, tell
from stock.services.moving import SYSTEM, settle
from stock.states import BEFORE_DISPATCH, Answer, Fate, TransferEnd, Urgency


@dataclass(frozen=True)
class Fee:
    """What the sender asks for processing each bag, in minor units; blood itself is never sold."""

    minor: int
    currency: str


@command
def offer(
    *,
    partner_id: uuid.UUID,
    member_id: uuid.UUID,
    transfer_id: uuid.UUID,
    units: int | None = None,
    named: Sequence[str] = (),
    fee: Fee | None = None,
) -> Transfer:
    """Give bags as an asked partner: those that are named, so many of the best, or as many as are wanted and there.

    They are kept until the offer is confirmed or its window has passed. What is missing is asked of others at once, as
    part of the same need. What was raised for a purpose is confirmed by this. Unless a fee is stated, it is that of the
    sender's price list, or of its contract with the asker.

    Locks: the need, the bags.
    Emits: transfer.offered, transfer.confirmed, transfer.requested, transfer.candidate_asked, transfer.ended, stock.low
    Raises: NotFound, IllegalTransition, TransferTaken, AskOver, OfferTooLarge, InsufficientStock, UnitUnsuitable,
    UnitNamedTwice
    """
    transfer = hold_transfer(transfer_id)
    ask = open_ask(transfer, partner_id)
    wanted = transfer.units
    if len(named) > wanted or (units or 0) > wanted:
        raise OfferTooLarge(wanted=wanted)
    actor, now = f"member:{member_id}", clock.now()
    confirm_by = min(now + WINDOWS[Urgency(transfer.urgency)].confirm, transfer.needed_by)
    until = transfer.needed_by if transfer.purpose else confirm_by
    holding = _keep(transfer, partner_id, units=units, named=named, actor=actor, until=until)
    if not answer(Q(pk=ask.pk), Answer.OFFERED):
        raise TransferTaken
    answer(Q(transfer=transfer), Answer.TAKEN)
    TransferUnit.objects.bulk_create(TransferUnit(transfer=transfer, unit_id=unit.unit_id) for unit in holding.units)
    offered = len(holding.units)
    fee = fee or _listed_fee(partner_id, transfer)
    take_step(
        transfer,
        verb="offer",
        actor=actor,
        by=partner_id,
        facts={"units": offered},
        sender_id=partner_id,
        holding=holding.id,
        units_offered=offered,
        fee_minor=fee.minor if fee else None,
        fee_currency=fee.currency if fee else "",
        due_at=confirm_by,
    )
    tell(transfer, "transfer.offered", units=offered, from_partner=str(partner_id))
    if transfer.purpose:
        _confirm(transfer, actor=SYSTEM, by=None, is_agreed=False)
    if offered < wanted:
        follow_up(transfer, units=wanted - offered)
    return transfer


@command
def confirm(*, partner_id: uuid.UUID, member_id: uuid.UUID, transfer_id: uuid.UUID) -> Transfer:
    """Accept an offer as the asker, and its fee; the bags are kept until they are needed.

    Locks: the need, the bags.      Emits: transfer.confirmed
    Raises: NotFound, IllegalTransition, TransferExpired, ReservationLapsed
    """
    transfer = hold_transfer(transfer_id)
    if transfer.partner_id != partner_id:
        raise NotFound
    if transfer.is_late:
        raise TransferExpired
    _confirm(transfer, actor=f"member:{member_id}", by=partner_id, is_agreed=True)
    keep_reservation(holding_id=holding_of(transfer), until=transfer.needed_by)
    return transfer


@step
def make_up_for(*, transfer_id: uuid.UUID, unit_ids: Sequence[uuid.UUID]) -> None:
    """Ask elsewhere for bags of a transfer that were lost before they could leave.

    Locks: the need.      Emits: transfer.requested, transfer.candidate_asked, transfer.ended
    """
    write_off(hold_transfer(transfer_id), unit_ids)


@step
def write_off(transfer: Transfer, unit_ids: Sequence[uuid.UUID]) -> None:
    """Note that these bags of a held transfer are lost, once, and ask elsewhere for as many.

    A transfer that has nothing left to send is over, as if its sender had cancelled it.
    """
    kept = TransferUnit.objects.filter(transfer=transfer, fate=Fate.OFFERED)
    lost = kept.filter(unit__in=unit_ids).update(fate=Fate.LOST)
    if not lost:
        return
    record(transfer, verb="lose", actor=SYSTEM, by=None, facts={"units": lost})
    following = follow_up(transfer, units=lost)
    if transfer.state in BEFORE_DISPATCH and not kept.exists():
        end = TransferEnd.CANCELLED
        take_step(transfer, verb="cancel", actor=SYSTEM, by=None, end_reason=end)
        tell(
            transfer,
            "transfer.ended",
            units=0 if following else lost,
            reason=str(end),
            sender=str(transfer.sender_id),
            asked=[],
            by=str(transfer.sender_id),
            follow_up=str(following.pk) if following else None,
        )


def units_named(transfer: Transfer, partner_id: uuid.UUID, named: Sequence[str]) -> list[uuid.UUID]:
    """Return the partner's bags of the wanted component that ids, numbers or bar codes name, in their order.

    Raises: UnitUnsuitable, UnitNamedTwice, pointing at each
    """
    keys = [key_of(text) for text in named]
    rows = Unit.objects.filter(partner_id=partner_id, component=transfer.component).filter(
        Q(pk__in=[key for key in keys if isinstance(key, uuid.UUID)])
        | Q(din__in=[key for key in keys if isinstance(key, str)])
    )
    known: dict[uuid.UUID | str, uuid.UUID] = {}
    for pk, din in rows.values_list("pk", "din"):
        known[pk] = known[din] = pk
    if unknown := [f"/named/{place}" for place, key in enumerate(keys) if key not in known]:
        raise UnitUnsuitable(pointers=unknown)
    found = [known[key] for key in keys]
    if twice := [f"/named/{place}" for place, pk in enumerate(found) if pk in found[:place]]:
        raise UnitNamedTwice(pointers=twice)
    return found


def key_of(text: str) -> uuid.UUID | str:
    """Return the id or the donation number that a text means, or the text itself when it is neither."""
    try:
        return uuid.UUID(text)
    except ValueError:
        pass
    try:
        return parse_din(text).value
    except DinInvalid:
        return text


def _confirm(transfer: Transfer, *, actor: str, by: uuid.UUID | None, is_agreed: bool) -> None:
    """A fee is agreed by a person of the asker, never by nobody."""
    agreed = clock.now() if is_agreed and transfer.fee_minor is not None else None
    take_step(transfer, verb="confirm", actor=actor, by=by, fee_agreed_at=agreed, due_at=transfer.needed_by)
    tell(transfer, "transfer.confirmed", units=transfer.units_offered, from_partner=str(transfer.sender_id))


def _keep(
    transfer: Transfer,
    partner_id: uuid.UUID,
    *,
    units: int | None,
    named: Sequence[str],
    actor: str,
    until: dt.datetime,
) -> Holding:
    wanted = wanted_by(transfer)
    if named:
        bags = _suitable(transfer, partner_id, named)
        return keep_units(units=bags, actor=actor, purpose=purpose_of(transfer), until=until)
    return reserve_units(
        partner_id=partner_id,
        actor=actor,
        purpose=purpose_of(transfer),
        component=wanted.component,
        blood_group=wanted.blood_group,
        units=units or wanted.units,
        at_least=units or 1,
        until=until,
        good_until=wanted.good_until,
        needs=wanted.needs,
        sex=wanted.sex,
        age=wanted.age,
    )


def _suitable(transfer: Transfer, partner_id: uuid.UUID, named: Sequence[str]) -> list[Unit]:
    """Lock the named bags. Raises: UnitUnsuitable unless each is fit for the recipient and good for long enough."""
    order = units_named(transfer, partner_id, named)
    bags = {unit.pk: unit for unit in lock(Unit, order)}
    settle(list(bags.values()))
    wanted = wanted_by(transfer)
    tiers = ranked_rows(wanted.blood_group, wanted.component, sex=wanted.sex, age=wanted.age)
    groups = {str(tier.donor) for tier in tiers}
    wrong = [place for place, pk in enumerate(order) if not _fits(bags[pk], partner_id, groups, wanted.needs, transfer)]
    if wrong:
        raise UnitUnsuitable(pointers=[f"/named/{place}" for place in wrong])
    return [bags[pk] for pk in order]


def _fits(unit: Unit, partner_id: uuid.UUID, groups: set[str], needs: Needs, transfer: Transfer) -> bool:
    return (
        unit.partner_id == partner_id
        and unit.blood_group in groups
        and unit.expires_at > transfer.needed_by
        and all(getattr(unit, name) for name, needed in vars(needs).items() if needed)
    )


def _listed_fee(sender_id: uuid.UUID, transfer: Transfer) -> Fee | None:
    """Return what the sender charges the asker for processing such a bag; None where it has no price for it."""
    try:
        tariff = partners.tariff_of(sender_id, partners.find_contract(sender_id, transfer.partner_id))
    except NoPriceList:
        return None
    minor = tariff.processing.get(transfer.component)
    return None if minor is None else Fee(minor, str(tariff.currency))
