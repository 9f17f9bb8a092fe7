"""A table that somebody sends: the first sheet of an XLSX, or a CSV, whose first line names the columns.

An XLSX is a ZIP of XML from a stranger: nothing of it is unpacked to a disk, no entity is resolved, and no more is
read than a table of the size that may be sent needs.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from lxml import etree

from common.errors import Invalid
from common.spreadsheets import undefused

LARGEST: Final = 2 * 1024 * 1024  # bytes as sent
LARGEST_PART: Final = 24 * 1024 * 1024  # bytes of one part of an XLSX when it is unpacked
MOST_COLUMNS: Final = 60
LONGEST_CELL: Final = 500  # characters
_XLSX_BEGINS: Final = b"PK\x03\x04"
_SHEET: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})[0-9]+")
_DAY_ZERO: Final = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's day 0 has no zone
_LAST_SERIAL: Final = 2958466  # the day after 9999-12-31
_DELIMITERS: Final = ",;\t"


class SheetUnreadable(Invalid):
    code, message, pointer = "sheet_unreadable", "Send a CSV in UTF-8, or an XLSX, with a line of headings.", "/file"


class SheetTooLong(Invalid):
    code, message, pointer = "sheet_too_long", "There are more rows than may be sent at once.", "/file"


class HeadingUnknown(Invalid):
    code, message, pointer = (
        "heading_unknown",
        "A column has a heading that is not known, or that stands twice.",
        "/file",
    )


@dataclass(frozen=True)
class Line:
    """A row by headings, without its empty cells, and its number in the sheet as people count."""

    number: int
    cells: dict[str, Any]


def read_sheet(
    content: bytes, *, headings: frozenset[str], most: int, zone: ZoneInfo, moments: frozenset[str]
) -> list[Line]:
    """Return the filled rows. Cells are text; those of `moments` are RFC 3339, in the zone where they say none.

    Raises: SheetUnreadable, SheetTooLong, HeadingUnknown
    """
    raw = _xlsx_rows(content) if content.startswith(_XLSX_BEGINS) else _csv_rows(content)
    found: list[Line] = []
    names: list[str] = []
    for number, row in raw:
        if not names:
            names = _headings(row, headings)
            continue
        cells = {names[place]: cell for place, cell in enumerate(row) if place < len(names) and cell != ""}
        if any(cell != "" for cell in row[len(names) :]):
            raise SheetUnreadable
        if not cells:
            continue
        if len(found) >= most:
            raise SheetTooLong(most=most)
        shown = {name: _moment(cell, zone) if name in moments else cell for name, cell in cells.items()}
        found.append(Line(number, shown))
    if not found:
        raise SheetUnreadable
    return found


def _headings(row: list[str], known: frozenset[str]) -> list[str]:
    names = [re.sub(r"[\s-]+", "_", cell.strip().lower()) for cell in row]
    while names and not names[-1]:
        names.pop()
    wrong = sorted({name for name in names if name not in known or names.count(name) > 1})
    if wrong:
        raise HeadingUnknown(headings=[name[:40] for name in wrong][:10], known=sorted(known))
    return names


def _csv_rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        text = content.decode("utf-8-sig")
        first = text.partition("\n")[0]
        delimiter = max(_DELIMITERS, key=first.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for row in reader:
            yield reader.line_num, [_checked(undefused(cell.strip())) for cell in row[: MOST_COLUMNS + 1]]
    except (UnicodeDecodeError, csv.Error) as exc:
        raise SheetUnreadable from exc


def _checked(cell: str) -> str:
    if len(cell) > LONGEST_CELL or "\0" in cell:
        raise SheetUnreadable
    return cell


def _xlsx_rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            texts = _shared_texts(book)
            names = sorted(name for name in book.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name))
            if not names:
                raise SheetUnreadable
            first = min(names, key=lambda name: int(re.sub(r"\D", "", name)))
            for number, row in enumerate(_elements(book, first, "row"), start=1):
                yield int(row.get("r") or number), _cells_of(row, texts)
    except (zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError, NotImplementedError, RuntimeError, EOFError) as exc:
        raise SheetUnreadable from exc
    except (ValueError, KeyError, IndexError, OverflowError) as exc:
        raise SheetUnreadable from exc


def _shared_texts(book: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in book.namelist():
        return []
    return [_text_of(item) for item in _elements(book, "xl/sharedStrings.xml", "si")]


def _elements(book: zipfile.ZipFile, name: str, tag: str) -> Iterator[Any]:
    """Yield the part's elements one by one, and forget each before the next."""
    if book.getinfo(name).file_size > LARGEST_PART:
        raise SheetUnreadable
    with book.open(name) as part:
        parser = etree.iterparse(
            part, events=("end",), tag=f"{_SHEET}{tag}", resolve_entities=False, no_network=True, huge_tree=False
        )
        for _, element in parser:
            if parser.root is not None and parser.root.getroottree().docinfo.doctype:
                raise SheetUnreadable
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]


def _text_of(element: Any) -> str:
    phonetic = f"{_SHEET}rPh"
    return "".join(text.text or "" for text in element.iter(f"{_SHEET}t") if text.getparent().tag != phonetic)


def _cells_of(row: Any, texts: list[str]) -> list[str]:
    cells: list[str] = []
    for place, cell in enumerate(row.iterchildren(f"{_SHEET}c")):
        column = _column(cell.get("r"), place)
        if column > MOST_COLUMNS:
            raise SheetUnreadable
        cells += [""] * (column + 1 - len(cells))
        cells[column] = _checked(_value(cell, texts).strip())
    return cells


def _value(cell: Any, texts: list[str]) -> str:
    kind = cell.get("t")
    if kind == "inlineStr":
        return _text_of(cell)
    value = cell.find(f"{_SHEET}v")
    text = "" if value is None else value.text or ""
    if kind == "s":
        return texts[int(text)]
    if kind == "b":
        return "true" if text == "1" else "false"
    if kind == "e":
        raise SheetUnreadable
    return text if kind == "str" or not text else _number(text)


def _number(text: str) -> str:
    """Return a number as people would have typed it: `450`, and not `450.0` or `4.5E2`."""
    number = float(text)
    return str(int(number)) if number.is_integer() and abs(number) < 10**15 else repr(number)


def _column(reference: str | None, place: int) -> int:
    found = _REFERENCE.fullmatch(reference or "")
    if found is None:
        return place
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


def _moment(cell: str, zone: ZoneInfo) -> str:
    """Return a moment as RFC 3339; what is none stays as it stands, for whoever checks it to refuse."""
    try:
        if re.fullmatch(r"\d{1,7}(\.\d+)?", cell) and float(cell) < _LAST_SERIAL:
            read = _DAY_ZERO + dt.timedelta(seconds=round(float(cell) * 86400))
        else:
            read = dt.datetime.fromisoformat(cell)
    except (ValueError, OverflowError):
        return cell
    return (read if read.tzinfo else read.replace(tzinfo=zone)).isoformat()


def numbered(pointer: str, lines: list[Line], under: str) -> str:
    """Return the pointer with the line of the sheet in place of the index: `/units/0/din` is `/rows/2/din`."""
    found = re.fullmatch(rf"/{under}/(\d+)(/.*)?", pointer)
    if found is None or int(found[1]) >= len(lines):
        return pointer
    return f"/rows/{lines[int(found[1])].number}{found[2] or ''}"
