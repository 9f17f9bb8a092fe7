"""The form of an Aadhaar number. Whether it belongs to anybody, let alone to whom, its form does not say."""

from __future__ import annotations

from stdnum.exceptions import ValidationError
from stdnum.in_ import aadhaar, vid

from users.errors import AadhaarInvalid


def last_four(number: str) -> str:
    """Return the last four digits of a number that could exist: the only ones that may be kept.

    Twelve digits, the first 2 to 9, no palindrome, the last by Verhoeff's scheme (UIDAI's paper on numbering); blanks
    and dashes are allowed.
    Raises: AadhaarInvalid
    """
    try:
        return aadhaar.validate(number)[-4:]
    except ValidationError:
        raise AadhaarInvalid from None


def number_or_virtual_id(text: str) -> str:
    """Return the digits of an Aadhaar number, or of a virtual id in its stead, that could exist.

    Raises: AadhaarInvalid
    """
    for kind in (aadhaar, vid):
        if kind.is_valid(text):
            return str(kind.compact(text))
    raise AadhaarInvalid
