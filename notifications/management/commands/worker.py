from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from notifications.worker import Worker


class Command(BaseCommand):
    help = "Relay events and send messages until SIGTERM or SIGINT; any number of workers share the work."
    requires_system_checks = ("events",)  # those of the pages would load every view: a worker serves none

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--threads", type=int, default=None, help="sending threads (DISPATCH_THREADS)")
        parser.add_argument("--once", action="store_true", help="do what is due now, then leave")

    def handle(self, *args: Any, threads: int | None, once: bool, **options: Any) -> None:
        worker = Worker(threads=threads)
        if once:
            worker.run_once()
            return
        stop = threading.Event()

        def leave(_number: int, _frame: FrameType | None) -> None:
            stop.set()
            worker.dispatcher.poke()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, leave)
        worker.run(stop)
