"""One table of a report, and how it becomes a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.text import capfirst

from common.figures import Counted, Scope
from common.pdf import Document
from common.spreadsheets import defused

MARGIN: Final = 40.0
ROW, SIZE, SMALL = 15.0, 9.0, 8.0
FIRST_SHARE: Final = 1.6  # how much wider the first column is than the others


@dataclass(frozen=True)
class Table:
    """A title, the heads of columns, and rows: words to the left, numbers to the right."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str | int]]
    note: str = ""


def by_day(title: str, counted: Counted, scope: Scope) -> Table:
    """Return the figures of each day, and their sum: at most as many rows as a scope has days."""
    found = counted.by_day(scope)
    parts = list(counted.parts)
    rows: list[list[str | int]] = [[day.isoformat(), *(row[part] for part in parts)] for day, row in found.items()]
    total: list[str | int] = ["Sum", *(sum(row[part] for row in found.values()) for part in parts)]
    return Table(title, ["Day", *(capfirst(counted.label(part)) for part in parts)], [*rows, total])


def in_one(title: str, figures: Mapping[str, str | int]) -> Table:
    """Return figures one below the other."""
    rows = [[capfirst(name.replace("_", " ")), value] for name, value in figures.items()]
    return Table(title, ["Figure", "Value"], rows)


def as_csv(table: Table) -> str:
    """Return the table as a spreadsheet reads it, without a cell that it would run."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([defused(head) for head in table.heads])
    writer.writerows([[cell if isinstance(cell, int) else defused(cell) for cell in row] for row in table.rows])
    return file.getvalue()


def as_pdf(title: str, subtitle: str, tables: Sequence[Table]) -> bytes:
    """Return the tables on A4 lying, each page numbered."""
    return _Print(title, subtitle).all(tables)


class _Print:
    def __init__(self, title: str, subtitle: str) -> None:
        self.document = Document(title=title, language="en", lying=True)
        self.title, self.page = title, 1
        self.y = self.document.height - MARGIN - 10
        self.document.text(MARGIN, self.y, title, size=18, bold=True)
        self.y -= 18
        self.document.text(MARGIN, self.y, subtitle, size=SIZE, colour="#66707d")
        self.y -= 26

    def all(self, tables: Sequence[Table]) -> bytes:
        for table in tables:
            self._table(table)
        self._foot()
        return self.document.finish()

    def _table(self, table: Table) -> None:
        if self.y < MARGIN + 5 * ROW:
            self._next_page()
        self.document.text(MARGIN, self.y, table.title, size=12, bold=True)
        self.y -= 16
        self._heads(table)
        for row in table.rows:
            if self.y < MARGIN + ROW:
                self._next_page()
                self._heads(table)
            self._row(table, row, bold=row[0] == "Sum")
        if table.note:
            self.document.text(MARGIN, self.y, table.note, size=SMALL, colour="#66707d")
            self.y -= ROW
        self.y -= ROW

    def _heads(self, table: Table) -> None:
        self._row(table, table.heads, bold=True)
        self.document.line(MARGIN, self.y + ROW - 4, self.document.width - MARGIN, self.y + ROW - 4)

    def _row(self, table: Table, row: Sequence[str | int], *, bold: bool) -> None:
        share = (self.document.width - 2 * MARGIN) / (FIRST_SHARE + len(table.heads) - 1)
        x = MARGIN
        for at, cell in enumerate(row):
            wide = share * (FIRST_SHARE if at == 0 else 1)
            words = f"{cell:,}" if isinstance(cell, int) else cell
            left = at == 0
            place = x if left else x + wide
            self.document.text(
                place, self.y, words, size=SIZE, bold=bold, align="left" if left else "right", within=wide - 6
            )
            x += wide
        self.y -= ROW

    def _next_page(self) -> None:
        self._foot()
        self.document.next_page()
        self.page += 1
        self.y = self.document.height - MARGIN - 10

    def _foot(self) -> None:
        place: dict[str, Any] = {"size": SMALL, "colour": "#66707d"}
        self.document.text(MARGIN, MARGIN / 2, f"JeevanSetu: {self.title}", **place)
        self.document.text(self.document.width - MARGIN, MARGIN / 2, f"{self.page}", align="right", **place)
