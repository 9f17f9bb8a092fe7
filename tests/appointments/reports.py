"""Laboratory reports as they are printed, for tests."""

from __future__ import annotations

from collections.abc import Sequence

from appointments.analysis.tables import Reading, Row, read_rows
from common.pdf import Document

HEAD = ("Test Name", "Result", "Flag", "Unit", "Reference Range")
COLUMNS = (40, 230, 300, 350, 430)  # points from the left
CBC = (
    ("Haemoglobin (Hb)", "10.2", "L", "g/dL", "12.0 - 16.0"),
    ("Total Leucocyte Count", "7,800", "", "/cumm", "4000 - 11000"),
    ("Platelet Count", "1.50", "", "lakhs/cumm", "1.5 - 4.5"),
    ("Hematocrit (PCV)", "31.2", "L", "%", "36 - 46"),
    ("MCV", "78", "L", "fL", "83 - 101"),
    ("Serum Creatinine", "0.9", "", "mg/dL", "0.6 - 1.2"),
)


def report(
    rows: Sequence[Sequence[str]] = CBC, *, collected: str = "12/04/2030", heading: str = "HAEMATOLOGY", pages: int = 1
) -> bytes:
    """A report of a table in columns."""
    paper = Document(title="Report", language="en")
    for page in range(pages):
        if page:
            paper.next_page()
        y = 780.0
        paper.text(40, y, "City Diagnostics, Pune", size=14, bold=True)
        paper.text(40, y - 24, f"Sample collected on: {collected}  10:20", size=10)
        paper.text(40, y - 48, heading, size=11, bold=True)
        for at, row in enumerate((HEAD, *rows)):
            for x, cell in zip(COLUMNS, row, strict=True):
                paper.text(x, y - 72 - 18 * at, cell, size=10)
        paper.text(40, 40, "*** End of report. Not valid for medico-legal purposes. ***", size=8)
    return paper.finish()


def read(text: str) -> Reading:
    """Read a page of lines."""
    return read_rows([Row(1, at, line) for at, line in enumerate(text.strip().split("\n"), 1)])
