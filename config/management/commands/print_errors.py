from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from config.catalogue import errors_page


class Command(BaseCommand):
    help = "Prints docs/errors.md: every refusal with its status, code and meaning."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(errors_page(), ending="")
