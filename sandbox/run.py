"""`python -m sandbox.run`: the whole product on one machine, until Ctrl-C."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import http.client
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TextIO

from sandbox.envfile import PROJECT, load_env_file
from sandbox.postgres import DATABASE, Cluster, PostgresError
from sandbox.postgres.binaries import OLDEST
from sandbox.processes import Program, RunError, Supervisor, end, how_it_ended, launch, rotate, tail_of

OLDEST_PYTHON = (3, 11)
READY_WITHIN = 90.0  # seconds
CONNECT_WITHIN = 5  # seconds
POLL = 0.2  # seconds
STOPPERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SCHEMES = ("postgresql", "postgres", "psql", "pgsql")  # those that django-environ knows
ANYWHERE = ("", "0.0.0.0")  # noqa: S104 (an address to compare with)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to run and where: `setup` one after the other to their ends, then `programs` side by side."""

    folder: Path  # for the lock, the logs and the data
    host: str
    port: int
    stream_port: int
    sandbox_port: int
    setup: Sequence[Program]
    programs: Sequence[Program]

    @property
    def url(self) -> str:
        """How a browser on this machine reaches the product."""
        return f"http://{self.local_host}:{self.port}"

    @property
    def stream_url(self) -> str:
        """How a browser on this machine reaches the live streams."""
        return f"http://{self.local_host}:{self.stream_port}"

    @property
    def sandbox_url(self) -> str:
        """How everybody on this machine reaches the sandbox."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def local_host(self) -> str:
        """The address at which the product answers this machine."""
        return "127.0.0.1" if self.host in ANYWHERE else self.host

    @property
    def logs(self) -> Path:
        """Where each program's output goes."""
        return self.folder / "logs"


def default_plan() -> Plan:
    """Return the plan of `make run`, from HOST, PORT, STREAM_PORT and SANDBOX_PORT. Raises RunError for no port."""
    host = os.environ.get("HOST") or "127.0.0.1"
    port, sandbox_port = port_setting("PORT", 8000), port_setting("SANDBOX_PORT", 8090)
    stream_port = port_setting("STREAM_PORT", port + 1)
    python = sys.executable
    web = (
        *(python, "-m", "gunicorn", "--config", "python:config.gunicorn", "config.wsgi", "--bind", f"{host}:{port}"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "8", "--reuse-port"),
        *("--graceful-timeout", "8", "--no-control-socket"),
    )
    return Plan(
        folder=PROJECT / ".run",
        host=host,
        port=port,
        stream_port=stream_port,
        sandbox_port=sandbox_port,
        setup=[
            Program(name="migrate", command=(python, "-m", "sandbox.migrating", "--no-input")),
            Program(name="load_demo", command=(python, "manage.py", "load_demo")),
        ],
        programs=[
            Program(name="sandbox", command=(python, "-m", "sandbox.server")),
            Program(name="web", command=web),
            Program(
                name="stream",
                command=(python, "manage.py", "stream", "--host", host, "--port", str(stream_port)),
            ),
            Program(name="worker", command=(python, "manage.py", "worker")),
            Program(name="scheduler", command=(python, "manage.py", "run_scheduler")),
        ],
    )


def run(plan: Plan) -> int:
    """Run the plan until somebody stops it; return 0 then, 1 after saying what is wrong."""
    for stopper in STOPPERS:
        if stopper != signal.SIGHUP or signal.getsignal(stopper) != signal.SIG_IGN:  # under nohup it is ignored
            signal.signal(stopper, _interrupt)
    try:
        with _only_one(plan.folder):
            _check_ports(plan)
            plan.logs.mkdir(exist_ok=True)
            with contextlib.ExitStack() as stack:
                cluster = None
                if os.environ.get("DATABASE_URL"):
                    check_database(os.environ["DATABASE_URL"])
                else:
                    cluster = Cluster(plan.folder / "postgres")
                    say("Starting the embedded PostgreSQL ...")
                    stack.enter_context(cluster.use(bound=True))
                    cluster.create_database(DATABASE)
                    stack.callback(say, "Stopping the embedded PostgreSQL ...")
                _run_programs(plan, cluster)
    except KeyboardInterrupt:
        say("Everything is stopped.")
        return 0
    except (RunError, PostgresError, OSError) as error:
        say(str(error), to=sys.stderr)
        return 1
    return 0


def say(line: str, *, to: TextIO | None = None) -> None:
    """Tell the person at the terminal, if the terminal is still there."""
    with contextlib.suppress(OSError):
        print(line, file=to or sys.stdout, flush=True)


def port_setting(name: str, default: int) -> int:
    """Return the port a variable names. Raises RunError if it names none."""
    value = os.environ.get(name) or str(default)
    if not value.isdecimal() or not 0 < int(value) < 2**16:
        raise RunError(f"{name} must be a port from 1 to 65535, not {value!r}.")
    return int(value)


def check_database(url: str) -> None:
    """Connect once, as Django will. Raises RunError, without the password, if that fails."""
    # Not needed for the embedded database, and absent where only this module's standard library is.
    import environ  # noqa: PLC0415
    import psycopg2  # noqa: PLC0415

    if url.partition("://")[0] not in SCHEMES:
        raise RunError("DATABASE_URL must name a PostgreSQL server: postgresql://user:password@host:5432/database")
    try:
        parts = environ.Env.db_url_config(url)
    except ValueError:
        raise RunError("DATABASE_URL cannot be read: has its password a character that must be %-encoded?") from None
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    values = {ours: parts[theirs] for theirs, ours in names.items() if parts.get(theirs)}
    try:
        connection = psycopg2.connect(**(values | parts.get("OPTIONS", {}) | {"connect_timeout": CONNECT_WITHIN}))
    except psycopg2.Error as error:
        reason = str(error).strip().partition("\n")[0]
        if values.get("password"):
            reason = reason.replace(values["password"], "...")
        raise RunError(f"The database that DATABASE_URL names cannot be reached: {reason}") from None
    version = connection.server_version // 10_000
    connection.close()
    if version < OLDEST:
        raise RunError(f"PostgreSQL {OLDEST} or newer is needed; DATABASE_URL names a server of version {version}.")


def child_environment(plan: Plan, database_url: str) -> dict[str, str]:
    """Return what every program sees: the caller's environment, and where the others are."""
    no_proxy = ",".join(filter(None, [os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), "127.0.0.1,localhost"]))
    defaults = {
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "SANDBOX_URL": plan.sandbox_url,
        "PUBLIC_URL": plan.url,
        "STREAM_URL": plan.stream_url,
        "PYTHONUNBUFFERED": "1",
    }
    fixed = {
        "PROMETHEUS_MULTIPROC_DIR": str(plan.folder / "metrics"),
        "DATABASE_URL": database_url,
        "PORT": str(plan.port),
        "STREAM_PORT": str(plan.stream_port),
        "SANDBOX_PORT": str(plan.sandbox_port),
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
    }
    return {**defaults, **os.environ, **fixed}


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise RunError(f"`make run` runs already in this clone (process {lock.read().strip()}).") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _check_ports(plan: Plan) -> None:
    for name, host, port in (
        ("PORT", plan.host, plan.port),
        ("STREAM_PORT", plan.host, plan.stream_port),
        ("SANDBOX_PORT", "127.0.0.1", plan.sandbox_port),
    ):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a connection that has just ended is no owner
            try:
                probe.bind((host, port))
            except socket.gaierror:
                raise RunError(f"HOST must be an address of this machine, not {host!r}.") from None
            except PermissionError:
                raise RunError(f"Port {port} needs root: set {name} to another.") from None
            except OSError as error:
                if error.errno == errno.EADDRNOTAVAIL:
                    raise RunError(f"HOST must be an address of this machine, not {host!r}.") from None
                raise RunError(f"Port {port} is taken: set {name} to another.") from None
    if len({plan.port, plan.stream_port, plan.sandbox_port}) < len(("PORT", "STREAM_PORT", "SANDBOX_PORT")):
        raise RunError("PORT, STREAM_PORT and SANDBOX_PORT must differ.")


def _run_programs(plan: Plan, cluster: Cluster | None) -> None:
    env = child_environment(plan, cluster.url(DATABASE) if cluster else os.environ["DATABASE_URL"])
    shutil.rmtree(plan.folder / "metrics", ignore_errors=True)  # of processes that are gone; gunicorn makes it anew
    for program in plan.setup:
        _run_to_its_end(program, plan, env)
    supervisor = Supervisor(plan.programs, env=env, cwd=PROJECT, logs=plan.logs, say=say)
    try:
        say("Starting " + ", ".join(program.name for program in plan.programs) + " ...")
        supervisor.start()
        _await_ready(plan, supervisor)
        say(_welcome(plan))
        while True:
            time.sleep(POLL)
            if cluster is not None and cluster.has_ended():
                cluster.start(bound=True)
                say(f"PostgreSQL had died and runs again. Its log: {cluster.log}.1")
            supervisor.look_after()
    finally:
        for stopper in STOPPERS:  # once is enough: what follows takes seconds and must be done
            signal.signal(stopper, signal.SIG_IGN)
        say("\nStopping ...")
        supervisor.stop()


def _run_to_its_end(program: Program, plan: Plan, env: Mapping[str, str]) -> None:
    say(f"Running {program.name} ...")
    log = plan.logs / f"{program.name}.log"
    rotate(log)
    process = launch(program, env=env, cwd=PROJECT, logs=plan.logs)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        end([process])
        raise
    if code:
        raise RunError(f"{program.name} ended {how_it_ended(code)}. The end of {log}:\n{tail_of(log)}")


def _await_ready(plan: Plan, supervisor: Supervisor) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while True:
        name, answer = _first_not_ready(plan)
        if not name:
            return
        supervisor.look_after()
        if time.monotonic() > deadline:
            suspects = supervisor.fallen() or [name]
            ends = "\n".join(
                f"The end of {plan.logs / name}.log:\n{tail_of(plan.logs / f'{name}.log')}" for name in suspects
            )
            raise RunError(f"{name} did not answer 200 within {READY_WITHIN:g} s, last: {answer}\n{ends}")
        time.sleep(POLL)


def _first_not_ready(plan: Plan) -> tuple[str, str]:
    """Return the program that does not answer 200 yet, and what it answers; nothing when all do."""
    asked = {"web": (plan.port, "/readyz"), "stream": (plan.stream_port, "/healthz")}
    for program in plan.programs:
        if program.name in asked:
            answer = _answer(plan.local_host, *asked[program.name])
            if not answer.startswith("200 "):
                return program.name, answer
    return "", ""


def _answer(host: str, port: int, path: str) -> str:
    """Return status and body, asked without any proxy: none knows this machine."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return f"{response.status} {response.read(500).decode(errors='replace')}"
    except (OSError, http.client.HTTPException) as error:
        return f"no answer ({error})"
    finally:
        connection.close()


def _welcome(plan: Plan) -> str:
    places = {
        "API docs": f"{plan.url}/api/v1/docs",
        "Redoc": f"{plan.url}/api/v1/redoc",
        "Schema": f"{plan.url}/api/v1/schema",
        "Admin": f"{plan.url}/admin/",
        "Live streams": f"{plan.stream_url}/api/v1/stream",
        "Sandbox inbox": f"{plan.sandbox_url}/",
        "Logs": str(plan.logs),
    }
    lines = ["", "JeevanSetu is ready.", ""]
    lines += [f"  {name:<15}{place}" for name, place in places.items()]
    logins = plan.folder / "demo-logins.txt"
    if logins.exists():
        lines += [
            "",
            "Demo logins",
            *(f"  {line}" for line in logins.read_text(encoding="utf-8").strip().splitlines()),
        ]
    return "\n".join([*lines, "", "Ctrl-C stops everything."])


def _interrupt(signum: int, _: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run the product as the environment and `.env` say; return the exit code."""
    if sys.version_info < OLDEST_PYTHON:
        print(f"Python 3.11 or newer is needed, not {sys.version.split()[0]}.", file=sys.stderr)
        return 1
    load_env_file()
    try:
        plan = default_plan()
    except RunError as error:
        print(error, file=sys.stderr)
        return 1
    return run(plan)


if __name__ == "__main__":
    sys.exit(main())
