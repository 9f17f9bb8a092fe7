"""Bags of blood: what they are, where they lie, and how they go from one partner to another."""

from stock.models.shelves import Crossmatch, Reservation, StockCount, StockPolicy, Threshold
from stock.models.transfers import Transfer, TransferAsk, TransferEvent, TransferQuerySet, TransferUnit
from stock.models.units import IN_AND_OUT, Collection, DinCounter, Movement, TestResult, Unit, UnitQuerySet

__all__ = [
    "IN_AND_OUT",
    "Collection",
    "Crossmatch",
    "DinCounter",
    "Movement",
    "Reservation",
    "StockCount",
    "StockPolicy",
    "TestResult",
    "Threshold",
    "Transfer",
    "TransferAsk",
    "TransferEvent",
    "TransferQuerySet",
    "TransferUnit",
    "Unit",
    "UnitQuerySet",
]
