"""What a newcomer does on the first day: run everything, play the demo, stop everything."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.postgres import DATABASE, Cluster
from tests.end_to_end.driving import drive_python, drive_typescript, plain_shell

PROJECT = Path(__file__).resolve().parent.parent.parent
CLIENTS = PROJECT / ".run" / "clients"  # the packages of npm stay there
RUN = """
import sys
from dataclasses import replace
from pathlib import Path
from sandbox.run import default_plan, run
sys.exit(run(replace(default_plan(), folder=Path(sys.argv[1]))))
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.real_time
def test_the_demo_plays_on_a_fresh_machine_and_everything_stops_cleanly(tmp_path):
    ports = {name: str(free_port()) for name in ("PORT", "STREAM_PORT", "SANDBOX_PORT")}
    settings = {**plain_shell(), **ports, "PYTHONUNBUFFERED": "1"}
    machine = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path / "run")],
        cwd=PROJECT,
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said = []
        for line in machine.stdout or ():
            said.append(line)
            if "Ctrl-C stops everything" in line:
                break
        assert "Ctrl-C stops everything" in said[-1], "".join(said)

        addresses = {
            "BASE_URL": f"http://127.0.0.1:{ports['PORT']}",
            "SANDBOX_URL": f"http://127.0.0.1:{ports['SANDBOX_PORT']}",
            "DATABASE_URL": Cluster(tmp_path / "run" / "postgres").url(DATABASE),  # whose audit log is verified
        }
        told = subprocess.run(
            [sys.executable, "-m", "sandbox.demo"],
            cwd=PROJECT,
            env={**settings, **addresses},
            capture_output=True,
            text=True,
            timeout=480,
            check=False,
        )

        assert told.returncode == 0, told.stdout + told.stderr
        assert "without a surprise" in told.stdout.splitlines()[-1]

        for drive in (drive_python, drive_typescript):
            driven = drive(CLIENTS, {**settings, **addresses})
            assert driven.returncode == 0, driven.stdout + driven.stderr
    finally:
        machine.send_signal(signal.SIGINT)
        rest, _ = machine.communicate(timeout=60)
    assert machine.returncode == 0, rest
