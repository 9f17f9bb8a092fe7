"""How gunicorn serves, wherever it is started: `gunicorn --config python:config.gunicorn config.wsgi`."""

import os
from pathlib import Path
from typing import Any

from common.counting import FOLDER, fold

# Seconds for which a connection waits for its next call: longer than clients and proxies keep one, or a POST is now
# and then sent into a connection that is just being closed, and is not tried again by anybody.
keepalive = 75


def on_starting(_server: Any) -> None:
    """Without the folder every request would fail at being counted: so it is made, or nothing starts."""
    if folder := os.environ.get(FOLDER):
        Path(folder).mkdir(parents=True, exist_ok=True)


def child_exit(_server: Any, worker: Any) -> None:
    """A web process has ended, in whichever way: what it has counted stays."""
    if folder := os.environ.get(FOLDER):
        fold(Path(folder), worker.pid)
