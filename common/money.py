"""Money: integer minor units (paise, poisha, cents) and an ISO 4217 currency. Never a float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

LARGEST: Final = 10**13  # minor units; no single payment of this product comes near, and every sum fits a bigint
BASIS_POINTS: Final = 10_000  # in a whole: rates of taxes are written so
MINOR_DIGITS: Final = 2  # of every currency below (ISO 4217)


class Currency(StrEnum):
    """The currencies the product deals in."""

    INR = "INR"
    BDT = "BDT"
    USD = "USD"
    EUR = "EUR"


SIGNS: Final = {Currency.INR: "₹", Currency.BDT: "৳", Currency.USD: "$", Currency.EUR: "€"}


class CurrenciesDiffer(ValueError):
    """Two currencies do not add up."""


@dataclass(frozen=True, slots=True)
class Money:
    """So many minor units of one currency."""

    minor: int
    currency: Currency

    def __post_init__(self) -> None:
        if isinstance(self.minor, bool) or not isinstance(self.minor, int):
            raise TypeError("Money counts whole minor units.")

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrenciesDiffer(f"{self.currency} and {other.currency}")
        return other.minor


def share(minor: int, part: int, whole: int) -> int:
    """Return `minor * part / whole`, half away from zero: the product's one way to round."""
    return int((Decimal(minor) * part / whole).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def in_words(money: Money) -> str:
    """Return the amount for people, as in «₹1,250.00»."""
    major = Decimal(money.minor).scaleb(-MINOR_DIGITS)
    return f"{'-' if major < 0 else ''}{SIGNS[money.currency]}{abs(major):,.{MINOR_DIGITS}f}"


def in_code(money: Money) -> str:
    """Return the amount in letters that every telephone has, as in «INR 1,250.00»."""
    return f"{money.currency} {Decimal(money.minor).scaleb(-MINOR_DIGITS):,.{MINOR_DIGITS}f}"
