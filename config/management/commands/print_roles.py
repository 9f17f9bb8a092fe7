from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from config.roles_page import roles_page


class Command(BaseCommand):
    help = "Prints docs/roles.md: which group of administrators may do what, as the pages themselves say."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(roles_page(), ending="")
