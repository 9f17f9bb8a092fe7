"""What every benchmark shares: timing, the table it prints, the bars it is held to, a database of its own."""

from __future__ import annotations

import math
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from django.db import connection

BENCHMARKS = (
    "match",
    "postgis",
    "first_sms",
    "dispatch",
    "accept_storm",
    "camp_rush",
    "order_rush",
    "booking_storm",
    "import_directory",
    "lists",
    "sweeps",
    "announcement",
    "allocation",
    "relay",
    "webhooks",
    "ledger",
    "slots",
    "doctor_search",
    "streams",
)
MISSED = 3  # the exit code of a benchmark one of whose bars does not hold


@dataclass(frozen=True)
class Spread:
    """Durations in seconds."""

    samples: Sequence[float]

    @property
    def median(self) -> float:
        return self.at(0.5)

    @property
    def p95(self) -> float:
        return self.at(0.95)

    @property
    def slowest(self) -> float:
        return max(self.samples)

    def at(self, share: float) -> float:
        """Return the duration that so large a share of the samples does not exceed (nearest rank)."""
        ordered = sorted(self.samples)
        return ordered[math.ceil(share * len(ordered)) - 1]

    def __str__(self) -> str:
        return f"median {ms(self.median)}, p95 {ms(self.p95)}"


class Report:
    """A benchmark's table: what was measured, and whether the bars hold."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._rows: list[tuple[str, str, str, str]] = []
        self._notes: list[str] = []
        self.missed: list[str] = []

    def tell(self, what: str, measured: object) -> None:
        """Add a number without a bar."""
        self._rows.append((what, str(measured), "", ""))

    def hold(self, what: str, measured: object, bar: str, *, holds: bool) -> None:
        """Add a number with its bar."""
        self._rows.append((what, str(measured), bar, "yes" if holds else "NO"))
        if not holds:
            self.missed.append(what)

    def note(self, text: str) -> None:
        """Add a sentence below the table."""
        self._notes.append(text)

    def show(self) -> None:
        """Print the table, in Markdown."""
        rows = [("what", "measured", "bar", "holds"), *self._rows]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = [
            "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
        ]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        print(f"\n## {self._title}\n\n" + "\n".join(lines))
        for note in self._notes:
            print(f"\n{note}")
        sys.stdout.flush()


def ms(seconds: float) -> str:
    """Write a duration for people."""
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.2f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"


def timed(act: Callable[[], object]) -> float:
    """Return how many seconds `act` takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def repeated(act: Callable[[int], float], *, most: int, least: int = 5, within: float = 20.0) -> Spread:
    """Collect what `act(0)`, `act(1)`, … return: `most` samples, or as many (at least `least`) as fit in `within` s."""
    return taking_turns({"": act}, most=most, least=least, within=within)[""]


def taking_turns(
    acts: Mapping[str, Callable[[int], float]], *, most: int, least: int = 5, within: float = 20.0
) -> dict[str, Spread]:
    """Collect samples of each act in turn, so that what else the machine does falls on all of them alike."""
    samples: dict[str, list[float]] = {name: [] for name in acts}
    began, number = time.perf_counter(), 0
    while number < most and (number < least or time.perf_counter() - began < within):
        for name, act in acts.items():
            samples[name].append(act(number))
        number += 1
    return {name: Spread(found) for name, found in samples.items()}


def say(line: str) -> None:
    """Tell the person at the terminal what is going on, beside the results."""
    print(line, file=sys.stderr, flush=True)


def grown_by(act: Callable[[], object]) -> int | None:
    """Return by how many bytes this process was larger at its largest during `act`; None where nobody can tell."""
    status, reset = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not reset.exists():
        act()
        return None
    reset.write_text("5", encoding="ascii")  # proc(5): the peak begins again at what is held now
    before = _peak(status)
    act()
    return _peak(status) - before


def _peak(status: Path) -> int:
    [line] = [line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def machine() -> str:
    """Return the shape of this machine, without names."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB of memory, {platform.system()}, "
        f"Python {platform.python_version()}"
    )


def load() -> str:
    """Return how busy the machine has been: 1, 5 and 15 minutes back."""
    return "load before: " + ", ".join(f"{value:.2f}" for value in os.getloadavg())


def postgres_version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0].split()[0]}"


@contextmanager
def own_database() -> Iterator[str]:
    """Point this process at a new, migrated database for as long as the block takes; yield its DATABASE_URL."""
    say("  making a database ...")
    before = connection.settings_dict["NAME"]
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield urlsplit(os.environ["DATABASE_URL"])._replace(path="/" + quote(name, safe="")).geturl()
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


def analyse(*tables: str) -> None:
    """Let PostgreSQL look at what was loaded, as its daemon would in a while."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"VACUUM (ANALYZE) {table}")
