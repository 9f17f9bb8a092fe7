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
from stock.services.collecting import collect_unit
from stock.services.crossmatching import Emergency

__all__ = [
    "Emergency",
    "Holding",
    "Needs",
    "Picked",
    "collect_unit",
    "issue_units",
    "keep_reservation",
    "release_reservation",
    "reserve_units",
]
