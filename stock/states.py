from enum import StrEnum


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
