from __future__ import annotations

import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.stream.server import make_server, open_socket


class Command(BaseCommand):
    help = "Serve the live streams until SIGTERM or SIGINT; any number of processes share the clients."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen at")
        parser.add_argument("--port", type=int, default=settings.STREAM_PORT, help="the port (STREAM_PORT)")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        server = make_server()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, server.handle_exit)
        try:
            listening = open_socket(host, port)
        except OSError as exc:
            raise CommandError(f"{host}:{port} cannot be listened at: {exc.strerror}") from exc
        asyncio.run(server.serve(sockets=[listening]))
