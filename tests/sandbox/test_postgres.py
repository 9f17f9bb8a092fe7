from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import environ
import psycopg2
import pytest

from sandbox.postgres import Cluster, PostgresError, binaries
from tests.sandbox.embedded import environment, open_folder, postgres_cli, until


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with open_folder() as place:
        monkeypatch.setenv("EMBEDDED_PG_ROOT", str(place / "aside"))
        yield place


@pytest.fixture
def cluster(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder / "home", durable=False)
    yield cluster
    cluster.stop()


@pytest.fixture
def stranger(cluster: Cluster) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the user who serves that is no server."""
    owner = cluster._owner()
    with subprocess.Popen(["sleep", "600"], **(owner.identity() if owner else {})) as process:
        yield process
        process.kill()


def query(cluster: Cluster, sql: str, database: str = "postgres") -> str:
    with (
        closing(psycopg2.connect(cluster.url(database))) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
        return str(cursor.fetchone()[0])


def write_a_row(cluster: Cluster) -> None:
    query(cluster, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7) RETURNING n")


def postmaster_of(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().split()[0])


def test_data_outlive_a_stop_and_a_start(cluster: Cluster) -> None:
    assert cluster.start() is True
    write_a_row(cluster)
    assert cluster.stop() is True

    assert cluster.is_ready() is False
    assert cluster.stop() is False
    assert cluster.start() is True
    assert query(cluster, "SELECT n FROM kept") == "7"


def test_a_start_while_the_server_runs_changes_nothing(cluster: Cluster) -> None:
    cluster.start()
    pid = postmaster_of(cluster)

    assert Cluster(cluster.home).start() is False
    assert postmaster_of(cluster) == pid


def test_a_server_killed_outright_comes_back_with_what_was_committed(folder: Path) -> None:
    cluster = Cluster(folder / "home")
    with cluster.use():
        write_a_row(cluster)
        os.kill(postmaster_of(cluster), signal.SIGKILL)

        assert cluster.start() is True
        assert query(cluster, "SELECT n FROM kept") == "7"


def test_a_record_whose_number_is_another_programs_now_does_not_stop_the_start(
    cluster: Cluster, stranger: subprocess.Popen[bytes]
) -> None:
    cluster.start()
    pid = postmaster_of(cluster)
    os.kill(pid, signal.SIGKILL)
    until(lambda: cluster._living_pid() is None)
    for record in (cluster.data / "postmaster.pid", cluster.data / ".s.PGSQL.5432.lock"):
        record.write_text(record.read_text().replace(str(pid), str(stranger.pid), 1))

    # The control: without the word that it is dead, PostgreSQL takes the stranger for the server.
    refused = cluster._run(cluster._binaries(), "postgres", "-D", str(cluster.data), "-c", "listen_addresses=")
    assert f"Is another postmaster (PID {stranger.pid}) running" in refused.stderr
    assert cluster.start() is True
    assert cluster.stop() is True
    assert stranger.poll() is None


@pytest.mark.parametrize("name", ["with a space", "with, comma & 100% ünïcode?", "long/" + "x" * 150])
def test_any_path_can_be_the_home(folder: Path, name: str) -> None:
    cluster = Cluster(folder / name / "home", durable=False)
    with cluster.use():
        cluster.create_database("jeevansetu")
        settings = environ.Env.db_url_config(cluster.url("jeevansetu"))
        by_settings = psycopg2.connect(dbname=settings["NAME"], user=settings["USER"], **settings["OPTIONS"])
        by_settings.close()

        assert query(cluster, "SELECT current_database()", "jeevansetu") == "jeevansetu"
        assert cluster.socket_folder.stat().st_mode & 0o077 == 0
    assert cluster.socket_folder.exists() is (cluster.socket_folder == cluster.data)


def test_a_foreign_folder_in_the_place_of_the_socket_is_refused(folder: Path) -> None:
    cluster = Cluster(folder / ("x" * 150), durable=False)
    cluster.socket_folder.mkdir()
    cluster.socket_folder.chmod(0o755)
    try:
        with pytest.raises(PostgresError, match="must be a private folder"):
            cluster.start()
    finally:
        cluster.socket_folder.rmdir()


def test_of_many_starts_at_once_one_starts_the_server(folder: Path, cluster: Cluster) -> None:
    starters = [postgres_cli(folder, "start", "--throwaway", "--home", str(cluster.home)) for _ in range(4)]
    answers = [starter.communicate()[0] for starter in starters]

    assert [starter.returncode for starter in starters] == [0, 0, 0, 0]
    assert sorted("started" in answer for answer in answers) == [False, False, False, True]
    assert cluster.stop() is True


def test_a_private_folder_above_stays_private(folder: Path) -> None:
    private = folder / "private"
    private.mkdir(mode=0o700)
    cluster = Cluster(private / "project" / "home", durable=False)
    with cluster.use():
        answer = query(cluster, "SELECT 'here'")

    assert answer == "here"
    assert private.stat().st_mode & 0o777 == 0o700
    assert cluster.data.stat().st_mode & 0o777 == 0o700
    assert cluster.data.stat().st_uid != 0


def test_the_server_listens_on_its_private_socket_alone(cluster: Cluster) -> None:
    with cluster.use():
        assert query(cluster, "SHOW listen_addresses") == ""
        assert query(cluster, "SHOW unix_socket_permissions") == "0700"
        assert query(cluster, "SHOW max_connections") == "300"


@pytest.mark.parametrize(("durable", "fsync"), [(True, "on"), (False, "off")])
def test_only_a_throwaway_cluster_is_careless_with_the_disk(folder: Path, *, durable: bool, fsync: str) -> None:
    cluster = Cluster(folder / "home", durable=durable)
    with cluster.use():
        shown = [query(cluster, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")]

    assert shown == [fsync] * 3


def test_a_database_is_created_once_whatever_its_name(cluster: Cluster) -> None:
    name = 'o\'clock "and" é'
    with cluster.use():
        cluster.create_database(name)
        cluster.create_database(name)

        assert query(cluster, "SELECT current_database()", name) == name


def test_text_is_folded_in_every_alphabet(cluster: Cluster) -> None:
    with cluster.use():
        assert query(cluster, "SELECT lower('ÉÄ') || current_setting('server_encoding')") == "éäUTF8"


def test_the_last_user_to_leave_stops_the_server(cluster: Cluster) -> None:
    other = Cluster(cluster.home, durable=False)
    with other.use():
        with cluster.use():
            pass
        assert other.is_ready() is True

    assert other.is_ready() is False


def test_exec_gives_the_command_a_database_and_returns_its_exit_code(folder: Path, cluster: Cluster) -> None:
    program = "import os, psycopg2; psycopg2.connect(os.environ['DATABASE_URL']); raise SystemExit(7)"
    home = ("--throwaway", "--home", str(cluster.home))
    ran = postgres_cli(folder, "exec", *home, "--", sys.executable, "-c", program)
    ran.communicate()

    assert ran.returncode == 7
    assert cluster.stop() is False


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_exec_hands_a_signal_on_and_stops_the_server(folder: Path, cluster: Cluster, how: signal.Signals) -> None:
    home = ("--throwaway", "--home", str(cluster.home))
    ran = postgres_cli(folder, "exec", *home, "--", "sh", "-c", "echo runs; exec sleep 60")
    assert ran.stdout is not None
    assert ran.stdout.readline() == "runs\n"
    ran.send_signal(how)
    ran.communicate()

    assert ran.returncode == 128 + how
    assert cluster.stop() is False


def test_a_server_whose_exec_was_killed_is_stopped_by_the_next(folder: Path, cluster: Cluster) -> None:
    home = ("--throwaway", "--home", str(cluster.home))
    ran = postgres_cli(folder, "exec", *home, "--", "sh", "-c", "echo runs; exec sleep 0.1")
    assert ran.stdout is not None
    ran.stdout.readline()
    ran.kill()
    ran.communicate()
    left_behind = cluster.is_ready()
    postgres_cli(folder, "exec", *home, "--", "true").communicate()

    assert left_behind is True
    assert cluster.stop() is False


def test_exec_uses_the_server_that_database_url_names(folder: Path) -> None:
    home = folder / "home"
    ran = postgres_cli(
        folder, "exec", "--home", str(home), "--", "printenv", "DATABASE_URL", DATABASE_URL="postgres://x"
    )
    output, _ = ran.communicate()

    assert output == "postgres://x\n"
    assert not home.exists()


def test_an_unknown_command_is_said_in_one_line(folder: Path, cluster: Cluster) -> None:
    ran = postgres_cli(folder, "exec", "--throwaway", "--home", str(cluster.home), "--", "no-such-program")
    _, said = ran.communicate()

    assert (ran.returncode, said.count("\n")) == (127, 1)
    assert cluster.stop() is False


def test_absent_programs_are_said_in_one_line(folder: Path) -> None:
    ran = postgres_cli(folder, "start", "--home", str(folder / "home"), PG_BIN=str(folder / "nowhere"))
    _, said = ran.communicate()

    assert ran.returncode == 1
    assert said == f"PG_BIN names {folder / 'nowhere'}, where there is no program called postgres.\n"


def test_programs_are_looked_for_in_the_wheel_and_then_in_the_system(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PG_BIN", raising=False)
    monkeypatch.setattr(binaries, "WHEEL", "no_such_wheel")
    monkeypatch.setattr(binaries, "SYSTEM", folder)
    with pytest.raises(PostgresError, match="No PostgreSQL programs found"):
        binaries.find_binaries()
    for major in ("9", "15", "16"):
        (folder / major / "bin").mkdir(parents=True)
        (folder / major / "bin" / "postgres").touch()

    assert binaries.find_binaries().folder == folder / "16" / "bin"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'", "or newer is needed"),
        ("#!/no/such/loader", "do not run"),
    ],
)
def test_programs_that_are_too_old_or_foreign_are_refused(folder: Path, program: str, said: str) -> None:
    postgres = folder / "postgres"
    postgres.write_text(program)
    postgres.chmod(0o755)

    with pytest.raises(PostgresError, match=said):
        binaries.Binaries(folder=folder).major()


def test_data_of_another_version_are_left_alone(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    (cluster.data / "PG_VERSION").write_text("12\n")

    with pytest.raises(PostgresError, match="was made by PostgreSQL 12"):
        cluster.start()


def test_a_server_that_cannot_start_shows_the_end_of_its_log(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    with (cluster.data / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")

    with pytest.raises(PostgresError, match="no_such_setting"):
        cluster.start()


def test_windows_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    with pytest.raises(PostgresError, match="set DATABASE_URL"):
        Cluster(Path("home"))


def test_the_wheels_own_python_is_never_imported(folder: Path, cluster: Cluster) -> None:
    program = "import sys; sys.path.insert(0, '.'); from sandbox.postgres.__main__ import main; main(sys.argv[1:])"
    program += "; print([name for name in sys.modules if 'pgserver' in name or name == 'django'])"
    command = [
        sys.executable,
        "-c",
        program,
        "exec",
        "--throwaway",
        "--home",
        str(cluster.home),
        "--",
        "true",
    ]
    ran = subprocess.run(command, env=environment(folder), capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"
