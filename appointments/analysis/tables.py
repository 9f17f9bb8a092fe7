"""The deterministic analyser: rows of a laboratory's table become observations, or are passed over.

A row is read when its name, one value and one known unit stand there and agree with whatever else does; what can be
read in two ways is not read at all. Nothing here knows where the rows came from.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Final

from appointments.analysis.analytes import Analyte, joined, name_pattern, names, unit_pattern
from appointments.analysis.states import Interpretation, Passed

VERSION: Final = "table-1"
LONGEST_ROW: Final = 240  # characters; what is longer is prose
MOST_OBSERVATIONS: Final = 200
PLACES: Final = Decimal("0.0001")
LONGEST_NUMBER: Final = 12

DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2212"
SPELLINGS: Final = str.maketrans(
    {
        **dict.fromkeys(DASHES, "-"),
        "\u00b5": "u",
        "\u03bc": "u",
        "\u00a0": " ",
        "\u00d7": "x",
        "\u2217": "*",
        "\u00b3": "^3",
        "\u2079": "^9",
        "\u2076": "^6",
        "\u2075": "^5",
        "\u00b2": "^2",
        "\u2264": "<",
        "\u2265": ">",
        "\u2191": " h ",
        "\u2193": " l ",
    }
)
POWER: Final = re.compile(r"(?<![\d.])(?:x\s*)?10\s*(?:\^|\*|e|~|\s)?\s*(12|3|5|6|9)\s*/\s*(?=[a-z])")
SLASH: Final = re.compile(r"(?<=[a-z%])\s*/\s*(?=[a-z])")
START: Final = re.compile(r"^(?:[\s*•#.\-\u2013()\[\]]+|\d{1,2}[.)]\s+)+")
NUMBER: Final = r"\d[\d,]*(?:\.\d+)?"
RANGE: Final = re.compile(rf"(?<![\d.,/-])({NUMBER})\s*(?:-|to)\s*({NUMBER})(?![\d.,/]|-\d)")
LIMIT: Final = re.compile(rf"(<|upto|up to|less than|below|>|more than|above|greater than)\s*=?\s*({NUMBER})(?![\d.,])")
ANY_NUMBER: Final = re.compile(r"(?<![\w.,])[-+]?\d[\d.,]*(?![\w^/])|(?<![\w.,])[-+]?\d[\d.,]*(?=[hl*](?![a-z]))")
FLAG: Final = re.compile(r"(?<![a-z])(?:(high|hh|h)|(low|ll|l)|(normal|n))(?![a-z])")
FOR_WHOM: Final = re.compile(
    r"(?<![a-z])(?:fe)?males?\b|(?<![a-z])(?:wo)?men\b|\badults?\b|\bchild|(?<![a-z])[mf]\s*[:(]"
)
ELSEWHERE: Final = re.compile(r"urin|csf|stool|semen|\bfluid|ratio|clearance|\bindex\b|/\s*creat|spot")
WRONG_PART: Final = re.compile(r"urin|csf|cerebrospinal|stool|semen|faec|fecal|pleural|ascitic")
RIGHT_PART: Final = re.compile(
    r"h[a]?ematolog|biochem|blood|serum|plasma|liver|kidney|renal|lipid|thyroid|diabet|hormone|immunolog|iron studies"
)
BRACKETED: Final = re.compile(r"\([^()\d]*\)|\[[^\[\]\d]*\]")
WESTERN: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
INDIAN: Final = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?")
PLAIN: Final = re.compile(r"\d+(?:\.\d+)?")
COLLECTED: Final = re.compile(
    r"(?:collected|collection|drawn|sampled?)[^\d]{0,24}(\d{1,2})[\s./-]+(\d{1,2}|[a-z]{3})[a-z]*[\s./,-]+(\d{4})"
)
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a page; cells are parted by two blanks."""

    page: int
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """One value as it was read, in the analyte's own unit; `printed` is how the page had it."""

    analyte: Analyte
    value: Decimal
    low: Decimal | None
    high: Decimal | None
    interpretation: Interpretation
    printed: str
    page: int
    line: int | None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that names something known and was not read."""

    code: str
    page: int
    line: int | None
    reason: Passed


@dataclass(frozen=True, slots=True)
class Reading:
    found: tuple[Found, ...]
    skipped: tuple[Skipped, ...]
    collected_on: dt.date | None = None


class _Pass(Exception):
    def __init__(self, reason: Passed) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Named:
    analyte: Analyte
    rest: str


def read_rows(rows: Sequence[Row]) -> Reading:
    """Return what the rows say, and which were passed over. Never raises, whatever the rows hold."""
    found: list[Found] = []
    skipped: list[Skipped] = []
    for row, named in _named_rows(rows):
        try:
            found.append(_measure(named, row))
        except _Pass as why:
            skipped.append(Skipped(named.analyte.code, row.page, row.line, why.reason))
    kept, repeated = agreed(found[:MOST_OBSERVATIONS])
    return Reading(tuple(kept), tuple([*skipped, *repeated][:MOST_OBSERVATIONS]), _collected_on(rows))


def read_line(text: str, *, page: int) -> Found | Skipped | None:
    """Read one line that somebody else took from a page, by the same rules; None when it names nothing known."""
    row = Row(page, 0, text)
    named = _name(_plain(text))
    if named is None:
        return None
    try:
        return replace(_measure(named, row), line=None)
    except _Pass as why:
        return Skipped(named.analyte.code, page, None, why.reason)


def _named_rows(rows: Sequence[Row]) -> Iterator[tuple[Row, _Named]]:
    """Yield the rows that name an analyte, put together where one is broken over two lines."""
    is_blood, pending, before = True, None, ""
    page = 0
    for row in rows:
        text = _plain(row.text)
        if row.page != page:
            page, pending, before = row.page, None, ""
        if not re.search(r"\d", text):
            is_blood = _section(text, is_blood=is_blood)
        named = _name(text) or _name_over_two(before, text)
        if named is None and pending is not None and re.match(r"[\s*hl<>]*\d", text):
            named = _Named(pending.analyte, text)
        pending, before = None, ""
        if named is None:
            before = text if len(text) <= 40 and not re.search(r"\d", text) else ""  # noqa: PLR2004
        elif not re.sub(r"[\W_]", "", BRACKETED.sub("", named.rest)):
            pending, before = named, text
        elif is_blood:
            yield row, named


def _section(text: str, *, is_blood: bool) -> bool:
    """Return whether what follows a heading is of blood: the same names mean other things in urine."""
    if WRONG_PART.search(text):
        return False
    return True if RIGHT_PART.search(text) else is_blood


def _plain(text: str) -> str:
    """Return the text in the one spelling that the patterns know."""
    spelt = unicodedata.normalize("NFKC", text[:LONGEST_ROW].translate(SPELLINGS)).lower()
    spelt = "".join(mark if mark.isprintable() else " " for mark in spelt)
    spelt = SLASH.sub("/", spelt)
    return POWER.sub(lambda match: f" 10^{match[1]}/", spelt).strip()


def _name(text: str) -> _Named | None:
    begin = START.match(text)
    body = text[begin.end() :] if begin else text
    match = name_pattern().match(body)
    analyte = names()[joined(match[0])] if match else None
    return _Named(analyte, body[match.end() :]) if match and analyte else None


def _name_over_two(before: str, text: str) -> _Named | None:
    """Return a name whose first words stand on the line before."""
    if not before:
        return None
    whole = f"{before} {text}"
    named = _name(whole)
    return named if named is not None and len(named.rest) < len(text) else None


def _measure(named: _Named, row: Row) -> Found:
    analyte, rest = named.analyte, named.rest
    if ELSEWHERE.search(rest):
        raise _Pass(Passed.AMBIGUOUS)
    rest, for_whom = _cut(rest)
    rest = BRACKETED.sub(" ", rest)
    factor, unit, rest = _unit(analyte, rest)
    low, high, rest = _range(analyte, rest)
    if for_whom:
        low = high = None
    flag, rest = _flag(rest)
    number = _only_number(rest)
    value = _decimal(analyte, number) * factor
    low, high = (None if one is None else one * factor for one in (low, high))
    if not analyte.is_possible(value):
        raise _Pass(Passed.OUT_OF_RANGE)
    interpretation = _interpret(value, low, high, flag)
    return Found(
        analyte,
        rounded(value),
        None if low is None else rounded(low),
        None if high is None else rounded(high),
        interpretation,
        f"{number} {unit}"[:40],
        row.page,
        row.line,
    )


def _cut(rest: str) -> tuple[str, bool]:
    """Return the row without ranges that are for some people only."""
    match = FOR_WHOM.search(rest)
    return (rest[: match.start()], True) if match else (rest, False)


def _unit(analyte: Analyte, rest: str) -> tuple[Decimal, str, str]:
    """Return the factor and text of the one unit that is printed, and the row without it. Raises: _Pass"""
    pattern = unit_pattern(analyte)
    spelt = [re.sub(r"^x\s*", "", match[0]) for match in pattern.finditer(rest)]
    units = {re.sub(r"\s", " ", unit) for unit in spelt}
    factors = {analyte.units[unit] for unit in units if unit in analyte.units}
    if len(factors) != 1 or not units <= set(analyte.units):
        raise _Pass(Passed.UNIT)
    return factors.pop(), spelt[0], pattern.sub("  ", rest)


def _range(analyte: Analyte, rest: str) -> tuple[Decimal | None, Decimal | None, str]:
    """Return the reference range, if there is one only, and the row without it. Raises: _Pass"""
    spans, limits = list(RANGE.finditer(rest)), list(LIMIT.finditer(RANGE.sub("  ", rest)))
    left = LIMIT.sub("  ", RANGE.sub("  ", rest))
    if not spans and not limits:
        return None, None, left
    if len(limits) == 1 and not spans and not ANY_NUMBER.search(left):
        raise _Pass(Passed.CENSORED)
    if len(spans) + len(limits) > 1:
        raise _Pass(Passed.AMBIGUOUS)
    if spans:
        low, high = (_decimal(analyte, spans[0][part]) for part in (1, 2))
        if low >= high:
            raise _Pass(Passed.AMBIGUOUS)
        return low, high, left
    limit = _decimal(analyte, limits[0][2])
    is_most = limits[0][1] in {"<", "upto", "up to", "less than", "below"}
    return (None, limit, left) if is_most else (limit, None, left)


def _flag(rest: str) -> tuple[Interpretation | None, str]:
    """Return what the laboratory marks the value as, and the row without the marks. Raises: _Pass"""
    spaced = re.sub(r"(?<=\d)(?=[hl](?![a-z]))", " ", rest)
    marks = {
        Interpretation.HIGH if match[1] else Interpretation.LOW if match[2] else Interpretation.NORMAL
        for match in FLAG.finditer(spaced)
    }
    if len(marks) > 1:
        raise _Pass(Passed.AMBIGUOUS)
    return (marks.pop() if marks else None), FLAG.sub("  ", spaced).replace("*", " ")


def _only_number(rest: str) -> str:
    numbers = ANY_NUMBER.findall(rest)
    if len(numbers) != 1 or len(re.findall(r"\d[\d.,]*", rest)) != 1:
        raise _Pass(Passed.AMBIGUOUS)
    return str(numbers[0])


def _decimal(analyte: Analyte, text: str) -> Decimal:
    """Return the number; a comma stands between thousands of a count, and is never a decimal point. Raises: _Pass"""
    if len(text) > LONGEST_NUMBER:
        raise _Pass(Passed.NUMBER)
    grouped = analyte.is_count and bool(WESTERN.fullmatch(text) or INDIAN.fullmatch(text))
    if not grouped and not PLAIN.fullmatch(text):
        raise _Pass(Passed.NUMBER)
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise _Pass(Passed.NUMBER) from None


def _interpret(
    value: Decimal, low: Decimal | None, high: Decimal | None, flag: Interpretation | None
) -> Interpretation:
    """Return how the value lies to its range. Raises: _Pass when the laboratory's mark says otherwise"""
    if low is None and high is None:
        return flag or Interpretation.UNKNOWN
    lies = Interpretation.NORMAL
    if low is not None and value < low:
        lies = Interpretation.LOW
    if high is not None and value > high:
        lies = Interpretation.HIGH
    if flag is not None and flag is not lies:
        raise _Pass(Passed.FLAG_DISAGREES)
    return lies


def rounded(value: Decimal) -> Decimal:
    """Return the value with at most four decimals, and no zeros behind the last that counts."""
    return value.quantize(PLACES).normalize() + 0


def agreed(found: Iterable[Found]) -> tuple[list[Found], list[Skipped]]:
    """Return one of each code; one that stands there twice with different values is passed over."""
    kept: dict[str, Found] = {}
    repeated: dict[str, Skipped] = {}
    for one in found:
        code = one.analyte.code
        if code in kept and kept[code].value != one.value:
            repeated[code] = Skipped(code, one.page, one.line, Passed.REPEATED)
        kept.setdefault(code, one)
    return [one for code, one in kept.items() if code not in repeated], list(repeated.values())


def _collected_on(rows: Sequence[Row]) -> dt.date | None:
    """Return the day on which the sample was taken, if the report names one only."""
    days = {day for row in rows for match in COLLECTED.finditer(_plain(row.text)) if (day := _day(match)) is not None}
    return days.pop() if len(days) == 1 else None


def _day(match: re.Match[str]) -> dt.date | None:
    day, month, year = match.groups()
    number = MONTHS.index(month) + 1 if month in MONTHS else int(month) if month.isdecimal() else 0
    try:
        return dt.date(int(year), number, int(day))
    except ValueError:
        return None
