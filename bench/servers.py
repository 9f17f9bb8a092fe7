"""The product's real processes, as `make run` starts them, on free ports and on a benchmark's own database."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.envfile import PROJECT
from sandbox.processes import end, launch, tail_of
from sandbox.run import child_environment, default_plan

READY_WITHIN = 60.0  # seconds


@dataclass(frozen=True)
class Servers:
    """Where the running processes are."""

    url: str
    port: int
    sandbox_url: str
    stream_url: str


@contextmanager
def running(*names: str, database_url: str, **environment: str) -> Iterator[Servers]:
    """Run these of web, stream, worker and sandbox inside the block; `environment` is theirs alone."""
    ports = {name: str(free_port()) for name in ("PORT", "STREAM_PORT", "SANDBOX_PORT")}
    before = {name: os.environ.get(name) for name in ports}
    os.environ.update(ports)
    try:
        plan = default_plan()
        # This process has settings of its own by now; and nobody measures against a real provider.
        own = {
            "PUBLIC_URL": plan.url,
            "STREAM_URL": plan.stream_url,
            "SANDBOX_URL": plan.sandbox_url,
            "TWILIO_API_BASE": plan.sandbox_url,
        }
        env = {**child_environment(plan, database_url), **own, **environment}
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
    chosen = [program for program in plan.programs if program.name in names]
    with tempfile.TemporaryDirectory(prefix="jeevansetu-bench-") as folder:
        logs = Path(folder)
        processes = [launch(program, env=env, cwd=PROJECT, logs=logs) for program in chosen]
        try:
            ready = {
                "web": lambda: _answers(f"{plan.url}/healthz"),
                "stream": lambda: _answers(f"{plan.stream_url}/healthz"),
                "sandbox": lambda: _answers(plan.sandbox_url),
            }
            for program, process in zip(chosen, processes, strict=True):
                log = logs / f"{program.name}.log"
                _await(process, ready.get(program.name, lambda log=log: "worker started" in log.read_text()), log)
            yield Servers(plan.url, plan.port, plan.sandbox_url, plan.stream_url)
        finally:
            end(processes)


def free_port() -> int:
    """Return a port of the loopback that nobody holds."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(process: subprocess.Popen[bytes], is_ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{log.stem} did not start. The end of its log:\n{tail_of(log)}")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False
