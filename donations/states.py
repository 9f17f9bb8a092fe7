from enum import StrEnum


class RatedBy(StrEnum):
    DONOR = "donor"
    FAMILY = "family"
    PARTNER = "partner"
