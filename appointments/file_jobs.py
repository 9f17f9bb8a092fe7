"""What time does to files and analyses, in bounded batches over what an index says is due."""

from __future__ import annotations

import datetime as dt
from typing import Final

from appointments.selectors import analysing as analyses
from appointments.selectors import files as selectors
from appointments.services import analysing, files
from common import clock
from common.sweeps import act_on_each

BATCH: Final = 200
KEEP_FAILURES: Final = dt.timedelta(days=30)


def destroy_deleted_files() -> int:
    """Destroy every file whose time to be brought back is over; return how many."""
    now = clock.now()
    return act_on_each(
        lambda: selectors.files_to_destroy(now, limit=BATCH), lambda pk: files.destroy_if_due(file_id=pk)
    )


def prune_analyses() -> int:
    """Delete analyses that failed a month ago; return how many."""
    before, gone = clock.now() - KEEP_FAILURES, 0
    while due := analyses.old_failures(before, limit=BATCH):
        gone += analysing.prune(analysis_ids=due)
    return gone
