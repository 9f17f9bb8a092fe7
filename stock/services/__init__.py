"""What may be done to bags. Other apps compose the steps that are named here."""

from stock.services.allocating import (
    Holding,
    Needs,
    Picked,
    issue_units,
    keep_reservation,
    release_reservation,
    reserve_units,
)
from stock.services.collecting import Bag, collect_unit, collect_units

__all__ = [
    "Bag",
    "Holding",
    "Needs",
    "Picked",
    "collect_unit",
    "collect_units",
    "issue_units",
    "keep_reservation",
    "release_reservation",
    "reserve_units",
]
