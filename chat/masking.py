"""Numbers of telephones, addresses and ways into messengers, hidden in a text that somebody reads.

A number is what has the shape of one, however it is written: in groups, with signs between them, in the digits of any
script, or in words. What blood is spoken of with stays readable: dates, times, prices, donation numbers, values.
Whoever wants to get a number past this will; it keeps people from doing so in passing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

HIDDEN: Final = "••••••"

Span = tuple[int, int]

# A subscriber of India (TRAI: ten digits from 6 to 9, landlines by their code after a 0) or of Bangladesh (BTRC: 01),
# with or without the country's code; any other number in E.164 names its country with a plus or 00.
_PHONE: Final = re.compile(
    r"(?:(?:00)?91)?0?[6-9]\d{9}"
    r"|0[1-9]\d{9}"
    r"|(?:00)?8801[3-9]\d{8}"
)
_INTERNATIONAL: Final = re.compile(r"[1-9]\d{8,14}")
_LONGEST: Final = 17  # digits with 00 before them
_WEAK: Final = frozenset(".,/;")  # stand in values and prices as well
_ENOUGH_BESIDE_WEAK: Final = 3

_WORDS: Final = {
    "0": "zero oh shunya sunya शून्य शुन्य শূন্য শুন্য",
    "1": "one ek एक এক",
    "2": "two do दो দুই",
    "3": "three teen tin तीन তিন",
    "4": "four char chaar चार চার",
    "5": "five panch paanch पांच पाँच পাঁচ পাচ",
    "6": "six chhe che छह छः छै ছয়",
    "7": "seven saat shaat सात সাত",
    "8": "eight aath आठ আট",
    "9": "nine nau noy नौ নয়",
}
_DIGIT_OF: Final = {
    unicodedata.normalize("NFC", word): digit for digit, words in _WORDS.items() for word in words.split()
}
_TIMES: Final = {"double": 2, "triple": 3, "डबल": 2, "ट्रिपल": 3, "ডাবল": 2, "ট্রিপল": 3}

_WORD: Final = "|".join(sorted(map(re.escape, _DIGIT_OF), key=len, reverse=True))
_MULTIPLE: Final = "|".join(map(re.escape, _TIMES))
_ATOM: Final = re.compile(
    rf"\d(?:\d|[oO](?=\d))*"
    rf"|(?<![^\W\d_])(?:(?P<times>{_MULTIPLE})\s+)?(?:(?P<word>{_WORD})(?![^\W\d_]|[\u0900-\u09ff])|(?P<twice>\d)(?!\d))",
    re.IGNORECASE,
)
# Between the groups of one number: signs that people write there, and what cannot be seen.
_BETWEEN: Final = re.compile(r"[\s\-\u2010-\u2015()\[\]_*~|+.,/;\u200b-\u200f\u2060\ufe0f\u20e3\ufeff]{0,6}")

_DATE: Final = re.compile(
    r"(?<!\d)(?:(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|1[0-2])\1(?:19|20)?\d{2}"
    r"|(?:19|20)\d{2}([-/.])(?:0[1-9]|1[0-2])\2(?:0[1-9]|[12]\d|3[01]))(?!\d|[-/.]\d)"
)
_TIME: Final = re.compile(r"(?<![\d:])(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?![\d:])")
# ISBT 128: facility, year, running number; one that is all digits has no shape of a telephone's.
_DIN: Final = re.compile(
    r"(?<![A-Z0-9])=?(?=[A-NP-Z0-9]{0,4}[A-NP-Z])[A-NP-Z1-9][A-NP-Z0-9]{4}[ -]?[2-3]\d[ -]?\d{6}(?!\d)"
)
_PRICE: Final = re.compile(
    r"(?:[₹৳$€£]|\b(?:rs|inr|bdt|tk|usd)\b\.?)\s?(?:\d{1,3}(?:,\d{2,3})+|\d{1,9})(?:\.\d{1,2})?(?![\d,]*\d)",
    re.IGNORECASE,
)
_READABLE: Final = (_DATE, _TIME, _DIN, _PRICE)

_ADDRESS: Final = re.compile(
    r"(?<![\w.+\-])[\w.+\-]+@[a-z][\w.\-]*"
    r"|(?<![\w.+\-])[\w.+\-]+\s{0,3}(?:@|[(\[{]\s*at\s*[)\]}]|\bat\b)\s*(?:gmail|yahoo|outlook|hotmail|rediffmail|icloud|proton(?:mail)?)\b"
    r"(?:\s*(?:\.|[(\[{]?\s*\bdot\b\s*[)\]}]?)\s*\w+)*",
    re.IGNORECASE,
)
_MESSENGER: Final = re.compile(
    r"(?:https?://)?(?:www\.|api\.|chat\.|web\.)?"
    r"(?:wa\.me|whatsapp\.com|t\.me|telegram\.(?:me|dog)|signal\.(?:me|group)|m\.me|messenger\.com|instagram\.com"
    r"|facebook\.com|fb\.me|viber\.com|line\.me|imo\.im|snapchat\.com|discord\.gg|join\.skype\.com)(?:/[^\s]*)?(?![\w.])"
    r"|\b(?:tel|sms|smsto|mailto|whatsapp|viber|tg|skype|sgnl|facetime):/{0,2}[^\s]+"
    r"|(?<=telegram )@\w{4,32}|(?<=instagram )@\w{3,32}|(?<=insta )@\w{3,32}|(?<=signal )@\w{3,32}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Masked:
    """A text as it may be read, and whether something is hidden in it."""

    text: str
    is_masked: bool


@dataclass(frozen=True)
class _Group:
    start: int
    end: int
    digits: str


def mask(text: str) -> Masked:
    """Return the text with what would lead around this conversation hidden."""
    spans = sorted(_found(text))
    if not spans:
        return Masked(text, is_masked=False)
    parts, at = [], 0
    for start, end in spans:
        if start >= at:
            parts += [text[at:start], HIDDEN]
        at = max(at, end)
    return Masked("".join([*parts, text[at:]]), is_masked=True)


def _found(text: str) -> Iterator[Span]:
    plain = _plain(text)
    for kind in (_ADDRESS, _MESSENGER):
        yield from (found.span() for found in kind.finditer(plain))
    for run in _runs(_without_readable(plain)):
        yield from _numbers_in(*run)


def _plain(text: str) -> str:
    """Return the text with every digit of every script as 0 to 9, character by character."""
    return "".join(_digit(char) for char in text)


def _digit(char: str) -> str:
    value = unicodedata.digit(char, None)
    return char if value is None else str(value)


def _without_readable(plain: str) -> str:
    for kind in _READABLE:
        plain = kind.sub(lambda found: "\0" * len(found.group()), plain)
    return plain


def _runs(plain: str) -> Iterator[tuple[list[_Group], str]]:
    """Yield groups of digits with nothing but signs between them, and the text that they stand in."""
    groups: list[_Group] = []
    for found in _ATOM.finditer(plain):
        if groups and not _BETWEEN.fullmatch(plain, groups[-1].end, found.start()):
            yield groups, plain
            groups = []
        groups.append(_Group(*found.span(), _digits_of(found)))
    if groups:
        yield groups, plain


def _digits_of(found: re.Match[str]) -> str:
    times = _TIMES.get((found["times"] or "").lower(), 1)
    if found["word"]:
        return _DIGIT_OF[unicodedata.normalize("NFC", found["word"].lower())] * times
    if found["twice"]:
        return found["twice"] * times
    return re.sub("[oO]", "0", found.group())


def _numbers_in(groups: list[_Group], plain: str) -> Iterator[Span]:
    """Yield where the numbers of one run stand: the longest from each group on."""
    first = 0
    while first < len(groups):
        last = _longest_number(groups, first, plain)
        if last is None:
            first += 1
            continue
        start = groups[first].start
        yield start - _has_plus(plain, start), groups[last].end
        first = last + 1


def _longest_number(groups: list[_Group], first: int, plain: str) -> int | None:
    digits, best = "", None
    has_plus = _has_plus(plain, groups[first].start) > 0
    for place in range(first, len(groups)):
        digits += groups[place].digits
        if len(digits) > _LONGEST:
            break
        is_number = _PHONE.fullmatch(digits) or _names_a_country(digits, has_plus=has_plus)
        if is_number and _is_one_number(groups[first : place + 1], plain):
            best = place
    return best


def _names_a_country(digits: str, *, has_plus: bool) -> bool:
    if has_plus:
        return _INTERNATIONAL.fullmatch(digits) is not None
    return digits.startswith("00") and _INTERNATIONAL.fullmatch(digits[2:]) is not None and len(digits) > 11  # noqa: PLR2004


def _has_plus(plain: str, start: int) -> int:
    """Return how many characters before the group belong to a plus sign: «+», «+ », «(+»."""
    before = plain[max(0, start - 2) : start]
    stripped = before.rstrip(" (\u00a0")
    return len(before) - len(stripped) + 1 if stripped.endswith(("+", "\uff0b")) else 0


def _is_one_number(groups: list[_Group], plain: str) -> bool:
    """Whether what stands between the groups may stand within one number.

    A point, a comma or a slash beside a short group is a value's, unless the whole is written with it alone.
    """
    gaps = [plain[one.end : two.start].strip() for one, two in pairwise(groups)]
    doubtful = any(
        set(gap) & _WEAK and min(len(one.digits), len(two.digits)) < _ENOUGH_BESIDE_WEAK
        for gap, (one, two) in zip(gaps, pairwise(groups), strict=True)
    )
    return not doubtful or (len(set(gaps)) == 1 and len({len(group.digits) for group in groups}) == 1)
