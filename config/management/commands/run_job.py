from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Run one periodic job now, as the scheduler would."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        import scheduler  # noqa: PLC0415  (knows every app, which have to be loaded first)

        known = [job.name for job in scheduler.JOBS]
        if name not in known:
            raise CommandError(f"There is no job {name!r}. The jobs are: {', '.join(known)}.")
        scheduler.run_job(name)
