"""Licence numbers as the states' licensing authorities print them and as two of them are compared."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from partners.directory.cells import clean

_DASHES: Final = re.compile(r"[\u2010-\u2015\u2212]")
_DATED: Final = re.compile(r"\s(?:DATED|DT\b).*$", re.DOTALL)
_LEADING_WORDS: Final = re.compile(r"^(?:LIC(?:EN[CS]E)?\.?(?:NUMBER|NO)[.:#-]*)+")
# Words that stand in the directory where a number belongs, read without spaces and dashes.
_NO_LICENSE: Final = re.compile(
    r"^(?:RE)?APPLIED|^NONFUNCTIONAL|^NOTAVAILABLE|^UNDERPROCESS|^PENDING|CANCELL?ED|SURRENDERED|SUSPENDED"
)
_HAS_DIGIT: Final = re.compile(r"[0-9]")


def printed_license(cell: str) -> str:
    """Return the number as printed, without the remark that some rows set behind a tab."""
    return clean(cell.strip().partition("\t")[0])


def license_key(text: str) -> str:
    """Return the form in which two licence numbers are the same one: upper case, no spaces, one kind of dash.

    «License No», and a date behind the number, are not part of it. Applying it twice changes nothing.
    """
    before, key = text, _towards_key(text)
    while key != before:  # closing a gap may join an accent to its letter, or make an entity readable
        before, key = key, _towards_key(key)
    return key


def names_no_license(key: str) -> bool:
    """Whether the cell holds no number at all, or says that there is no licence (any more)."""
    return not _HAS_DIGIT.search(key) or bool(_NO_LICENSE.search(key.replace("-", "").replace(".", "")))


def _towards_key(text: str) -> str:
    upper = unicodedata.normalize("NFKC", clean(text)).upper()
    solid = "".join(_DATED.sub("", _DASHES.sub("-", upper)).split())
    return _LEADING_WORDS.sub("", solid)
