"""What may be read of stock, by whom."""

from stock.selectors.levels import Level, levels_of, policy_of, stock_of, thresholds_of
from stock.selectors.offers import GroupOffer, Offer, search
from stock.selectors.portal import REPORT_HEADING, report_rows
from stock.selectors.transfers import (
    ASKED_OF_US,
    OURS_ASKED,
    TransferFacts,
    TransferState,
    asks_of,
    get_transfer_for,
    transfer_facts,
    transfers_due,
    transfers_of,
    transfers_of_need,
)
from stock.selectors.units import (
    HeldUnit,
    answerable,
    get_tested_unit,
    get_unit_of,
    held_units,
    key_of,
    movements_of,
    products_of,
    unit_id_of,
    unit_id_to_test,
    units_of,
)

__all__ = [
    "ASKED_OF_US",
    "OURS_ASKED",
    "REPORT_HEADING",
    "GroupOffer",
    "HeldUnit",
    "Level",
    "Offer",
    "TransferFacts",
    "TransferState",
    "answerable",
    "asks_of",
    "get_tested_unit",
    "get_transfer_for",
    "get_unit_of",
    "held_units",
    "key_of",
    "levels_of",
    "movements_of",
    "policy_of",
    "products_of",
    "report_rows",
    "search",
    "stock_of",
    "thresholds_of",
    "transfer_facts",
    "transfers_due",
    "transfers_of",
    "transfers_of_need",
    "unit_id_of",
    "unit_id_to_test",
    "units_of",
]
