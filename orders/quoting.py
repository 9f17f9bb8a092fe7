"""What an order would cost at a bank, for whoever asks."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final

from common import clock
from common.geo import Point, distance_km
from orders.errors import BankIsBuyer, DeliveryTooFar, LinesDouble, NeededByInvalid, NotOffered
from partners import selectors as partners
from partners.pricing import NotOnTheList, Quote, Tariff, TooFar, quote
from payments.parties import Party
from stock.services import Line

LONGEST_AHEAD: Final = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Offer:
    """A quote, the prices it was made from, and the contract behind them."""

    quote: Quote
    tariff: Tariff
    contract_id: uuid.UUID | None

    def charges(self) -> list[dict[str, Any]]:
        """Return the lines as an order keeps them."""
        return [asdict(charge) for charge in self.quote.charges]


def offer(
    *, buyer: Party, bank_id: uuid.UUID, lines: Sequence[Line], destination: Point | None, needed_by: dt.datetime
) -> Offer:
    """Return what the bank would charge; without a destination the bags are fetched.

    Raises: NotFound, BankIsBuyer, NeededByInvalid, LinesDouble, NoPriceList, NotOffered, DeliveryTooFar
    """
    bank = partners.bank_card(bank_id, world=None if buyer.partner_id is None else partners.world_of(buyer.partner_id))
    if buyer.partner_id == bank_id:
        raise BankIsBuyer
    now = clock.now()
    if not now < needed_by <= now + LONGEST_AHEAD:
        raise NeededByInvalid
    kinds = [(line.component, line.blood_group, line.needs) for line in lines]
    if len(set(kinds)) < len(kinds):
        raise LinesDouble
    contract = None if buyer.partner_id is None else partners.find_contract(bank_id, buyer.partner_id)
    tariff = partners.tariff_of(bank_id, contract)
    wanted: dict[str, int] = {}
    for line in lines:
        wanted[line.component] = wanted.get(line.component, 0) + line.units
    far = None if destination is None else distance_km(bank.location, destination)
    try:
        priced = quote(tariff, wanted, distance_km=far)
    except NotOnTheList as missing:
        raise NotOffered(component=str(missing)) from None
    except TooFar as farthest:
        raise DeliveryTooFar(distance_km=round(far or 0.0, 1), up_to_km=farthest.args[0]) from None
    return Offer(priced, tariff, None if contract is None else contract.pk)


def in_column(km: float | None) -> Decimal | None:
    return None if km is None else Decimal(str(round(km, 3)))
