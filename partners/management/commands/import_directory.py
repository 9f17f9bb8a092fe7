"""Import the national directory of blood banks from its published CSV."""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.db import advisory_lock
from partners.directory import (
    DirectoryUnreadable,
    Listing,
    Rejection,
    count_reasons,
    read_directory,
    report_path,
    write_report,
)
from partners.services.listing import Listed, list_banks

BATCH = 500


class Command(BaseCommand):
    help = (
        "List the blood banks of FILE, the published CSV as it is. Rows that cannot be listed go to"
        " <name>.rejected.csv beside it. A second import of the same file changes nothing; banks that"
        " somebody has claimed are never touched."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--report", metavar="FOLDER", type=Path, help="where the report goes instead")

    def handle(self, *, file: Path, report: Path | None, **options: Any) -> None:
        started = time.monotonic()
        with advisory_lock("partners.import_directory") as is_mine:
            if not is_mine:
                raise CommandError("Another import is running; try again when it has ended.")
            try:
                rows = read_directory(file)
            except DirectoryUnreadable as exc:
                raise CommandError(str(exc)) from exc
            listed, rejections, notes = self._take_in(rows)
        written = _write_report(rejections, file, report)
        self._tell(listed, rejections, notes, written, time.monotonic() - started)

    def _take_in(self, rows: Iterator[Listing | Rejection]) -> tuple[Listed, list[Rejection], Counter[str]]:
        listed, rejections, notes, read = Listed(), list[Rejection](), Counter[str](), 0
        while batch := list(islice(rows, BATCH)):
            listings = [row for row in batch if isinstance(row, Listing)]
            rejections += [row for row in batch if isinstance(row, Rejection)]
            notes.update(str(note) for listing in listings for note in listing.notes)
            listed += list_banks(listings=listings)
            read += len(batch)
            self.stderr.write(f"{read} rows read, {listed.new} new, {listed.changed} changed")
        return listed, rejections, notes

    def _tell(
        self,
        listed: Listed,
        rejections: list[Rejection],
        notes: Counter[str],
        written: Path | None,
        seconds: float,
    ) -> None:
        self.stdout.write(
            f"{listed.new} new, {listed.changed} changed, {listed.unchanged} unchanged,"
            f" {listed.kept} left to their partners, {len(rejections)} rejected, in {seconds:.1f} s."
        )
        for reason, count in count_reasons(rejections).items():
            self.stdout.write(f"  rejected, {reason}: {count}")
        for note, count in notes.most_common():
            self.stdout.write(f"  listed, {note}: {count}")
        if written:
            self.stdout.write(f"The rejected rows and why: {written}")


def _write_report(rejections: list[Rejection], file: Path, folder: Path | None) -> Path | None:
    """Write the report into the folder, else beside the file, else into the working directory."""
    if folder is None:
        folder = file.parent if os.access(file.parent, os.W_OK) else Path.cwd()
    try:
        return write_report(rejections, folder / file.name)
    except OSError as exc:
        target = report_path(folder / file.name)
        raise CommandError(f"The banks are listed, but {target} cannot be written: {exc.strerror}.") from exc
