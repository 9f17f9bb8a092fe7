from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox import processes
from sandbox.envfile import PROJECT, load_env_file
from sandbox.processes import Program, RunError, Supervisor
from sandbox.run import Plan, check_database, child_environment, default_plan, port_setting
from tests.sandbox.embedded import environment, is_alive, open_folder, until

LITTLE_RUN = Path(__file__).with_name("little_run.py")
RUNS = "Ctrl-C stops everything.\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as place:
        yield place


@pytest.fixture
def ports() -> tuple[int, int, int]:
    with socket.socket() as one, socket.socket() as two, socket.socket() as three:
        for each in (one, two, three):
            each.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1], three.getsockname()[1]


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def little_run(folder: Path, ports: tuple[int, int, int]) -> Iterator[Start]:
    """Start a run of little programs in a folder with a space; stop what the test leaves."""
    started: list[subprocess.Popen[str]] = []

    def start(kind: str = "steady", **more: str) -> subprocess.Popen[str]:
        place = folder / "a clone" / ".run"
        command = [sys.executable, str(LITTLE_RUN), str(place), *map(str, ports), kind]
        process = subprocess.Popen(
            command,
            env=environment(folder, **more),
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=hear_of_a_lost_terminal,  # noqa: PLW1509 (one thread)
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def hear_of_a_lost_terminal() -> None:
    """Undo what `nohup` does for the tests: the runner would rightly inherit it."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def words_until_it_runs(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line == RUNS:
            return said
    pytest.fail(f"It did not run: {said}")


def descendants(pid: int) -> list[int]:
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in map(str.split, table.splitlines())}
    found = [pid]
    for member in found:
        found += [child for child, parent in parents.items() if parent == member]
    return found[1:]


def program(name: str, code: str) -> Program:
    return Program(name=name, command=(sys.executable, "-c", code))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_runner_stops_every_program_and_the_database(
    little_run: Start, folder: Path, how: signal.Signals
) -> None:
    runner = little_run()
    words_until_it_runs(runner)
    family = descendants(runner.pid)
    runner.send_signal(how)
    _, complaints = runner.communicate()

    assert (runner.returncode, complaints) == (0, "")
    assert len(family) > 3
    assert [pid for pid in family if is_alive(pid)] == []
    assert not list(folder.rglob("postmaster.pid"))


def test_the_runner_says_where_everything_is_and_how_to_sign_in(
    little_run: Start, folder: Path, ports: tuple[int, int, int]
) -> None:
    (folder / "a clone" / ".run").mkdir(parents=True)
    (folder / "a clone" / ".run" / "demo-logins.txt").write_text("admin +910000000000 / secret\n")
    said = words_until_it_runs(little_run())

    for path in ("/api/v1/docs", "/api/v1/redoc", "/api/v1/schema", "/admin/"):
        assert f"http://127.0.0.1:{ports[0]}{path}\n" in said
    assert f"http://127.0.0.1:{ports[1]}/api/v1/stream\n" in said
    assert f"http://127.0.0.1:{ports[2]}/\n" in said
    assert "  admin +910000000000 / secret\n" in said
    assert f"{folder / 'a clone' / '.run' / 'logs'}\n" in said


def test_a_run_keeps_the_log_of_the_run_before(little_run: Start, folder: Path) -> None:
    logs = folder / "a clone" / ".run" / "logs"
    first = little_run()
    words_until_it_runs(first)
    first.send_signal(signal.SIGINT)
    first.communicate()
    words_until_it_runs(little_run())

    assert sorted(path.name for path in logs.glob("web*")) == ["web.log", "web.log.1"]
    assert "web has postgresql://postgres@/jeevansetu?host=" in (logs / "web.log").read_text()


def test_nothing_outlives_a_runner_that_is_killed_outright(little_run: Start) -> None:
    runner = little_run("stubborn")
    words_until_it_runs(runner)
    family = descendants(runner.pid)
    runner.kill()

    until(lambda: not any(is_alive(pid) for pid in family))
    assert len(family) > 3


def test_a_second_run_in_the_same_clone_is_refused_in_one_line(little_run: Start) -> None:
    first = little_run()
    words_until_it_runs(first)
    second = little_run()
    _, said = second.communicate()

    assert (second.returncode, said) == (1, f"`make run` runs already in this clone (process {first.pid}).\n")
    assert first.poll() is None


@pytest.mark.parametrize(("which", "name"), [(0, "PORT"), (1, "STREAM_PORT"), (2, "SANDBOX_PORT")])
def test_a_taken_port_is_said_in_one_line(
    little_run: Start, ports: tuple[int, int, int], which: int, name: str
) -> None:
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", ports[which]))
        taker.listen()
        runner = little_run()
        _, said = runner.communicate()

    assert (runner.returncode, said) == (1, f"Port {ports[which]} is taken: set {name} to another.\n")


def test_an_unreachable_database_is_said_in_one_line_without_its_password(little_run: Start) -> None:
    runner = little_run(DATABASE_URL="postgresql://someone:hush-hush@127.0.0.1:1/somewhere")
    _, said = runner.communicate()

    assert runner.returncode == 1
    assert said.startswith("The database that DATABASE_URL names cannot be reached: ")
    assert said.count("\n") == 1
    assert "hush" not in said


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://someone:hu/sh@127.0.0.1/x", "cannot be read"),
        ("sqlite:///hush.db", "must name a PostgreSQL server"),
        ("hush", "must name a PostgreSQL server"),
    ],
)
def test_a_database_url_that_is_none_is_said_without_repeating_it(url: str, said: str) -> None:
    with pytest.raises(RunError, match=said) as refusal:
        check_database(url)

    assert "hu" not in str(refusal.value).replace("such", "")


def test_a_step_that_fails_ends_the_run_with_its_last_words(little_run: Start) -> None:
    runner = little_run("broken")
    _, said = runner.communicate()

    assert runner.returncode == 1
    assert said.startswith("migrate ended with exit code 1.")
    assert "the last words" in said


def test_a_program_that_dies_three_times_ends_the_run_with_its_last_words(little_run: Start, folder: Path) -> None:
    runner = little_run("falling")
    told, said = runner.communicate()

    assert runner.returncode == 1
    assert told.count("worker died with exit code 1; it starts again") == 2
    assert said.startswith("worker died 3 times within a minute, last with exit code 1.")
    assert "the last words" in said
    assert not list(folder.rglob("postmaster.pid"))


def test_a_program_and_the_database_that_are_killed_come_back(little_run: Start, folder: Path) -> None:
    runner = little_run()
    words_until_it_runs(runner)
    before = descendants(runner.pid)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert runner.stdout is not None
    told = [runner.stdout.readline() for _ in range(3)]

    until(lambda: len(descendants(runner.pid)) == len(before))
    assert sorted(line.split()[0] for line in told) == ["PostgreSQL", "web", "worker"]
    assert not set(before) & set(descendants(runner.pid))


def test_a_program_that_does_not_stop_is_killed_with_its_children(folder: Path) -> None:
    code = "import signal, subprocess; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    code += "; subprocess.run(['sleep', '600'])"
    process = processes.launch(program("stubborn", code), env=dict(os.environ), cwd=folder, logs=folder)
    until(lambda: descendants(process.pid))
    family = [process.pid, *descendants(process.pid)]

    processes.end([process], grace=0.1)

    until(lambda: not any(is_alive(pid) for pid in family))
    assert process.returncode == -signal.SIGKILL


def test_deaths_long_ago_are_forgotten(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "DEATHS_WITHIN", 0.0)
    monkeypatch.setattr(processes, "FIRST_WAIT", 0.0)
    told: list[str] = []
    supervisor = Supervisor(
        [program("falling", "raise SystemExit(3)")],
        env=dict(os.environ),
        cwd=folder,
        logs=folder,
        say=told.append,
    )
    supervisor.start()

    def look_until_five_deaths() -> bool:
        supervisor.look_after()
        return len(told) >= 5

    until(look_until_five_deaths)
    supervisor.stop()


@pytest.mark.parametrize("value", ["0", "65536", "-1", "eighty", "80 "])
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PORT", value)

    with pytest.raises(RunError, match="PORT must be a port"):
        port_setting("PORT", 8000)


def test_the_programs_know_of_each_other_and_of_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.delenv("SANDBOX_PORT", raising=False)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "some.settings")
    for name in ("PUBLIC_URL", "SANDBOX_URL", "STREAM_URL", "STREAM_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "intranet")

    env = child_environment(default_plan(), "postgresql:///here")

    assert env["PUBLIC_URL"] == "http://127.0.0.1:8123"
    assert env["STREAM_URL"] == "http://127.0.0.1:8124"
    assert env["SANDBOX_URL"] == "http://127.0.0.1:8090"
    assert env["DATABASE_URL"] == "postgresql:///here"
    assert env["DJANGO_SETTINGS_MODULE"] == "some.settings"
    assert env["no_proxy"] == env["NO_PROXY"] == "intranet,127.0.0.1,localhost"


@pytest.mark.parametrize(("host", "local"), [("127.0.0.1", "127.0.0.1"), ("", "127.0.0.1"), ("192.0.2.7", "192.0.2.7")])
def test_this_machine_asks_where_the_product_answers(folder: Path, host: str, local: str) -> None:
    plan = Plan(folder=folder, host=host, port=8000, stream_port=8001, sandbox_port=8090, setup=[], programs=[])

    assert plan.url == f"http://{local}:8000"


def test_the_settings_file_fills_in_what_the_environment_does_not_say(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        "# a comment",
        "",
        "PLAIN=a=b #c",
        "export QUOTED='x y'",
        'DOUBLE="say \\"yes\\""',
        "SAID=file",
        "nonsense",
    ]
    (folder / ".env").write_text("\n".join(lines))
    for name in ("PLAIN", "QUOTED", "DOUBLE"):
        monkeypatch.setenv(name, "")  # so that it is restored
        monkeypatch.delenv(name)
    monkeypatch.setenv("SAID", "environment")

    load_env_file(folder / ".env")
    load_env_file(folder / "absent")

    said = [os.environ[name] for name in ("PLAIN", "QUOTED", "DOUBLE", "SAID")]
    assert said == ["a=b #c", "x y", 'say "yes"', "environment"]
