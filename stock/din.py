"""Donation identification numbers (DIN) of ISBT 128: the 13 characters by which a bag is known everywhere.

`FFFFF YY NNNNNN`: the facility (5), the year of collection (2), a running number (6). Beside it there may be

- a boxed check character, by ISO 7064 MOD 37-2 over the 13 characters, for eyes and keyboards;
- in the bar code, `=` in front and two flag digits behind: 00 to 59 are marks of the process, 60 to 96 are
  60 + the check value.

Neither is part of the number. Sources: ISBT 128 as explained in the JPAC Red Book, Annex 2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from stdnum.iso7064 import mod_37_2

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
_LENGTH: Final = 13
_CHECK_FLAGS_FROM: Final = 60
# No facility code holds the letter O, which is too like 0, and none starts with 0.
_FACILITY: Final = re.compile(r"[A-NP-Z1-9][A-NP-Z0-9]{4}")
_DIN: Final = re.compile(rf"{_FACILITY.pattern}[0-9]{{8}}")
_SEPARATORS: Final = str.maketrans("", "", "-\u2010\u2011\u2012\u2013\u2014 \u00a0\t")
LAST_SEQUENCE: Final = 999_999
_LAST_YEAR: Final = 9999


class DinInvalid(ValueError):
    """The text is no donation identification number, or a check in it does not fit."""

    def __init__(self) -> None:
        super().__init__("This is not a valid donation identification number.")


@dataclass(frozen=True, slots=True)
class Din:
    """A number that was read; `value` is what to store. `flag` is only known from a bar code."""

    value: str
    flag: str | None = None

    @property
    def facility_code(self) -> str:
        return self.value[:5]

    @property
    def year(self) -> str:
        """The last two digits of the year of collection."""
        return self.value[5:7]

    @property
    def sequence(self) -> int:
        return int(self.value[7:])

    @property
    def eye_readable(self) -> str:
        """`G1234 98 654321 H`: in groups and with the check character."""
        return f"{self.facility_code} {self.year} {self.value[7:]} {check_character(self.value)}"


def check_character(din: str) -> str:
    """Return the character that is printed in a box after the 13 characters.

    Raises: DinInvalid.
    """
    if not _DIN.fullmatch(din):
        raise DinInvalid
    return mod_37_2.calc_check_digit(din)


def flag_60(din: str) -> str:
    """Return the two flag digits by which a bar code carries the check: 60 + the check value.

    Raises: DinInvalid.
    """
    return str(_CHECK_FLAGS_FROM + _ALPHABET.index(check_character(din)))


def parse_din(text: str) -> Din:
    """Read a number as it is stored (13 characters), printed (13 + check) or scanned (`=` + 13 + 2 digits).

    Printed numbers may be grouped by spaces or hyphens; small letters are forgiven. A check must fit.

    Raises: DinInvalid.
    """
    written = text.strip().upper()
    if written.startswith("="):
        return _scanned(written[1:])
    signs = written.translate(_SEPARATORS)
    din, check = signs[:_LENGTH], signs[_LENGTH:]
    if not _DIN.fullmatch(din) or check not in ("", check_character(din)):
        raise DinInvalid
    return Din(din)


def format_din(facility_code: str, year: int, sequence: int) -> str:
    """Return the 13 characters of a facility's donation; of the year, the last two digits are kept.

    Raises: DinInvalid on a malformed facility code or a number that does not fit in its place.
    """
    if not _FACILITY.fullmatch(facility_code):
        raise DinInvalid
    if not (0 <= year <= _LAST_YEAR and 0 <= sequence <= LAST_SEQUENCE):
        raise DinInvalid
    return f"{facility_code}{year % 100:02}{sequence:06}"


def _scanned(signs: str) -> Din:
    din, flag = signs[:_LENGTH], signs[_LENGTH:]
    if not _DIN.fullmatch(din) or not re.fullmatch(r"[0-9]{2}", flag):
        raise DinInvalid
    if int(flag) >= _CHECK_FLAGS_FROM and flag != flag_60(din):
        raise DinInvalid
    return Din(din, flag)
