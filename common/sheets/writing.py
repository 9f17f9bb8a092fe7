"""Rows as CSV or XLSX, a piece at a time: memory does not grow with the number of rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any, Final
from zoneinfo import ZoneInfo

import xlsxwriter

from common.spreadsheets import defused

BOM: Final = b"\xef\xbb\xbf"  # by which Excel knows that a CSV is UTF-8
LOCAL: Final = "%Y-%m-%d %H:%M:%S"
PIECE: Final = 64 * 1024  # bytes
WIDEST: Final = 40  # characters of a column


@dataclass(frozen=True)
class Column:
    """A heading, the column of the database below it, and what its value becomes."""

    heading: str
    path: str
    show: Callable[[Any], Any] | None = None

    def cell(self, value: Any, zone: ZoneInfo) -> str | int | float | Decimal | dt.datetime:
        """Return what the cell holds: a number stays one, a moment is the zone's, without saying so."""
        shown = value if self.show is None or value is None else self.show(value)
        if isinstance(shown, bool):
            return "yes" if shown else "no"
        if isinstance(shown, dt.datetime):
            return shown.astimezone(zone).replace(tzinfo=None)
        if isinstance(shown, int | float | Decimal):
            return shown
        return "" if shown is None else str(shown)


def major(minor: int) -> Decimal:
    """Return an amount of minor units as people write it; every currency of ours has hundredths."""
    return Decimal(minor).scaleb(-2)


def as_csv(columns: Sequence[Column], rows: Iterable[Sequence[Any]], zone: ZoneInfo, *, bom: bool) -> Iterator[bytes]:
    """Yield the table in pieces; no cell runs as a formula."""
    text = io.StringIO()
    write = csv.writer(text).writerow
    write([column.heading for column in columns])
    if bom:
        yield BOM
    for row in rows:
        write([_csv_cell(column.cell(value, zone)) for column, value in zip(columns, row, strict=True)])
        if text.tell() >= PIECE:
            yield _taken(text)
    yield _taken(text)


def as_xlsx(columns: Sequence[Column], rows: Iterable[Sequence[Any]], zone: ZoneInfo, *, name: str) -> Iterator[bytes]:
    """Yield the table as a workbook, which is made in a temporary file before its first piece."""
    with tempfile.TemporaryFile() as file:
        _write_workbook(file, columns, rows, zone, name)
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


def _write_workbook(
    file: IO[bytes], columns: Sequence[Column], rows: Iterable[Sequence[Any]], zone: ZoneInfo, name: str
) -> None:
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd hh:mm:ss",
    }
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet(name[:31])
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, min(WIDEST, max(12, len(column.heading) + 2)))
            sheet.write_string(0, place, column.heading, bold)
        for line, row in enumerate(rows, start=1):
            for place, (column, value) in enumerate(zip(columns, row, strict=True)):
                _write_cell(sheet, line, place, column.cell(value, zone))


def _write_cell(sheet: Any, line: int, place: int, cell: Any) -> None:
    if isinstance(cell, dt.datetime):
        sheet.write_datetime(line, place, cell)
    elif isinstance(cell, str):
        sheet.write_string(line, place, cell)
    else:
        sheet.write_number(line, place, cell)


def _csv_cell(cell: Any) -> Any:
    if isinstance(cell, dt.datetime):
        return cell.strftime(LOCAL)
    return defused(cell) if isinstance(cell, str) else cell


def _taken(text: io.StringIO) -> bytes:
    piece = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return piece
