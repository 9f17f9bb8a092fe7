"""Cleaning single cells. Every function is total: it takes any text, raises nothing, and twice is as once."""

from __future__ import annotations

import html
import re
import unicodedata
from decimal import Decimal
from typing import Final
from urllib.parse import SplitResult, urlsplit

from common.phone import PhoneInvalid, parse_phone

# What people and spreadsheets write for «nothing».
_BLANKS: Final = frozenset(
    {
        "",
        "-",
        "--",
        ".",
        "n/a",
        "n.a.",
        "na",
        "#n/a",
        "#ref!",
        "#value!",
        "nil",
        "none",
        "null",
        "not available",
    }
)
# Invisible characters that no name needs: zero-width space, direction marks, byte order mark, replacement
# character. The joiners U+200C and U+200D stay: Indian scripts need them.
_INVISIBLE: Final = dict.fromkeys(
    [0x00AD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF, 0xFFFD]
)
_CONTROLS: Final = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], " ")
_UNWANTED: Final = _CONTROLS | _INVISIBLE

_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_SMALL_WORDS: Final = frozenset({"and", "of", "the"})
# India Post: six digits, the first of them 1 to 9; often printed «411 001».
_PINCODE: Final = re.compile(r"(?<![0-9])([1-9][0-9]{2})\s?([0-9]{3})(?![0-9])")
_COORDINATE: Final = re.compile(r"(-?[0-9]{1,3})([.,][0-9]{1,30})?\s*(?:°\s*)?[NE]?", re.IGNORECASE)
_ROUND_THE_CLOCK: Final = re.compile(
    r"(?:24\s?(?:x|\*|/|by)\s?7|24\s?h(?:ou)?r?s?\.?(?:\s?365\s?days)?)\.?", re.IGNORECASE
)
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_BROKEN_SCHEME: Final = re.compile(r"^(https?|htt):/{1,2}(?=[^/])", re.IGNORECASE)
_URL_CHARACTERS: Final = re.compile(r"[!#-;=?-\[\]_a-z~]+")
_PHONE_ENDS: Final = re.compile(r"[,;/|\n]|\b(?:or|and)\b|\s(?=\+)|(?<=[0-9]{6})\s+(?=0[0-9]{2,4}[\s-])")
_EXTENSION: Final = re.compile(r"\s*\(?\s*\bext.*$|\s*\([^0-9].*$", re.IGNORECASE | re.DOTALL)
_LAST_DIGITS_OF_A_RANGE: Final = re.compile(r"\s*-\s*[0-9]{1,3}$")
_LONGEST_PHONE_CELL: Final = 500
_LONGEST_URL: Final = 200
_LONGEST_EMAIL: Final = 254


def clean(text: str) -> str:
    """Return one line: HTML entities read, control and invisible characters gone, white space single."""
    before = ""
    while text != before:
        before = text
        if not text.isascii() or "&" in text:
            text = unicodedata.normalize("NFC", html.unescape(text))
        text = " ".join(text.translate(_UNWANTED).split())
    return text


def clean_or_blank(text: str) -> str:
    """Return the cleaned text, or an empty one where it only says that there is nothing."""
    cleaned = clean(text)
    return "" if is_blank(cleaned) else cleaned


def is_blank(cleaned: str) -> bool:
    return cleaned.lower() in _BLANKS


def place_name(text: str) -> str:
    """Return the name of a state, district or city as on a map: «Andaman and Nicobar Islands»."""
    titled = _WORD.sub(lambda word: word[0].capitalize(), clean_or_blank(text))
    first, *rest = titled.split(" ")
    return " ".join([first, *(word.lower() if word.lower() in _SMALL_WORDS else word for word in rest)])


def one_line_address(text: str) -> str:
    """Return the lines of an address joined by commas."""
    lines = (clean_or_blank(clean(line).rstrip(" ,")) for line in text.splitlines())
    return ", ".join(line for line in lines if line)


def pincode(text: str) -> str:
    found = _PINCODE.search(clean(text))
    return found[1] + found[2] if found else ""


def coordinate(text: str) -> Decimal | None:
    """Return the decimal degrees, or None where the text is not a number or has whole degrees only.

    A whole degree is up to 111 km: such a number places no bank.
    """
    found = _COORDINATE.fullmatch(clean(text))
    if found is None or found[2] is None:
        return None
    return Decimal(found[1] + "." + found[2][1:])


def yes_or_no(text: str) -> bool | None:
    return {"yes": True, "y": True, "no": False, "n": False}.get(clean(text).lower())


def category(text: str) -> str:
    word = clean(text).lower().rstrip(".")
    return {
        "government": "government",
        "govt": "government",
        "private": "private",
        "charity": "charity",
        "charitable": "charity",
    }.get(word, "unknown")


def service_hours(text: str) -> str:
    """Return «24x7» for every way to print it, else the text as printed."""
    cleaned = clean_or_blank(text)
    return "24x7" if _ROUND_THE_CLOCK.fullmatch(cleaned) else cleaned


def email(text: str) -> str:
    cleaned = clean(text)
    return cleaned if len(cleaned) <= _LONGEST_EMAIL and _EMAIL.fullmatch(cleaned) else ""


def website(text: str) -> str:
    """Return an http(s) address with a public-looking host and no credentials, or an empty text.

    Of several addresses the first is taken. An e-mail address behind `http://` is not a website.
    """
    first = re.split(r"[\s,;]", clean_or_blank(text), maxsplit=1)[0]
    if first.lower().startswith("www."):
        first = "http://" + first
    first = _BROKEN_SCHEME.sub(_whole_scheme, first)
    if len(first) > _LONGEST_URL or not _URL_CHARACTERS.fullmatch(first.lower()):
        return ""
    parts = _split_url(first)
    if parts is None or parts.scheme not in {"http", "https"} or not _HOST.fullmatch(parts.netloc.lower()):
        return ""
    return parts._replace(netloc=parts.netloc.lower()).geturl()


def phones(text: str) -> list[str]:
    """Return every Indian number of the cell that can exist as E.164, in the cell's order, each once.

    Extensions are dropped, of a range («2582014-25») the first number is kept. A number that reads as foreign
    is a typing fault («00373…») in a national directory and left out.
    """
    found: dict[str, None] = {}
    for piece in _PHONE_ENDS.split(text[:_LONGEST_PHONE_CELL]):
        number = _phone(clean(_EXTENSION.sub("", piece)).strip(" .:-"))
        if number.startswith("+91"):
            found[number] = None
    return list(found)


def _phone(piece: str) -> str:
    for written in (piece, _LAST_DIGITS_OF_A_RANGE.sub("", piece)):
        try:
            return parse_phone(written)
        except PhoneInvalid:
            continue
    return ""


def _whole_scheme(broken: re.Match[str]) -> str:
    scheme = broken[1].lower()
    return ("http" if scheme == "htt" else scheme) + "://"


def _split_url(text: str) -> SplitResult | None:
    try:
        return urlsplit(text)
    except ValueError:  # an unclosed bracket of an IPv6 host
        return None
