"""The states of a bag, of its tests, and why it leaves."""

from enum import StrEnum
from typing import Final


class UnitStatus(StrEnum):
    QUARANTINED = "quarantined"
    AVAILABLE = "available"
    RESERVED = "reserved"
    ISSUED = "issued"
    IN_TRANSIT = "in_transit"
    TRANSFUSED = "transfused"
    DISCARDED = "discarded"
    EXPIRED = "expired"


TERMINAL = frozenset({UnitStatus.TRANSFUSED, UnitStatus.DISCARDED, UnitStatus.EXPIRED})
# In the partner's own refrigerator: what is tested, promised, counted and swept there.
ON_SHELF: Final = frozenset({UnitStatus.QUARANTINED, UnitStatus.AVAILABLE, UnitStatus.RESERVED})
# Out of reach when the donation turns out reactive: found by the look-back.
BEYOND_REACH: Final = frozenset({UnitStatus.ISSUED, UnitStatus.IN_TRANSIT, UnitStatus.TRANSFUSED})
UNIT_TRANSITIONS = {
    (UnitStatus.QUARANTINED, "release"): UnitStatus.AVAILABLE,
    (UnitStatus.AVAILABLE, "reserve"): UnitStatus.RESERVED,
    (UnitStatus.RESERVED, "unreserve"): UnitStatus.AVAILABLE,
    (UnitStatus.RESERVED, "issue"): UnitStatus.ISSUED,
    (UnitStatus.ISSUED, "transfuse"): UnitStatus.TRANSFUSED,
    (UnitStatus.AVAILABLE, "ship"): UnitStatus.IN_TRANSIT,
    (UnitStatus.RESERVED, "ship"): UnitStatus.IN_TRANSIT,
    (UnitStatus.IN_TRANSIT, "receive"): UnitStatus.AVAILABLE,
    **{(state, "discard"): UnitStatus.DISCARDED for state in UnitStatus if state not in TERMINAL},
    **{(state, "expire"): UnitStatus.EXPIRED for state in UnitStatus if state not in TERMINAL},
}


class MandatoryTest(StrEnum):
    """What every donation is tested for before a bag of it is released (Drugs Rules 1945, Schedule F Part XII-B)."""

    HIV = "hiv"
    HBSAG = "hbsag"
    HCV = "hcv"
    SYPHILIS = "syphilis"
    MALARIA = "malaria"


class Finding(StrEnum):
    NON_REACTIVE = "non_reactive"
    REACTIVE = "reactive"


class DiscardReason(StrEnum):
    """Why a bag leaves unused. `separated` is no waste: the bag lives on as its components."""

    REACTIVE = "reactive"
    SEPARATED = "separated"
    BROKEN = "broken"
    HAEMOLYSED = "haemolysed"
    COLD_CHAIN = "cold_chain"
    INSUFFICIENT = "insufficient"
    COUNTED = "counted"
    OTHER = "other"


# What a member may give as a reason; the rest are written by what causes them.
OWN_REASONS: Final = (
    DiscardReason.BROKEN,
    DiscardReason.HAEMOLYSED,
    DiscardReason.COLD_CHAIN,
    DiscardReason.INSUFFICIENT,
    DiscardReason.OTHER,
)


class ReservationEnd(StrEnum):
    """Why a bag is kept for somebody no longer."""

    RELEASED = "released"
    LAPSED = "lapsed"
    ISSUED = "issued"
    SHIPPED = "shipped"
    LOST = "lost"  # the bag was discarded or expired


class CrossmatchResult(StrEnum):
    COMPATIBLE = "compatible"
    INCOMPATIBLE = "incompatible"
