"""One PostgreSQL server with its data, reached through a socket that only its owner may open."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from sandbox.envfile import PROJECT
from sandbox.postgres.binaries import Binaries, PostgresError, copy_of, find_binaries
from sandbox.postgres.owner import Owner, name_for_caller, owner_for
from sandbox.processes import die_with_parent, tail_of

if sys.platform != "win32":
    import fcntl

DATABASE = "jeevansetu"  # the product's
ASIDE = "/var/lib/jeevansetu"  # where root's data goes when the project lies below a private folder
LONGEST_SOCKET_FOLDER = 85  # bytes; macOS allows 103 for the whole path of a socket
BUILTIN_LOCALE = 17  # the major version that brought a C.UTF-8 of its own
START_WITHIN = 120.0  # seconds; after a crash what was written since the last checkpoint is replayed first
STOP_WITHIN = 60.0  # seconds for a clean stop, and again for an unclean one
POLL = 0.02  # seconds
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}  # nothing of the caller's, such as PGHOST
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "max_connections": "300",  # three processes of tests, each with a race of sixty, and what they start
    "timezone": "UTC",
    "log_timezone": "UTC",
}
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
CREATE_DATABASE = """\
SELECT format('CREATE DATABASE %I', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \\gexec
"""


class Cluster:
    """A PostgreSQL server of this project's own.

    `home` holds its locks and, unless root runs it below a private folder, its data. With `durable=False`
    it is faster; a crash of the server may lose the last commits, one of the machine all data. Every failure
    is a PostgresError or, where the file system refuses, an OSError.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        if sys.platform == "win32":
            raise PostgresError("The embedded PostgreSQL does not run on Windows: set DATABASE_URL to a server.")
        self.home = home.resolve()
        self.durable = durable
        self._postmaster: subprocess.Popen[bytes] | None = None

    @property
    def place(self) -> Path:
        """Where data, log and copied programs are: `home`, if the user who serves can get there."""
        owner = self._owner()
        return self.home if owner is None or owner.may_reach(self.home) else self._aside()

    @property
    def data(self) -> Path:
        """The data directory; private to the user who serves."""
        return self.place / "data"

    @property
    def log(self) -> Path:
        """What the server has said since its last start."""
        return self.place / "postgres.log"

    @property
    def socket_folder(self) -> Path:
        """The data directory, or a private folder of a short name where a socket's path cannot hold that."""
        data = str(self.data)
        if len(os.fsencode(data)) <= LONGEST_SOCKET_FOLDER and not set(data) & set(',"\\'):
            return self.data
        return Path("/tmp") / f"jeevansetu-{_short_hash(data)}"  # noqa: S108 (made private, and checked, before use)

    def url(self, database: str) -> str:
        """Return the DATABASE_URL of a database; the server need not run."""
        host = quote(str(self.socket_folder))
        return f"postgresql://postgres@/{quote(database, safe='')}?host={host}&port=5432"

    def is_ready(self) -> bool:
        """Tell whether the server answers."""
        if not self.data.exists():
            return False
        return self._run(self._binaries(), "pg_isready", "-q", *self._address()).returncode == 0

    def has_ended(self) -> bool:
        """Tell whether the server that this object started is gone."""
        return self._postmaster is not None and self._postmaster.poll() is not None

    def start(self, *, bound: bool = False) -> bool:
        """Start the server unless it runs; return whether this call did.

        A bound server stops when the process that started it dies, however it dies (on Linux).
        """
        self._make_home()
        with self._locked(), self._life() as life:
            if life is None:
                if self.has_ended():  # and another has started the server again
                    self._let_go()
                return False
            self._let_go()
            binaries = self._binaries()
            self._initialise(binaries)
            self._make_socket_folder()
            self._clear_socket()
            self._serve(binaries, life, bound=bound)
            return True

    def stop(self) -> bool:
        """Stop the server cleanly; return whether it ran."""
        if not self.home.exists():
            return False
        self._refuse_strangers()
        with self._locked():
            return self._stop()

    @contextlib.contextmanager
    def use(self, *, bound: bool = False) -> Iterator[None]:
        """Keep the server running inside the block; the last to leave stops it, whoever started it."""
        self._make_home()
        with (self.home / "users").open("a") as users:
            fcntl.flock(users, fcntl.LOCK_SH)
            self.start(bound=bound)
            try:
                yield
            finally:
                with self._locked():
                    if _taken_alone(users):
                        self._stop()

    def create_database(self, name: str) -> None:
        """Create the database unless it exists."""
        command = ("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", f"name={name}")
        with self._locked():
            answer = self._run(self._binaries(), *command, *self._address(), stdin=CREATE_DATABASE)
        if answer.returncode:
            raise PostgresError(f"Database {name} was not created: {answer.stderr.strip()}")

    # Places, and whose they are.

    def _owner(self) -> Owner | None:
        return owner_for(self.home / "data", self._aside() / "data")

    def _aside(self) -> Path:
        return Path(os.environ.get("EMBEDDED_PG_ROOT") or ASIDE).resolve() / _short_hash(str(self.home))

    def _make_home(self) -> None:
        self._refuse_strangers()
        _make_folders(self.home)
        place = self.place
        if place != self.home:
            _make_folders(place)
            (self.home / "moved-to").write_text(f"{place}\n", encoding="utf-8")
            (place / "belongs-to").write_text(f"{self.home}\n", encoding="utf-8")

    def _refuse_strangers(self) -> None:
        uid = self.data.stat().st_uid if self.data.exists() else 0
        if uid and os.geteuid() not in (0, uid):
            raise PostgresError(f"{self.data} belongs to user {uid}: run as that user or as root.")

    def _make_socket_folder(self) -> None:
        folder, owner = self.socket_folder, self._owner()
        if folder == self.data:
            return
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            if owner is not None:
                owner.take(folder)
        found = folder.lstat()
        uid = self.data.stat().st_uid
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o077:
            raise PostgresError(f"{folder} must be a private folder of user {uid}: remove it.")

    def _clear_socket(self) -> None:
        """Remove what a killed server left: its lock file, too, may bear another program's number by now."""
        for left in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
            (self.socket_folder / left).unlink(missing_ok=True)

    def _binaries(self) -> Binaries:
        binaries, owner = find_binaries(), self._owner()
        if owner is None or owner.may_reach((binaries.folder / "postgres").resolve()):
            return binaries
        return copy_of(binaries, self.place)

    # Locks.

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Let one process at a time start, stop or change the cluster."""
        with (self.home / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def _life(self) -> Iterator[IO[str] | None]:
        """Hold the lock that every process of a server inherits; yield None instead if a server answers.

        A process number in a file may be another program's by now; the lock is the kernel's word that
        no process of an earlier server lives.
        """
        deadline = time.monotonic() + START_WITHIN
        with (self.place / "life").open("a") as life:
            while not self.is_ready():
                if _taken_alone(life):
                    yield life
                    return
                if time.monotonic() > deadline:
                    raise PostgresError(f"PostgreSQL runs but does not answer. {self._end_of_log()}")
                time.sleep(POLL)
            yield None

    def _living_pid(self) -> int | None:
        """Return the server's process number, or None if no server lives."""
        if not self.data.exists():
            return None
        with (self.place / "life").open("a") as life:
            return None if _taken_alone(life) else self._recorded_pid()

    def _recorded_pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        except (OSError, ValueError, IndexError):
            return None

    # Data.

    def _initialise(self, binaries: Binaries) -> None:
        """Make the data directory, whole or not at all, or check the one that is there."""
        major = binaries.major()
        if self.data.exists():
            self._check_data(major)
            return
        locale = ["--locale=C.UTF-8"]
        if major >= BUILTIN_LOCALE:
            locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        sync = [] if self.durable else ["--no-sync"]
        access = ("-U", "postgres", "-A", "trust", "--encoding=UTF8")  # trust: the folder's mode is the guard
        owner = self._owner()
        with self._workshop(owner) as (folder, maker):
            data = folder / "data"
            answer = self._run(binaries, "initdb", "-D", str(data), *access, *locale, *sync, identity=maker)
            if answer.returncode:
                raise PostgresError(f"PostgreSQL could not make its data in {self.place}: {answer.stderr.strip()}")
            if owner is not None:
                for path in (data, *data.rglob("*")):
                    owner.take(path)
            data.rename(self.data)

    @contextlib.contextmanager
    def _workshop(self, owner: Owner | None) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Lend a folder in which to make the data, and say as whom: initdb wants a user who has a name.

        The owner that root chose has none, so initdb borrows another user, in the owner's group. The folder
        admits that group alone, hence no other process of the borrowed user.
        """
        folder = self.place / "unfinished"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        maker = owner.identity_with_name() if owner else name_for_caller()
        try:
            if owner is not None:
                (folder / "data").mkdir(mode=0o700)
                Owner(uid=maker["user"], gid=owner.gid).take(folder / "data")
                Owner(uid=0, gid=owner.gid).take(folder)
                folder.chmod(0o710)
            yield folder, maker
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _check_data(self, major: int) -> None:
        version = (self.data / "PG_VERSION").read_text(encoding="utf-8").strip()
        if version != str(major):
            raise PostgresError(
                f"{self.data} was made by PostgreSQL {version} and the programs here are {major}: "
                "name the former in PG_BIN, or remove the data."
            )

    # The server.

    def _serve(self, binaries: Binaries, life: IO[str], *, bound: bool) -> None:
        """Run the server until it answers; on any failure leave none behind."""
        settings = SETTINGS | ({} if self.durable else CARELESS)
        settings["unix_socket_directories"] = f'"{self.socket_folder}"'
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        environment = dict(ENVIRONMENT)
        recorded = self._recorded_pid()
        if recorded is not None:
            # No server lives, so the record is a dead one's, though its number may be another program's now.
            # A record with the number of its grandparent is one that PostgreSQL takes for stale.
            environment["PG_GRANDPARENT_PID"] = str(recorded)
        if self.log.exists():
            self.log.replace(self.log.with_name("postgres.log.1"))
        owner = self._owner()
        with self.log.open("ab") as log:
            self._postmaster = subprocess.Popen(
                [str(binaries.folder / "postgres"), "-D", str(self.data), *options],
                env=environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[life.fileno()],
                preexec_fn=die_with_parent(signal.SIGINT) if bound else None,  # noqa: PLW1509 (see die_with_parent)
                **(owner.identity() if owner else {}),
            )
        try:
            self._await_answer(self._postmaster)
        except BaseException:
            self._postmaster.send_signal(signal.SIGINT)
            self._postmaster.wait()
            raise

    def _await_answer(self, postmaster: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_WITHIN
        while not self.is_ready():
            if postmaster.poll() is not None or time.monotonic() > deadline:
                raise PostgresError(
                    f"PostgreSQL did not start. If its data may go, remove {self.place}. {self._end_of_log()}"
                )
            time.sleep(POLL)

    def _stop(self) -> bool:
        pid = self._living_pid()
        if pid is None:
            return False
        for how in (signal.SIGINT, signal.SIGQUIT):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
            deadline = time.monotonic() + STOP_WITHIN
            while time.monotonic() < deadline:
                if self._living_pid() is None:
                    self._let_go()
                    if self.socket_folder != self.data:
                        self.socket_folder.rmdir()
                    return True
                time.sleep(POLL)
        raise PostgresError(f"PostgreSQL (process {pid}) does not stop. {self._end_of_log()}")

    def _let_go(self) -> None:
        """Take notice of the end of the server that this object started."""
        if self._postmaster is not None:
            self._postmaster.wait()
            self._postmaster = None

    def _end_of_log(self) -> str:
        return f"The end of {self.log}:\n{tail_of(self.log)}"

    def _address(self) -> tuple[str, ...]:
        return ("-h", str(self.socket_folder), "-p", "5432", "-U", "postgres", "-d", "postgres")

    def _run(
        self,
        binaries: Binaries,
        program: str,
        *arguments: str,
        stdin: str = "",
        identity: dict[str, Any] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, as the user who serves unless told otherwise."""
        owner = self._owner()
        if identity is None:
            identity = owner.identity() if owner else {}
        return subprocess.run(
            [str(binaries.folder / program), *arguments],
            env=ENVIRONMENT,
            cwd="/",
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            **identity,
        )


def default_cluster() -> Cluster:
    """Return the cluster of `make run`: `.run/postgres` in the project."""
    return Cluster(PROJECT / ".run" / "postgres")


def _taken_alone(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _short_hash(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:12]


def _make_folders(path: Path) -> None:
    """Make the absent folders of a path, open to pass through whatever the umask says."""
    for folder in reversed((path, *path.parents)):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
