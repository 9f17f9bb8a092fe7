from __future__ import annotations

import pytest

from common.spreadsheets import defused, undefused

SIGNS = ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("before", ["", " ", '"', "'", "`", "\u00a0", "\ufeff", "\"' "])
def test_what_a_spreadsheet_would_run_becomes_text(sign, before):
    cell = f"{before}{sign}HYPERLINK(1)"

    assert defused(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["=1", "'=1", "''=1", '"=1', " -5", "-", "'", "O'Brien", "'twas", ""])
def test_what_was_defused_reads_as_it_stood(cell):
    assert undefused(defused(cell)) == cell


@pytest.mark.parametrize("cell", ["", "Asha", "B+", "2030-05-01", "a=b", "O'Brien", "12"])
def test_other_cells_stay_as_they_are(cell):
    assert defused(cell) == cell
