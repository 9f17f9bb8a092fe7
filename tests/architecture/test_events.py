"""What happens is heard, or said to be nobody's business; and nobody waits for what never happens."""

from __future__ import annotations

import ast
import re

import pytest
from django.core.checks import run_checks

from common import outbox
from config.events import EVENTS, UNHEARD, check_events, faults_of
from requests_app.services.places import PAST_TENSE
from tests.architecture.sources import calls, name_of

NAME = re.compile(r"[a-z]+\.[a-z_]+")
EMITTERS = {"emit", "emit_many", "tell", "_told"}


def names_in(call: ast.Call) -> set[str]:
    """Return the event names that the call's arguments spell out."""
    found = set()
    for argument in call.args:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and NAME.fullmatch(argument.value):
            found.add(argument.value)
        if isinstance(argument, ast.JoinedStr):
            prefix = argument.values[0]
            assert isinstance(prefix, ast.Constant)
            assert prefix.value == "assignment.", "an event's name is spelled out where it is emitted"
            found |= {f"assignment.{end}" for end in PAST_TENSE.values()}
    return found


EMITTED = set().union(*(names_in(call) for _, call in calls() if name_of(call) in EMITTERS))


def test_every_event_is_declared_and_every_declared_one_happens():
    assert set(EVENTS) == EMITTED


def test_every_event_is_heard_or_nobodys_business():
    assert check_events() == []


def test_the_check_runs_with_djangos():
    assert [found for found in run_checks() if found.id.startswith("config.")] == []


@pytest.mark.parametrize(
    ("events", "heard", "unheard", "code"),
    [
        ({"a.b"}, {"a.b", "a.c"}, set(), "config.E001"),
        ({"a.b", "a.c"}, {"a.b"}, set(), "config.E002"),
        ({"a.b"}, {"a.b"}, {"a.c"}, "config.E003"),
        ({"a.b"}, {"a.b"}, {"a.b"}, "config.E004"),
    ],
)
def test_each_way_to_be_wrong_is_found(events, heard, unheard, code):
    assert [found for found, _ in faults_of(events, heard, unheard)] == [code]


def test_names_are_a_noun_and_a_past_tense():
    assert all(NAME.fullmatch(name) for name in EVENTS)
    assert outbox.heard_names() | UNHEARD == set(EVENTS)
