"""What may be done to bags. Other apps compose the steps that are named here."""

from stock.services.allocating import (
    Holding,
    Needs,
    Picked,
    issue_units,
    keep_reservation,
    release_reservation,
    release_reservations,
    reserve_units,
)
from stock.services.collecting import collect_unit
from stock.services.crossmatching import Emergency
from stock.services.exchanging import cancel_transfer_of, raise_transfer

__all__ = [
    "Emergency",
    "Holding",
    "Needs",
    "Picked",
    "cancel_transfer_of",
    "collect_unit",
    "issue_units",
    "keep_reservation",
    "raise_transfer",
    "release_reservation",
    "release_reservations",
    "reserve_units",
]
