"""Places and processes for the tests of the embedded database and the runner."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.envfile import PROJECT

PATIENCE = 30.0  # seconds; what is waited for takes well under one


@contextmanager
def open_folder() -> Iterator[Path]:
    """Lend a folder that every user may pass through, as pytest's own are not when root runs it."""
    folder = Path(tempfile.mkdtemp(prefix="jeevansetu-test-")).resolve()
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the caller's environment without a database, and with root's data below the folder."""
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return kept | {"EMBEDDED_PG_ROOT": str(folder / "aside"), "PYTHONPATH": str(PROJECT)} | more


def postgres_cli(folder: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    """Start `python -m sandbox.postgres`."""
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox.postgres", *arguments],
        env=environment(folder, **more),
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(condition: Callable[[], object]) -> None:
    """Wait for a condition, and fail if it does not come true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that waits for its parent's notice does not."""
    answer = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip()[:1] not in ("", "Z")
