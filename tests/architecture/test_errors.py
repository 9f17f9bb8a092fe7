"""Every refusal has a code of its own, and the list of them prints itself."""

from __future__ import annotations

import ast
import re
from collections import Counter
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command

from common.api.problems import FRAMEWORK, problem
from common.errors import DomainError
from config.catalogue import refusals
from tests.architecture.sources import calls, name_of, source_files

KINDS = refusals()
MEMBERS = set(problem(400, "x", "y"))


def test_codes_are_unique_in_the_product():
    counted = Counter([kind.code for kind in KINDS] + list(FRAMEWORK))

    assert [code for code, count in counted.items() if count > 1] == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_refusal_has_words_and_a_code_of_its_own(kind):
    assert re.fullmatch(r"[a-z][a-z0-9_]+", kind.code)
    assert kind.message.endswith(".")
    assert "code" in kind.__dict__
    assert "message" in kind.__dict__


def test_no_two_refusals_mean_the_same_constraint():
    named = Counter(kind.__dict__["constraint"] for kind in KINDS if kind.__dict__.get("constraint"))

    assert [name for name, count in named.items() if count > 1] == []


@pytest.mark.django_db
def test_every_constraint_that_a_refusal_names_exists():
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes")
        known = {name for (name,) in cursor.fetchall()}

    assert {kind.constraint for kind in KINDS if kind.constraint} <= known


def test_no_refusal_states_a_fact_under_a_name_of_the_standard():
    names = {kind.__name__ for kind in KINDS}
    taken = [
        f"{path.name}:{call.lineno} {keyword.arg}"
        for path, call in calls()
        if name_of(call) in names
        for keyword in call.keywords
        if keyword.arg in MEMBERS
    ]

    assert taken == []


def test_every_refusal_is_raised_somewhere_or_is_a_kind_of_others():
    raised = {
        node.id
        for path in source_files()
        for raising in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(raising, ast.Raise) and raising.exc is not None
        for node in ast.walk(raising.exc)
        if isinstance(node, ast.Name)
    } | {
        node.attr
        for path in source_files()
        for raising in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(raising, ast.Raise) and raising.exc is not None
        for node in ast.walk(raising.exc)
        if isinstance(node, ast.Attribute)
    }
    idle = [
        kind.__name__
        for kind in KINDS
        if kind.__name__ not in raised
        and not kind.__subclasses__()
        and not kind.constraint
        and kind.__bases__ != (DomainError,)
    ]

    assert idle == []


def test_the_page_of_errors_is_up_to_date():
    printed = StringIO()
    call_command("print_errors", stdout=printed)

    page = (settings.BASE_DIR / "docs" / "errors.md").read_text(encoding="utf-8")
    assert all(f"`{kind.code}`" in page for kind in KINDS)
    assert page == printed.getvalue(), "python manage.py print_errors > docs/errors.md"
