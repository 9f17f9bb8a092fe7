"""At the very end the audit log is walked: every deed of the story is in the chain, and nobody has touched it."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

from sandbox.demo.client import Surprise
from sandbox.demo.stage import Stage

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60.0  # seconds for the worker to link what has just been written, on a machine that has other things to do


def tell(stage: Stage) -> None:
    stage.chapter("The audit log")
    page = stage.admin.read("/admin/common/auditentry/?deed=read")
    stage.expect("auditentry" in page, True, "an administrator reads who has read whose health data")
    end = time.monotonic() + PATIENCE
    while (said := verified())[1] and time.monotonic() < end:
        time.sleep(0.5)
    stage.line(said[0])
    stage.expect(said[1], 0, "no entry waits for its place in the chain any more, and the chain holds")


def verified() -> tuple[str, int]:
    """Return what `manage.py verify_audit` says, and how many entries wait. Raises: Surprise when the chain breaks."""
    command = [sys.executable, "manage.py", "verify_audit"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode:
        raise Surprise(done.stderr.strip() or done.stdout.strip())
    lines = done.stdout.strip().splitlines()
    waiting = re.search(r"(\d+) waiting", done.stdout)
    return next((line for line in lines if "entries up to" in line), ""), int(waiting[1]) if waiting else 0
