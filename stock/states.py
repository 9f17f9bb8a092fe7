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
    (UnitStatus.IN_TRANSIT, "quarantine"): UnitStatus.QUARANTINED,
    (UnitStatus.AVAILABLE, "quarantine"): UnitStatus.QUARANTINED,
    (UnitStatus.RESERVED, "quarantine"): UnitStatus.QUARANTINED,
    (UnitStatus.ISSUED, "quarantine"): UnitStatus.QUARANTINED,
    (UnitStatus.ISSUED, "restock"): UnitStatus.AVAILABLE,
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
    MISSING = "missing"
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


class Urgency(StrEnum):
    """How much a transfer hurries; the words are those of requests."""

    ROUTINE = "routine"
    URGENT = "urgent"
    CRITICAL = "critical"


class TransferStatus(StrEnum):
    REQUESTED = "requested"
    OFFERED = "offered"
    CONFIRMED = "confirmed"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


# Bags are asked for or kept, and none has left: what time and either side may still end.
BEFORE_DISPATCH: Final = frozenset({TransferStatus.REQUESTED, TransferStatus.OFFERED, TransferStatus.CONFIRMED})
SENDS: Final = frozenset(
    {TransferStatus.OFFERED, TransferStatus.CONFIRMED, TransferStatus.IN_TRANSIT, TransferStatus.RECEIVED}
)
UNSERVED: Final = frozenset({TransferStatus.REJECTED, TransferStatus.CANCELLED, TransferStatus.EXPIRED})
TRANSFER_TRANSITIONS = {
    (TransferStatus.REQUESTED, "offer"): TransferStatus.OFFERED,
    (TransferStatus.OFFERED, "confirm"): TransferStatus.CONFIRMED,
    (TransferStatus.CONFIRMED, "dispatch"): TransferStatus.IN_TRANSIT,
    (TransferStatus.IN_TRANSIT, "receive"): TransferStatus.RECEIVED,
    (TransferStatus.REQUESTED, "reject"): TransferStatus.REJECTED,
    (TransferStatus.OFFERED, "reject"): TransferStatus.REJECTED,
    **{(state, "cancel"): TransferStatus.CANCELLED for state in TransferStatus if state in BEFORE_DISPATCH},
    **{(state, "expire"): TransferStatus.EXPIRED for state in TransferStatus if state in BEFORE_DISPATCH},
}


class TransferEnd(StrEnum):
    """Why a transfer ended without bags on the road."""

    REJECTED = "rejected"  # the asker did not want the offer
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # its hour, or that of its offer, has passed
    NO_CANDIDATES = "no_candidates"  # nobody within reach is left to be asked


class Answer(StrEnum):
    """What came of asking one partner. Empty in the row: it has not answered."""

    OFFERED = "offered"
    REFUSED = "refused"
    LATE = "late"  # its window has passed
    TAKEN = "taken"  # another was faster
    WITHDRAWN = "withdrawn"  # the transfer ended


class Fate(StrEnum):
    """What became of one bag of a transfer."""

    OFFERED = "offered"
    FREED = "freed"
    LOST = "lost"  # discarded or expired before it could leave
    SENT = "sent"
    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    DISCARDED = "discarded"
    EXPIRED = "expired"
    MISSING = "missing"


class Condition(StrEnum):
    """How the receiver finds a bag."""

    SOUND = "sound"
    DOUBTFUL = "doubtful"
    DAMAGED = "damaged"
    MISSING = "missing"


class CrossmatchResult(StrEnum):
    COMPATIBLE = "compatible"
    INCOMPATIBLE = "incompatible"
