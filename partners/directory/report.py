"""The file of rejected rows: for a person to mend in a spreadsheet and to import again as it is."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from common.spreadsheets import defused
from partners.directory.listings import Fault, Rejection

# Columns of the report that are not the publisher's. A mended report that is imported again has them too.
_OWN_COLUMNS: Final = ("row", "reasons")


def report_path(source: Path) -> Path:
    """`banks.csv` is reported in `banks.rejected.csv` beside it."""
    return source.with_name(f"{source.stem}.rejected.csv")


def count_reasons(rejections: Iterable[Rejection]) -> dict[Fault, int]:
    """Return how many rows have each reason, most frequent first. A row with two reasons counts in both."""
    counts = Counter(code for rejection in rejections for code in rejection.codes)
    return dict(counts.most_common())


def write_report(rejections: Iterable[Rejection], source: Path | str) -> Path | None:
    """Write the rejected rows of `source` beside it, and return the report's path; None when there are none.

    The report is of the last reading: an earlier one is replaced whole, or removed when nothing was rejected.
    It is UTF-8 with a byte order mark, commas, the cells as they stood. A cell that a spreadsheet would run
    as a formula has a quote before it, which the reader takes off.
    """
    target = report_path(Path(source))
    rows = list(rejections)
    if not rows:
        target.unlink(missing_ok=True)
        return None
    unfinished = target.with_name(target.name + ".part")
    with unfinished.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        kept = [i for i, heading in enumerate(rows[0].header) if heading.strip().lower() not in _OWN_COLUMNS]
        writer.writerow([*_OWN_COLUMNS, *(defused(rows[0].header[i]) for i in kept)])
        for rejection in rows:
            writer.writerow([rejection.row, _told(rejection), *map(defused, _publishers_cells(rejection, kept))])
    os.replace(unfinished, target)  # noqa: PTH105 - the one call that replaces on every system
    return target


def _told(rejection: Rejection) -> str:
    return " ".join(f"{reason.code}: {reason.detail}" for reason in rejection.reasons)


def _publishers_cells(rejection: Rejection, kept: list[int]) -> list[str]:
    cells, width = rejection.cells, len(rejection.header)
    return [cells[i] for i in kept if i < len(cells)] + list(cells[width:])
