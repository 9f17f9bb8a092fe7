"""Open the conversations of what began before there were any: once after an upgrade, or as often as one likes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from chat.jobs import open_missing_conversations


class Command(BaseCommand):
    help = "Open a conversation for every promise, order, transfer and visit that is going on and has none."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"{open_missing_conversations()} conversations were opened.")
