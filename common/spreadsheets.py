"""Cells that a spreadsheet must show and never run."""

from __future__ import annotations

from typing import Final

# What makes a spreadsheet run a cell as a formula when it opens the file; also in the wide forms of East Asia.
FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - the wide ones
# What some spreadsheets pass over before they look for a sign.
PASSED_OVER: Final = " \u00a0\ufeff\"'`"


# Set before such a cell, so that it is shown as text.
QUOTE: Final = "'"


def runs(cell: str) -> bool:
    """Whether some spreadsheet would run the cell as a formula."""
    return cell.lstrip(PASSED_OVER).startswith(FORMULA_SIGNS)


def defused(cell: str) -> str:
    """Return the cell as text that no spreadsheet runs: with a quote before it, if it would be a formula."""
    return QUOTE + cell if runs(cell) else cell


def undefused(cell: str) -> str:
    """Take off the quote that `defused` has set: what was defused is read as it stood."""
    bare = cell.removeprefix(QUOTE)
    return bare if runs(bare) else cell
