"""The small closed sets of the people's side."""

from enum import StrEnum


class Purpose(StrEnum):
    """What a one-time code is for; a code of one purpose is worth nothing for another."""

    REGISTER = "register"
    LOGIN = "login"
    RESET_PASSWORD = "reset_password"  # noqa: S105
    PARTNER_RESET_PASSWORD = "partner_reset_password"  # noqa: S105


class ScoreReason(StrEnum):
    """Why a donor's reliability score changed."""

    DONATED = "donated"
    CANCELLED = "cancelled"
    MISSED = "missed"


class Tag(StrEnum):
    """What a donor has earned by verified donations."""

    NONE = "none"
    BRONZE = "bronze"
    GOLD = "gold"
    PLATINUM = "platinum"
