"""A thread of the worker that does what is due, as errands at somebody outside, looked for in an index, are."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from django.db import InterfaceError, OperationalError, connection

from common.errors import Busy

POLL: Final = 0.2  # seconds between two looks at an index
LONGEST_PAUSE: Final = 10.0  # seconds between two tries to reach the database
log = logging.getLogger(__name__)


def serve(run_due: Callable[[], int], stop: threading.Event, *, poll: float = POLL, called: str = "errands") -> None:
    """Call `run_due`, which returns how much there was to do, until `stop` is set, through any failure of database or
    provider; `called` is what the log calls it."""
    pause = poll
    while not stop.is_set():
        try:
            while run_due() and not stop.is_set():
                pass
            pause = poll
        except Busy:
            pause = poll
        except (OperationalError, InterfaceError) as exc:
            pause = min(max(0.5, pause * 2), LONGEST_PAUSE)
            log.warning("%s lost the database", called, extra={"cause": type(exc).__name__, "pause_s": pause})
            connection.close()
        except Exception:  # a worker outlives every failure
            pause = 1.0
            log.exception("%s failed", called)
            connection.close()
        stop.wait(pause)
    connection.close()
