from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from users.jobs import refresh_windows


class Command(BaseCommand):
    help = "Works out again from when donors may give, where the rules have changed; can be stopped and started again."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{refresh_windows()} donors refreshed.")
