from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand

from common.retention import Rule, rules


class Command(BaseCommand):
    help = "Print what is kept how long as a table, as docs/privacy.md shows it."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("| what | kept | counted | least | then | why |\n|---|---|---|---|---|---|")
        for rule in rules():
            self.stdout.write(_line(rule))


def _line(rule: Rule) -> str:
    kept = "as each row says" if rule.keep is None else in_words(rule.keep)
    least = in_words(rule.floor) if rule.floor else "-"
    fate = {"delete": "deleted", "wipe": "the column is emptied"}[rule.fate]
    return f"| {rule.what} (`{rule.name}`) | {kept} | {rule.since} | {least} | {fate} | {rule.why} |"


def in_words(period: dt.timedelta) -> str:
    """Return a period in days, or in hours where it is no whole number of days."""
    count, unit = (period.days, "day") if period.seconds == 0 else (period // dt.timedelta(hours=1), "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}"
