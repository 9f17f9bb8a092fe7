"""Tables come in from spreadsheets and go out to them, and nothing of a stranger's file is believed."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from common.sheets.reading import (
    HeadingUnknown,
    SheetTooLong,
    SheetUnreadable,
    numbered,
    read_sheet,
)
from common.sheets.writing import BOM, Column, as_csv, as_xlsx, major

INDIA = ZoneInfo("Asia/Kolkata")
COLUMNS = [Column("name", "a"), Column("units", "b"), Column("at", "c"), Column("cost", "d", major), Column("on", "e")]
AT = dt.datetime(2030, 5, 1, 6, 30, tzinfo=dt.UTC)
ROWS = [("=1+1", 3, AT, -1250, True), ("Kavya", None, None, None, False)]
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def read(content, **changes):
    wanted = {
        "headings": frozenset({"din", "collected_at", "volume_ml", "irradiated"}),
        "most": 5,
        "zone": INDIA,
        "moments": frozenset({"collected_at"}),
        **changes,
    }
    return read_sheet(content, **wanted)


def workbook(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def zipped(**parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in parts.items():
            book.writestr(name.replace("__", "/") + ".xml", text)
    return file.getvalue()


def test_a_csv_is_written_in_pieces_and_no_text_of_it_runs():
    pieces = list(as_csv(COLUMNS, iter(ROWS * 3000), INDIA, bom=True))

    assert pieces[0] == BOM
    assert len(pieces) > 3
    lines = b"".join(pieces[1:]).decode().split("\r\n")
    assert lines[:3] == ["name,units,at,cost,on", "'=1+1,3,2030-05-01 12:00:00,-12.50,yes", "Kavya,,,,no"]


def test_a_workbook_holds_numbers_and_moments_as_such_and_formulas_as_text():
    content = b"".join(as_xlsx(COLUMNS, iter(ROWS), INDIA, name="units"))

    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[1] == ("=1+1", 3, dt.datetime(2030, 5, 1, 12, 0), -12.5, "yes")  # noqa: DTZ001
    assert sheet["A2"].data_type == "s"
    assert (sheet.title, sheet.freeze_panes) == ("units", "A2")


def test_minor_units_become_hundredths_exactly():
    assert [str(major(minor)) for minor in (0, 5, -150, 10**15 + 1)] == ["0.00", "0.05", "-1.50", "10000000000000.01"]
    assert isinstance(major(1), Decimal)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_read_by_its_headings_whatever_parts_its_cells(delimiter):
    lines = ["\ufeffDIN,Collected at,Volume-ml,", "G1,2030-05-01 12:00,450,", ",,,", "'=G2,2030-05-01T12:00:00+00:00,,"]

    found = read("\r\n".join(lines).replace(",", delimiter).encode())

    assert [(line.number, line.cells) for line in found] == [
        (2, {"din": "G1", "collected_at": "2030-05-01T12:00:00+05:30", "volume_ml": "450"}),
        (4, {"din": "=G2", "collected_at": "2030-05-01T12:00:00+00:00"}),
    ]


def test_a_workbook_is_read_like_a_csv():
    content = workbook(
        ["din", "collected_at", "volume_ml", "irradiated"],
        ["G1", dt.datetime(2030, 5, 1, 12, 0), 450, True],  # noqa: DTZ001
        [None, None, None, None],
        [12345, "2030-05-01T12:00:00+05:30", 450.5, None],
    )

    found = read(content)

    at = "2030-05-01T12:00:00+05:30"
    assert [(line.number, line.cells) for line in found] == [
        (2, {"din": "G1", "collected_at": at, "volume_ml": "450", "irradiated": "true"}),
        (4, {"din": "12345", "collected_at": at, "volume_ml": "450.5"}),
    ]


def test_what_was_exported_is_read_again():
    columns = [Column("din", "a"), Column("collected_at", "b")]
    rows = [("=G1", AT)]

    csv, book = as_csv(columns, rows, INDIA, bom=True), as_xlsx(columns, rows, INDIA, name="x")

    expected = {"din": "=G1", "collected_at": "2030-05-01T12:00:00+05:30"}
    assert [read(b"".join(form))[0].cells for form in (csv, book)] == [expected, expected]


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", SheetUnreadable),
        (b"din\n", SheetUnreadable),
        (b"din\n\xff", SheetUnreadable),
        (b'din\n"x', SheetUnreadable),
        (b"din\nx,y", SheetUnreadable),
        (b"din\n" + b"x" * 501, SheetUnreadable),
        (b"din\na\0b", SheetUnreadable),
        (b"din,name\nx,y", HeadingUnknown),
        (b"din,din\nx,y", HeadingUnknown),
        (b"din\n" + b"x\n" * 6, SheetTooLong),
        (b"PK\x03\x04nothing", SheetUnreadable),
        (zipped(a="<x/>"), SheetUnreadable),
        (zipped(xl__worksheets__sheet1="<broken"), SheetUnreadable),
        (
            zipped(
                xl__worksheets__sheet1=f'<!DOCTYPE w [<!ENTITY e "din">]><worksheet xmlns="{SHEET}"><sheetData>'
                '<row r="1"><c t="inlineStr"><is><t>&e;</t></is></c></row></sheetData></worksheet>'
            ),
            SheetUnreadable,
        ),
        (
            zipped(
                xl__worksheets__sheet1=f'<worksheet xmlns="{SHEET}"><sheetData><row r="1"><c t="s"><v>7</v></c></row>'
                "</sheetData></worksheet>"
            ),
            SheetUnreadable,
        ),
        (zipped(xl__worksheets__sheet1=" " * (25 * 1024 * 1024)), SheetUnreadable),
    ],
)
def test_what_is_no_table_is_refused(content, refusal):
    with pytest.raises(refusal):
        read(content)


def test_a_pointer_names_the_line_that_people_see():
    lines = read(b"din\nx\n\ny")

    assert numbered("/units/1/din", lines, "units") == "/rows/4/din"
    assert numbered("/units/9/din", lines, "units") == "/units/9/din"
    assert numbered("/file", lines, "units") == "/file"
