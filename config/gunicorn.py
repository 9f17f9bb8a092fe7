"""What gunicorn's master does beside starting web processes: `gunicorn --config python:config.gunicorn config.wsgi`."""

import os
from pathlib import Path
from typing import Any

from common.counting import FOLDER, fold


def child_exit(_server: Any, worker: Any) -> None:
    """A web process has ended, in whichever way: what it has counted stays."""
    if folder := os.environ.get(FOLDER):
        fold(Path(folder), worker.pid)
