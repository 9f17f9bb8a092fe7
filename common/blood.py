"""The words of blood donation that every app shares: groups, sexes, ways to donate."""

from __future__ import annotations

from enum import StrEnum


class BloodGroup(StrEnum):
    """ABO and RhD; `Oh` is the Bombay phenotype, which lacks the H antigen. RhD-negative first."""

    O_NEG = "O-"
    O_POS = "O+"
    A_NEG = "A-"
    A_POS = "A+"
    B_NEG = "B-"
    B_POS = "B+"
    AB_NEG = "AB-"
    AB_POS = "AB+"
    OH_NEG = "Oh-"
    OH_POS = "Oh+"

    @property
    def abo(self) -> str:
        """`O`, `A`, `B`, `AB` or `Oh`."""
        return self.value[:-1]

    @property
    def rh(self) -> str:
        """`+` or `-`: the RhD antigen."""
        return self.value[-1]


class Sex(StrEnum):
    """What the intervals between donations depend on; `other` gets the more careful of the two rules."""

    MALE = "male"
    FEMALE = "female"
    OTHER = "other"


class DonationType(StrEnum):
    WHOLE_BLOOD = "whole_blood"
    PLATELET_APHERESIS = "platelet_apheresis"
    PLASMA_APHERESIS = "plasma_apheresis"
    DOUBLE_RED_CELL = "double_red_cell"
