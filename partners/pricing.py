"""What an order costs: computed here from a bank's own list, never taken from whoever orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from common.money import BASIS_POINTS, Currency, Money, share


class ChargeKind(StrEnum):
    PROCESSING = "processing"
    DELIVERY = "delivery"


class NotOnTheList(ValueError):
    """The bank has no charge for this component, which the exception names."""


class TooFar(ValueError):
    """The bank does not deliver so far; the exception names the farthest distance in km."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """The prices that hold between a bank and whoever orders, by component, and by distance in km, rising."""

    currency: Currency
    processing: Mapping[str, int]
    delivery: Sequence[tuple[Decimal, int]]
    tax_name: str
    processing_tax_bp: int
    delivery_tax_bp: int
    cancel_accepted_minor: int
    cancel_packed_minor: int


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of a quote; `amount_minor` is without the tax."""

    kind: ChargeKind
    component: str
    quantity: int
    unit_minor: int
    amount_minor: int
    tax_name: str
    tax_bp: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Quote:
    charges: tuple[Charge, ...]
    currency: Currency
    distance_km: float | None

    @property
    def total(self) -> Money:
        return Money(sum(charge.amount_minor + charge.tax_minor for charge in self.charges), self.currency)


def quote(tariff: Tariff, wanted: Mapping[str, int], *, distance_km: float | None) -> Quote:
    """Return what so many bags of each component cost, brought so far; without a distance they are fetched.

    Raises: NotOnTheList, TooFar
    """
    charges = [_processing(tariff, component, units) for component, units in wanted.items()]
    if distance_km is not None:
        charges.append(_charge(tariff, ChargeKind.DELIVERY, "", 1, _delivery(tariff, distance_km)))
    return Quote(tuple(charges), tariff.currency, distance_km)


def _processing(tariff: Tariff, component: str, units: int) -> Charge:
    if component not in tariff.processing:
        raise NotOnTheList(component)
    return _charge(tariff, ChargeKind.PROCESSING, component, units, tariff.processing[component])


def _delivery(tariff: Tariff, distance_km: float) -> int:
    for up_to_km, charge_minor in tariff.delivery:
        if distance_km <= up_to_km:
            return charge_minor
    raise TooFar(float(tariff.delivery[-1][0]) if tariff.delivery else 0.0)


def _charge(tariff: Tariff, kind: ChargeKind, component: str, quantity: int, unit_minor: int) -> Charge:
    tax_bp = tariff.processing_tax_bp if kind is ChargeKind.PROCESSING else tariff.delivery_tax_bp
    amount = quantity * unit_minor
    return Charge(
        kind=kind,
        component=component,
        quantity=quantity,
        unit_minor=unit_minor,
        amount_minor=amount,
        tax_name=tariff.tax_name,
        tax_bp=tax_bp,
        tax_minor=share(amount, tax_bp, BASIS_POINTS),
    )
