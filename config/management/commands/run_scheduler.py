from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Run the periodic jobs; of several processes one leads and the others stand by."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        import scheduler  # noqa: PLC0415  (knows every app, which have to be loaded first)

        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        scheduler.serve(stop)
