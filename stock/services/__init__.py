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
from stock.services.collecting import Bag, collect_unit, collect_units
from stock.services.crossmatching import Emergency, answered_for
from stock.services.exchanging import cancel_transfer_of, raise_transfer
from stock.services.holding import issue_reserved, keep_reservations, let_go, trim_reservations
from stock.services.lines import (
    Condition,
    Line,
    Returned,
    pack_units,
    quarantine_units,
    renew_lines,
    reserve_lines,
    return_units,
)

__all__ = [
    "Bag",
    "Condition",
    "Emergency",
    "Holding",
    "Line",
    "Needs",
    "Picked",
    "Returned",
    "answered_for",
    "cancel_transfer_of",
    "collect_unit",
    "collect_units",
    "issue_reserved",
    "issue_units",
    "keep_reservation",
    "keep_reservations",
    "let_go",
    "pack_units",
    "quarantine_units",
    "raise_transfer",
    "release_reservation",
    "release_reservations",
    "renew_lines",
    "reserve_lines",
    "reserve_units",
    "return_units",
    "trim_reservations",
]
