from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from config.catalogue import states_page


class Command(BaseCommand):
    help = "Prints docs/states.md: every state machine, from the tables that the code obeys."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(states_page(), ending="")
