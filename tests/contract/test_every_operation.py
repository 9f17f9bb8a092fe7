"""Whatever is sent to any operation, the answer is one that the schema names, and never our fault."""

from __future__ import annotations

import functools
import re
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
import time_machine
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from tests.conftest import NOON
from tests.contract.document import DOCUMENT, read_document
from tests.contract.world import World, build

OPERATIONS = re.findall(r"^      operationId: (\S+)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
DRAWN = 4  # cases for each operation, beside the documented one
# What the required parts of a query are given, by their names or those of one operation.
QUERY: dict[str, Any] = {
    "lat": 18.52,
    "lng": 73.86,
    "blood_group": "O-",
    "component": "whole_blood",
    "from": "2030-04-01",
    "to": "2030-04-30",
    "plan": "plus",
    "doctors_slots_get from": "2030-05-02T00:00:00+05:30",
    "doctors_slots_get to": "2030-05-03T00:00:00+05:30",
}
# Which ids of the world stand for those of an example's body, by the name of the value.
MEANT = {"bank": "partners", "hospital": "partners", "partner": "partners", "doctor": "doctors", "place": "places"}

NOBODY_OUTSIDE = "identity_provider_unavailable"  # no provider is reached from here: a 503 that one operation answers
# Answered by a process of its own (chat/stream), for as long as the caller listens: its own tests try them.
STREAMS = frozenset({"stream_get", "partner_stream_get"})
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Build the world once, in a transaction that is taken back with everything in it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)  # every call keeps this connection, and its transaction
    with django_db_blocker.unblock(), afterwards_undone(), time_machine.travel(NOON, tick=True):
        yield build()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def _django_db_helper(world: World) -> None:
    """Stand in for the plugin's own fixture: a test is not given a transaction of its own, it shares the world's."""


@contextmanager
def afterwards_undone() -> Iterator[None]:
    """Take back what was written; commands see the test's own transaction, as always in tests."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


@functools.cache
def schema() -> Any:
    read = schemathesis.openapi.from_dict(read_document())
    read.app = closing
    return read


def closing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Serve as a web server does, which closes each answer and with it what was uploaded."""
    answer: Any = application(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        answer.close()


def ask(case: Case, world: World) -> Any:
    """Send one case, take back what it did and return the answer. Raises: FailureGroup when it is not in the schema."""
    with afterwards_undone():
        answer = case.call(headers={"Authorization": f"Bearer {world.token_for(case.path)}"})
    case.validate_response(answer, checks=CHECKS)
    assert answer.status_code < 500 or answer.json()["code"] == NOBODY_OUTSIDE, answer.text
    return answer


def documented(operation: Any, world: World) -> Case:
    """Return the call that the documentation shows, to what exists here; a POST with a key."""
    described = operation.definition.raw
    bodies = described.get("requestBody", {}).get("content", {})
    media_type, content = next(iter(bodies.items()), ("", {}))
    shown: dict[str, Any] = next(iter(content.get("examples", {}).values()), {})
    body = {"body": _meant(shown["value"], world), "media_type": media_type} if shown else {}
    wanted = [one["name"] for one in described.get("parameters", []) if one["in"] == "query" and one.get("required")]
    query = {name: QUERY.get(f"{described['operationId']} {name}", QUERY.get(name)) for name in wanted}
    nobody = {name: str(uuid.UUID(int=1)) for name in re.findall(r"{(\w+)}", operation.path)}
    headers = {"Idempotency-Key": "documented"} if operation.method == "post" else {}
    return operation.Case(
        path_parameters=nobody | world.parameters(operation.path), query=query, headers=headers, **body
    )


def _meant(value: Any, world: World) -> Any:
    """Return an example's value with the ids of what exists here."""
    if isinstance(value, list):
        return [_meant(one, world) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: world.ids[MEANT[name]] if name in MEANT and isinstance(inner, str) else _meant(inner, world)
        for name, inner in value.items()
    }


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in STREAMS])
def test_whatever_is_sent_the_answer_is_in_the_schema(name, world, unthrottled):
    operation = schema().find_operation_by_id(name)
    modes = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]

    @settings(
        max_examples=DRAWN,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(modes), is_at_home=st.booleans())
    def send(case: Case, *, is_at_home: bool) -> None:
        if is_at_home:
            case.path_parameters.update(world.parameters(operation.path))
        ask(case, world)

    send()


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in STREAMS])
def test_what_the_documentation_shows_is_understood(name, world, unthrottled):
    case = documented(schema().find_operation_by_id(name), world)

    answer = ask(case, world)

    assert b'"invalid_input"' not in answer.content, answer.text
