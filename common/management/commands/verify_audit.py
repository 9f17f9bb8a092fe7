from __future__ import annotations

import time
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.audit.anchors import public_key, read_line
from common.audit.verifying import verify


class Command(BaseCommand):
    help = "Walk the audit log's chain; fails at the first place where it is not what it was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=int, default=0, help="the number of an anchor to begin at")
        parser.add_argument("--export", type=Path, help="write every link and anchor there, a line each")
        parser.add_argument("--anchors", type=Path, help="a log or an export whose anchors the chain must agree with")

    def handle(self, *args: Any, since: int, export: Path | None, anchors: Path | None, **options: Any) -> None:
        started = time.perf_counter()
        with ExitStack() as open_files:
            out = open_files.enter_context(export.open("w", encoding="utf-8")) if export else None
            kept = []
            if anchors:
                lines = open_files.enter_context(anchors.open(encoding="utf-8", errors="replace"))
                kept = [mark for line in lines if "anchor:" in line and (mark := read_line(line)) is not None]
            walk, found = verify(since=since, kept=kept, export=(lambda line: out.write(line + "\n")) if out else None)
        took = time.perf_counter() - started
        self.stdout.write(
            f"{walk.links} entries up to number {walk.number}, {walk.marks} signed marks, {walk.waiting} waiting;"
            f" {took:.2f} s, {walk.links / max(took, 0.001):,.0f} a second; key {public_key()}"
        )
        if found is not None:
            raise CommandError(f"The chain breaks at {found.number}: {found.what}: {found.how}.")
        self.stdout.write("The chain holds.")
