"""Programs that run beside each other until one person stops them all."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

GRACE = 10.0  # seconds between asking a program to stop and killing it
DEATHS = 3  # so many of one program ...
DEATHS_WITHIN = 60.0  # ... within so many seconds end the run
FIRST_WAIT = 0.5  # seconds before a restart; doubles with each death
TAIL = 25  # lines of a log that are shown
PR_SET_PDEATHSIG = 1  # prctl(2)


class RunError(RuntimeError):
    """Why the run cannot start or go on, in words for the person at the terminal."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """Something to run; its output goes to `<name>.log`."""

    name: str
    command: tuple[str, ...]


@dataclass(kw_only=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)  # those within the last minute
    restart_at: float = 0.0


def die_with_parent(signum: signal.Signals) -> Callable[[], None] | None:
    """Return what a child runs before its program, so that the kernel signals it when this process dies.

    Only Linux has such a call; elsewhere there is nothing to run.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def bind() -> None:
        prctl(PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
        if os.getppid() != parent:  # it died before the call
            os._exit(1)

    return bind


def tail_of(log: Path) -> str:
    """Return the last lines of a log, indented."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
    except OSError:
        return ""
    return "\n".join(f"  {line}" for line in lines)


def launch(program: Program, *, env: Mapping[str, str], cwd: Path, logs: Path) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own: a terminal's Ctrl-C reaches the runner alone.

    If the runner is killed outright, so is the program.
    """
    with (logs / f"{program.name}.log").open("ab") as log:
        return subprocess.Popen(
            program.command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 (the runner has one thread)
        )


def end(processes: Sequence[subprocess.Popen[bytes]], *, grace: float = GRACE) -> None:
    """Ask all to stop at once; kill with their descendants those that do not within the grace."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + grace
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def rotate(log: Path) -> None:
    """Keep the log of the run before as `<name>.log.1`."""
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))


class Supervisor:
    """Keeps programs running, restarts the dead, and gives up when one keeps dying."""

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        env: Mapping[str, str],
        cwd: Path,
        logs: Path,
        say: Callable[[str], None],
    ) -> None:
        self.children = [_Child(program=program) for program in programs]
        self.env = env
        self.cwd = cwd
        self.logs = logs
        self.say = say

    def start(self) -> None:
        """Start every program."""
        for child in self.children:
            rotate(self.logs / f"{child.program.name}.log")
            self._launch(child)

    def look_after(self) -> None:
        """Restart what has died. Raises RunError after the third death of one program within a minute."""
        now = time.monotonic()
        for child in self.children:
            code = child.process.poll() if child.process else None
            if code is not None:
                self._note_death(child, code, now)
            if child.process is None and now >= child.restart_at:
                self._launch(child)

    def stop(self) -> None:
        """Stop every program."""
        end([child.process for child in self.children if child.process is not None])

    def fallen(self) -> list[str]:
        """Return the names of the programs that died within the last minute."""
        since = time.monotonic() - DEATHS_WITHIN
        return [child.program.name for child in self.children if child.deaths and child.deaths[-1] > since]

    def _launch(self, child: _Child) -> None:
        child.process = launch(child.program, env=self.env, cwd=self.cwd, logs=self.logs)

    def _note_death(self, child: _Child, code: int, now: float) -> None:
        how = how_it_ended(code)
        child.process = None
        child.deaths = [death for death in child.deaths if death > now - DEATHS_WITHIN] + [now]
        name = child.program.name
        log = self.logs / f"{name}.log"
        if len(child.deaths) >= DEATHS:
            raise RunError(f"{name} died {DEATHS} times within a minute, last {how}. The end of {log}:\n{tail_of(log)}")
        wait = FIRST_WAIT * 2 ** (len(child.deaths) - 1)
        child.restart_at = now + wait
        self.say(f"{name} died {how}; it starts again in {wait:g} s. Its log: {log}")


def how_it_ended(code: int) -> str:
    """Say a return code in words."""
    return f"by signal {-code}" if code < 0 else f"with exit code {code}"
