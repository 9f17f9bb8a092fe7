"""Processes of the product that a test starts on its own database, and may kill."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

from sandbox.server import Sandbox

PROJECT = Path(__file__).resolve().parent.parent


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    """Return once it is true; fail when it is not in time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not become true in time"
        threading.Event().wait(0.05)


@contextmanager
def worker_process(provider: Sandbox, *, threads: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run `manage.py worker` as its own process on this test's database."""
    name = str(connection.settings_dict["NAME"])
    database = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "TWILIO_API_BASE": provider.url,
        "BKASH_API_BASE": f"{provider.url}/bkash",
        "WEBHOOK_SANDBOX_ORIGIN": provider.url,
        "PUBLIC_URL": "",
        "DISPATCH_LEASE": "2",
        "DISPATCH_GRACE": "1",
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "manage.py", "worker", "--threads", str(threads)]
    process = subprocess.Popen(command, cwd=PROJECT, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)
