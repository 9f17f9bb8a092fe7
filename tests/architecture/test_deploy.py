"""What `deploy/` names is there: commands, settings, files, ports, and each of its three ways runs every process."""

from __future__ import annotations

import configparser
import json
import re
import shlex

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from common.counting import FOLDER
from common.middleware import OPENING

DEPLOY = settings.BASE_DIR / "deploy"
UNITS = sorted(path for path in (DEPLOY / "systemd").iterdir() if path.suffix in {".service", ".target"})
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
ENVIRONMENT = (settings.BASE_DIR / ".env.example").read_text(encoding="utf-8")
WORDS = re.compile(r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b")  # as settings are written, where two words or more
NOT_OURS = {
    *("POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD_FILE"),  # of the image of PostgreSQL
    *("BACKUP_DIR", "NEW_DATA_FOLDER"),  # of the scripts
    *("PYTHONUNBUFFERED", "DISCARD_ALL"),
}
PROCESSES = {"migrate", "worker", "run_scheduler", "stream"}


def unit(path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str
    parser.read(path, encoding="utf-8")
    return parser


def lines_of_units() -> list[list[str]]:
    return [
        shlex.split(line.partition("=")[2])
        for path in UNITS
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("ExecStart=")
    ]


def lines_of_containers() -> list[list[str]]:
    image = json.loads(re.search(r"^CMD (\[.*\])$", CONTAINERFILE, re.M)[1])
    return [image, *(service["command"] for service in COMPOSE["services"].values() if "command" in service)]


def named(lines) -> set[str]:
    """Return the management commands that the lines run."""
    return {line[line.index("manage.py") + 1] for line in lines if "manage.py" in line}


@pytest.mark.parametrize("lines", [lines_of_units(), lines_of_containers()], ids=["systemd", "compose"])
def test_every_process_is_run_by_a_command_that_exists(lines):
    assert named(lines) >= PROCESSES
    assert named(lines) <= set(get_commands())
    assert [line for line in lines if "config.wsgi" in line]


def test_both_ways_run_the_web_alike():
    def said(lines, *names):
        line = next(line for line in lines if "config.wsgi" in line)
        return {name: line[line.index(name) + 1] for name in names} | {"reuse": "--reuse-port" in line}

    names = ("--worker-class", "--threads", "--max-requests", "--max-requests-jitter", "--config")

    assert said(lines_of_units(), *names) == said(lines_of_containers(), *names)


def test_web_processes_count_together_where_nothing_is_left_of_earlier_ones():
    web = unit(DEPLOY / "systemd" / "jeevansetu-web@.service")["Service"]
    container = COMPOSE["services"]["web"]

    assert web["Environment"] == f"{FOLDER}=%t/{web['RuntimeDirectory']}"
    assert "%i" in web["RuntimeDirectory"]
    assert "RuntimeDirectoryPreserve" not in web
    assert container["environment"][FOLDER] in container["tmpfs"]
    for lines in (lines_of_units(), lines_of_containers()):
        assert [line[line.index("--config") + 1] for line in lines if "config.wsgi" in line] == [
            "python:config.gunicorn"
        ]


def test_every_setting_that_is_named_is_explained():
    texts = [path.read_text(encoding="utf-8") for path in sorted(DEPLOY.rglob("*")) if path.is_file()]
    names = {word for text in texts for word in WORDS.findall(text)} - NOT_OURS

    unknown = {name for name in names if not re.search(rf"^#? ?{name}=", ENVIRONMENT, re.M)}

    assert names
    assert unknown == set()


def test_the_target_wants_units_that_are_there():
    wanted = unit(DEPLOY / "systemd" / "jeevansetu.target")["Unit"]["Wants"].split()
    files = {path.name for path in UNITS}

    assert {re.sub(r"@.*\.", "@.", name) for name in wanted} <= files
    assert all(unit(path).get("Unit", "PartOf", fallback="jeevansetu.target") == "jeevansetu.target" for path in UNITS)


def test_the_proxy_leads_to_ports_that_somebody_listens_to():
    wanted = unit(DEPLOY / "systemd" / "jeevansetu.target")["Unit"]["Wants"]
    ports = set(re.findall(r"@(\d{4})\.service", wanted))

    assert set(re.findall(r"127\.0\.0\.1:(\d+)", (DEPLOY / "upstreams.conf").read_text(encoding="utf-8"))) == ports


def test_the_proxy_logs_no_address_that_opens_something():
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    unlogged = re.compile(re.search(r"location ~ (\^/\(files\S+) {[^}]*access_log off;", text)[1])

    assert [prefix for prefix in OPENING if not unlogged.match(f"{prefix}x")] == []


@pytest.mark.parametrize("name", ["upstreams.conf", "upstreams.compose.conf"])
def test_the_proxy_knows_where_it_leads(name):
    led = set(re.findall(r"proxy_pass http://(\w+);", (DEPLOY / "nginx.conf").read_text(encoding="utf-8")))
    text = (DEPLOY / name).read_text(encoding="utf-8")

    assert set(re.findall(r"upstream (\w+)", text)) == led


def test_containers_are_of_services_volumes_and_files_that_are_there():
    services = COMPOSE["services"]
    hosts = set(re.findall(r"server (\w+):\d+", (DEPLOY / "upstreams.compose.conf").read_text(encoding="utf-8")))
    mounts = [mount.split(":")[0] for service in services.values() for mount in service.get("volumes", [])]
    given_later = {"./certificates"}
    waits = {name for service in services.values() for name in service.get("depends_on", [])}

    assert hosts | waits <= set(services)
    assert {mount for mount in mounts if not mount.startswith(".")} == set(COMPOSE["volumes"])
    assert all((DEPLOY / mount).exists() for mount in set(mounts) - given_later if mount.startswith("."))
    assert {secret for service in services.values() for secret in service.get("secrets", [])} == set(COMPOSE["secrets"])


def test_the_pooler_pools_as_the_product_expects():
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(DEPLOY / "pgbouncer.ini", encoding="utf-8")

    assert parser["pgbouncer"]["pool_mode"] == "transaction"
    assert "jeevansetu" in parser["databases"]
