"""Phone numbers: read as people write them, kept as E.164, shown masked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

# ITU-T E.164: a country code that does not start with 0, at most 15 digits. For Python and PostgreSQL alike.
E164_PATTERN: Final = r"\A\+[1-9][0-9]{6,14}\Z"

# India and Bangladesh. Every other country is a way to make the product pay for «SMS pumping».
DEFAULT_SMS_PREFIXES: Final = ("+91", "+880")

# No country has this code (ITU-T E.164.D), so nobody can register such a number and nothing is ever sent to it.
TEST_PREFIX: Final = "+999"
_TEST_DIGITS: Final = 12

# `phonenumbers` digs a number out of any sentence and turns letters into digits; a field holds one number.
# `\d` takes the digits of every script, so that Hindi and Bengali keyboards work.
_AS_WRITTEN: Final = re.compile(r"[+\uff0b]?[\d\s().\u2010-\u2015-]+")
_LONGEST_TEXT: Final = 40
_SHOWN_DIGITS: Final = 4
_LONGEST_COUNTRY_CODE: Final = 3


class PhoneInvalid(ValueError):
    """The text is not a phone number that can exist. The message never repeats the text."""

    def __init__(self) -> None:
        super().__init__("This is not a valid phone number.")


def parse_phone(text: str, region: str = "IN") -> str:
    """Return the number as E.164; a number without `+` is read as one of `region` (ISO 3166-1 alpha-2).

    Spaces, dashes, dots and brackets are allowed, letters and extensions are not.

    Raises: PhoneInvalid.
    """
    written = text.strip()
    if len(written) > _LONGEST_TEXT or not _AS_WRITTEN.fullmatch(written):
        raise PhoneInvalid
    try:
        number = phonenumbers.parse(written, region)
    except NumberParseException:
        raise PhoneInvalid from None
    if not phonenumbers.is_valid_number(number):
        raise PhoneInvalid
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def sms_allowed(e164: str, allowed_prefixes: Iterable[str] = DEFAULT_SMS_PREFIXES) -> bool:
    """Whether an SMS may go to this country. Country codes are prefix-free, so a prefix is enough."""
    return e164.startswith(tuple(allowed_prefixes))


def test_number(seed: int) -> str:
    """Return the number of somebody in test data: the same for the same seed, and nobody's."""
    return f"{TEST_PREFIX}{seed % 10**_TEST_DIGITS:0{_TEST_DIGITS}d}"


def is_test_number(e164: str) -> bool:
    return e164.startswith(TEST_PREFIX)


def mask_phone(phone: str) -> str:
    """Return the country code, stars and at most the last four digits: `+91******3210`.

    At least half of the national digits stay hidden. Text that is no E.164 number is masked as if it were all
    national digits, so this never raises and is safe in a log.
    """
    digits = re.sub(r"\D", "", phone)
    country = _country_code(digits) if phone.startswith("+") else ""
    national = digits.removeprefix(country)
    shown = min(_SHOWN_DIGITS, len(national) // 2)
    hidden = len(national) - shown
    return ("+" + country if country else "") + "*" * hidden + national[hidden:]


def _read(e164: str) -> PhoneNumber:
    try:
        return phonenumbers.parse(e164, None)
    except NumberParseException:
        raise PhoneInvalid from None


def _country_code(digits: str) -> str:
    for length in range(1, _LONGEST_COUNTRY_CODE + 1):
        head = digits[:length]
        if head.isascii() and head.isdigit() and int(head) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return head
    return ""
