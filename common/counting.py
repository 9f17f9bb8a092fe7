"""The files in which the web processes of one service count together (prometheus_client's several-processes mode).

The library keeps two files for each process that ever was. A service whose processes are replaced after so many
requests would fill its folder, and every scrape would read it all: so whoever starts the processes adds what one has
counted to the files of all that ended, once it has ended. It imports nothing of the product, for gunicorn's master.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from prometheus_client import mmap_dict

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"  # the library's own name for it
ENDED: Final = "ended"  # stands where a file's name has the number of its process
_File: Any = mmap_dict.MmapedDict


@contextmanager
def undisturbed(folder: Path, *, alone: bool) -> Iterator[None]:
    """Hold the folder, alone or with others: who adds up sees each count once, while `fold` moves none."""
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


def fold(folder: Path, pid: int) -> None:
    """Add what a process that has ended had counted to what all others that ended have; a second time does nothing."""
    with undisturbed(folder, alone=True):
        for path in folder.glob(f"*_{pid}.db"):
            kind, _, _ = path.name.partition("_")
            ended = _File(str(folder / f"{kind}_{ENDED}.db"))
            for key, value, at, _ in _File.read_all_values_from_file(str(path)):
                ended.write_value(key, ended.read_value(key)[0] + value, at)
            ended.close()
            path.unlink()
