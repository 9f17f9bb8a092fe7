"""Cells that a spreadsheet must show and never run."""

from __future__ import annotations

from typing import Final

# What makes a spreadsheet run a cell as a formula when it opens the file; also in the wide forms of East Asia.
FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - the wide ones
# What some spreadsheets pass over before they look for a sign.
PASSED_OVER: Final = " \u00a0\ufeff\"'`"


def defused(cell: str) -> str:
    """Return the cell as text that no spreadsheet runs: with a quote before it, if it would be a formula."""
    return f"'{cell}" if cell.lstrip(PASSED_OVER).startswith(FORMULA_SIGNS) else cell
