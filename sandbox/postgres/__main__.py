"""`python -m sandbox.postgres start|stop|url|exec`: the embedded database by hand and in the Makefile."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from sandbox.envfile import load_env_file
from sandbox.postgres.binaries import PostgresError
from sandbox.postgres.cluster import DATABASE, Cluster, default_cluster

STOPPERS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
NOT_FOUND = 127  # what a shell returns for an unknown command


def main(arguments: Sequence[str]) -> int:
    """Obey the command line; return the exit code."""
    options, command = _parse(arguments)
    load_env_file()
    for stopper in STOPPERS:
        signal.signal(stopper, _leave)
    try:
        if options.verb == "exec" and os.environ.get("DATABASE_URL"):
            return _wait_for(command, os.environ)  # on the server it names
        cluster = Cluster(options.home, durable=not options.throwaway)
        match options.verb:
            case "exec":
                return _execute(cluster, command)
            case "start":
                _start(cluster)
            case "stop":
                print("PostgreSQL stopped." if cluster.stop() else "PostgreSQL was not running.")
            case "url":
                print(cluster.url(DATABASE))
    except (PostgresError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="python -m sandbox.postgres", usage="%(prog)s VERB [options] [-- COMMAND...]")
    parser.add_argument(
        "verb",
        choices=("start", "stop", "url", "exec"),
        help="exec runs COMMAND with DATABASE_URL set, and the server for as long as that takes; "
        "a server that was started runs until it is stopped or the last exec or run on it ends",
    )
    parser.add_argument("--home", type=Path, default=default_cluster().home, help="where the data is")
    parser.add_argument("--throwaway", action="store_true", help="faster; data may be lost when the machine crashes")
    end = list(arguments).index("--") if "--" in arguments else len(arguments)
    options = parser.parse_args(arguments[:end])
    command = list(arguments[end + 1 :])
    if (options.verb == "exec") != bool(command):
        parser.error("exec, and only exec, takes -- COMMAND...")
    return options, command


def _start(cluster: Cluster) -> None:
    started = cluster.start()
    cluster.create_database(DATABASE)
    print(f"PostgreSQL {'started' if started else 'was running'}: {cluster.url(DATABASE)}")


def _execute(cluster: Cluster, command: Sequence[str]) -> int:
    with cluster.use():
        cluster.create_database(DATABASE)
        return _wait_for(command, {**os.environ, "DATABASE_URL": cluster.url(DATABASE)})


def _wait_for(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the command, hand on what asks to stop, and return its exit code as a shell does."""
    # Blocked, because a signal between start and handler would leave the command behind.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPERS)
    try:
        process = subprocess.Popen(command, env=environment, preexec_fn=_unblock)  # noqa: PLW1509 (one thread)
    except (FileNotFoundError, PermissionError) as error:
        print(error, file=sys.stderr)
        return NOT_FOUND
    else:
        _hand_on_to(process)
    finally:
        _unblock()
    code = process.wait()
    return 128 - code if code < 0 else code


def _hand_on_to(process: subprocess.Popen[bytes]) -> None:
    def hand_on(signum: int, _: FrameType | None) -> None:
        # A terminal's Ctrl-C has reached the command; a second one would cut its cleaning short.
        if signum != signal.SIGINT or not sys.stdin.isatty():
            process.send_signal(signum)

    for stopper in STOPPERS:
        signal.signal(stopper, hand_on)


def _unblock() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPERS)


def _leave(signum: int, _: FrameType | None) -> None:
    raise SystemExit(128 + signum)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
