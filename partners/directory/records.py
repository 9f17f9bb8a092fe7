"""From bytes to records: encoding, delimiter, header, and a CSV reader that no damaged row stops or misleads.

A quote that is never closed makes an ordinary CSV reader swallow every row after it. Here a record may span
`MAX_LINES` lines and `MAX_CHARS` characters; when it does not come out as a record, reading goes on at the
next line that looks like the start of a row, and the lines before it are one faulty record. Memory is bounded
by these two numbers, whatever the file.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, TextIO

from common.spreadsheets import undefused

MAX_LINE_CHARS: Final = 32_767  # what a spreadsheet's cell can hold
MAX_CHARS: Final = 65_536  # with a line more still below the csv module's own limit of 131,072 a field
MAX_LINES: Final = 64
_FURTHEST_SERIAL: Final = 200  # rows that the publisher may have left out between two others
_CHUNK: Final = 1 << 16
_HEAD: Final = 4096
_DELIMITERS: Final = (",", ";", "\t")

# Normalised headings (letters and digits only, lower case) of every column that is read. The first is the
# publisher's own.
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "sr_no": ("srno", "sno", "slno", "serialno", "serialnumber"),
    "name": ("bloodbankname", "bloodcentrename", "bloodcentername", "nameofbloodbank", "name"),
    "state": ("state", "stateut"),
    "district": ("district",),
    "city": ("city", "town"),
    "address": ("address",),
    "pincode": ("pincode", "pin", "postalcode"),
    "contact": ("contactno", "contactnumber", "contact", "phone"),
    "contact_1": ("contactno1",),
    "contact_2": ("contactno2",),
    "contact_3": ("contactno3",),
    "contact_4": ("contactno4",),
    "contact_5": ("contactno5",),
    "contact_6": ("contactno6",),
    "contact_7": ("contactno7",),
    "helpline": ("helpline", "helplineno"),
    "email": ("email", "emailid", "emailaddress"),
    "website": ("website", "url"),
    "category": ("category",),
    "components": ("bloodcomponentavailable", "bloodcomponentsavailable"),
    "apheresis": ("apheresis",),
    "hours": ("servicetime", "servicehours"),
    "license": ("license", "licence", "licenseno", "licenceno", "licensenumber", "licencenumber"),
    "lat": ("latitude", "lat"),
    "lng": ("longitude", "lng", "lon", "long"),
}
# Without these no row can be listed; the publisher's headings, for the message.
REQUIRED: Final[dict[str, str]] = {
    "name": "Blood Bank Name",
    "state": "State",
    "city": "City",
    "license": "License #",
    "lat": "Latitude",
    "lng": "Longitude",
}


class DirectoryUnreadable(ValueError):
    """The file as a whole is not the directory; the message is one sentence for the person who named it."""


class Line(NamedTuple):
    number: int
    text: str
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Record:
    """Cells of one record; `fault` says why they do not fit the header, or is empty."""

    line: int
    cells: tuple[str, ...]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """How this file is written: found once, used by every pass."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    columns: dict[str, int]

    @property
    def fewest_cells(self) -> int:
        """A row may end early, but not before the last column that a listing cannot do without."""
        return 1 + max(self.columns[name] for name in REQUIRED)


def find_encoding(path: Path) -> str:
    """Return the encoding that the bytes themselves show; one pass, constant memory.

    A byte order mark decides; then NULs in every other byte (UTF-16 without a mark); then whether all is
    valid UTF-8, of which the last character may be cut off. Anything else is a Western single-byte file:
    Windows-1252, as spreadsheets write it, or Latin-1 where a byte has no meaning in Windows-1252.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, high = True, set[int]()
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
        if marked := _marked_encoding(head):
            return marked
        chunk = head
        while chunk:
            if is_utf8:
                is_utf8 = _decodes(decoder, chunk)
            high.update(chunk)
            chunk = stream.read(_CHUNK)
    if is_utf8:
        return "utf-8"
    return "latin-1" if high & {0x81, 0x8D, 0x8F, 0x90, 0x9D} else "cp1252"


def find_layout(path: Path) -> Layout:
    """Look at the beginning of the file.

    Raises: DirectoryUnreadable when it is missing, empty, a workbook, or lacks a column of `REQUIRED`.
    """
    try:
        encoding = find_encoding(path)
        with open_text(path, encoding) as stream:
            header = _header_lines(_Lines(stream))
    except OSError as error:
        raise DirectoryUnreadable(f"{path.name} cannot be read: {error.strerror}.") from error
    if not header:
        raise DirectoryUnreadable(f"{path.name} is empty.")
    if header[0].startswith("PK\x03\x04"):
        raise DirectoryUnreadable(f"{path.name} is a workbook or archive; save the sheet as CSV first.")
    layout = max((_layout(encoding, mark, header) for mark in _DELIMITERS), key=lambda it: len(it.columns))
    missing = [heading for name, heading in REQUIRED.items() if name not in layout.columns]
    if missing:
        raise DirectoryUnreadable(f"{path.name} has no column {', '.join(missing)}.")
    return layout


def read_records(path: Path, layout: Layout) -> Iterator[Record]:
    """Yield every record below the header, blank ones left out.

    Lines that follow a faulty record and begin no row of their own belong to it and are not told again.
    """
    with open_text(path, layout.encoding) as stream:
        lines = _Lines(stream)
        _header_lines(lines)
        is_after_fault = False
        assembler = _Assembler(lines, layout)
        while (record := assembler.next_record()) is not None:
            if not any(cell.strip() for cell in record.cells):
                continue
            if record.fault and is_after_fault and not _begins_with_a_number(record):
                continue
            is_after_fault = bool(record.fault)
            yield record


def open_text(path: Path, encoding: str) -> TextIO:
    """Open without translating line ends; a byte that means nothing becomes the replacement character."""
    return path.open(encoding=encoding, errors="replace", newline="")


class _Lines:
    """Physical lines with their numbers; takes lines back. What is beyond `MAX_LINE_CHARS` is let go."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._given_back: deque[Line] = deque()
        self._read = 0

    def next(self) -> Line | None:
        if self._given_back:
            return self._given_back.popleft()
        text = self._stream.readline(MAX_LINE_CHARS)
        if not text:
            return None
        self._read += 1
        is_cut = False
        tail = text
        while len(tail) == MAX_LINE_CHARS and not tail.endswith(("\n", "\r")):
            tail = self._stream.readline(MAX_LINE_CHARS)
            is_cut = is_cut or bool(tail.strip("\r\n"))
        return Line(self._read, text.replace("\0", ""), is_cut)

    def give_back(self, lines: list[Line]) -> None:
        self._given_back.extendleft(reversed(lines))


class _Assembler:
    """Puts lines together to records."""

    def __init__(self, lines: _Lines, layout: Layout) -> None:
        self._lines = lines
        self._layout = layout
        self._width = len(layout.header)
        self._fewest = layout.fewest_cells
        self._serial_cell = re.compile(r'\s*"?\s*([0-9]{1,9})\s*"?\s*' + re.escape(layout.delimiter))
        self._last_serial = 0

    def next_record(self) -> Record | None:
        first = self._lines.next()
        if first is None:
            return None
        buffer = self._until_quotes_close(first)
        rows = self._parse(buffer, strict=True)
        if not any(line.is_cut for line in buffer) and len(rows) == 1 and not self._misfit(rows[0]):
            record = Record(first.number, rows[0])
        else:
            record = self._recovered(buffer)
        self._remember_serial(buffer[0])
        return record

    def _until_quotes_close(self, first: Line) -> list[Line]:
        """In a whole record the number of quotes is even."""
        buffer, quotes, chars = [first], first.text.count('"'), len(first.text)
        while quotes % 2 and not buffer[-1].is_cut and len(buffer) < MAX_LINES and chars < MAX_CHARS:
            line = self._lines.next()
            if line is None:
                break
            buffer.append(line)
            quotes += line.text.count('"')
            chars += len(line.text)
        return buffer

    def _recovered(self, buffer: list[Line]) -> Record:
        """Keep the lines up to the next start of a row, give back the others, make the best of the kept."""
        end = next((i for i, line in enumerate(buffer) if i and self._starts_a_row(line)), len(buffer))
        self._lines.give_back(buffer[end:])
        kept = buffer[:end]
        rows = self._parse(kept, strict=False)
        cells = rows[0] if len(rows) == 1 else ("".join(line.text for line in kept),)
        return Record(kept[0].number, cells, self._fault(kept, rows))

    def _fault(self, kept: list[Line], rows: list[tuple[str, ...]]) -> str:
        if any(line.is_cut for line in kept):
            return f"A line is longer than {MAX_LINE_CHARS} characters; only its beginning is kept."
        if len(rows) != 1:
            return "The quotes do not close."
        misfit = self._misfit(rows[0])
        if misfit and sum(line.text.count('"') for line in kept) % 2:
            return f"{misfit} A quote is not closed."
        return misfit

    def _misfit(self, cells: tuple[str, ...]) -> str:
        """A blank record fits. Blank cells beyond the header do no harm; others mean moved cells."""
        count = len(cells)
        if count < self._fewest and any(cell.strip() for cell in cells):
            return f"There are {count} cells, fewer than the header's {self._width}."
        if count > self._width and any(cell.strip() for cell in cells[self._width :]):
            return f"There are {count} cells, more than the header's {self._width}."
        return ""

    def _starts_a_row(self, line: Line) -> bool:
        if line.text.count(self._layout.delimiter) >= self._width - 1:
            return True
        serial = self._serial(line)
        return serial is not None and 0 < serial - self._last_serial <= _FURTHEST_SERIAL

    def _remember_serial(self, line: Line) -> None:
        serial = self._serial(line)
        if serial is not None:
            self._last_serial = serial

    def _serial(self, line: Line) -> int | None:
        found = self._serial_cell.match(line.text)
        return int(found[1]) if found else None

    def _parse(self, lines: list[Line], *, strict: bool) -> list[tuple[str, ...]]:
        texts = [line.text for line in lines]
        if len(texts) == 1 and '"' not in texts[0]:
            cells = texts[0].rstrip("\r\n").split(self._layout.delimiter)
            return [tuple(undefused(cell) for cell in cells)]
        try:
            rows = csv.reader(texts, delimiter=self._layout.delimiter, strict=strict)
            return [tuple(undefused(cell) for cell in row) for row in rows]
        except csv.Error:
            return []


def _marked_encoding(head: bytes) -> str:
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[0::2].count(0), head[1::2].count(0)
    # A header is Latin text: one half of its UTF-16 bytes are NUL, the other half never.
    if odd > len(head) // 4 and not even:
        return "utf-16-le"
    if even > len(head) // 4 and not odd:
        return "utf-16-be"
    return ""


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes) -> bool:
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


def _header_lines(lines: _Lines) -> list[str]:
    """Return the lines of the header, which is the first line that is not blank and what its quotes hold."""
    header: list[str] = []
    while len(header) < MAX_LINES and (line := lines.next()) is not None:
        if header or line.text.strip(" \t\r\n,;"):
            header.append(line.text)
        if header and "".join(header).count('"') % 2 == 0:
            break
    return header


def _layout(encoding: str, delimiter: str, lines: list[str]) -> Layout:
    header = tuple(undefused(cell) for cell in next(csv.reader(lines, delimiter=delimiter)))
    normalised = [re.sub(r"[^a-z0-9]", "", cell.lower()) for cell in header]
    columns: dict[str, int] = {}
    for name, headings in COLUMNS.items():
        index = next((normalised.index(heading) for heading in headings if heading in normalised), None)
        if index is not None:
            columns[name] = index
    return Layout(encoding, delimiter, header, columns)


def _begins_with_a_number(record: Record) -> bool:
    return record.cells[0].strip().isdecimal()
