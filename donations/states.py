from enum import StrEnum


class RatedBy(StrEnum):
    DONOR = "donor"
    PARTNER = "partner"
