"""What a service says it raises, the operation that calls it says in the schema."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from config.catalogue import refusals
from tests.architecture.test_urls import API, DESCRIBED, METHODS

ROOMS = ("users", "partners", "donations", "notifications")
BY_NAME = {kind.__name__: kind for kind in refusals()}
# Among the usual ones, or a stranger's id, which most operations name where there is an id.
USUAL = {"TooMany", "Busy", "NotFound", "Unauthenticated"}
OPERATIONS = [
    (path, view, method)
    for path, view in API
    for method in METHODS
    if hasattr(view, method) and view.__module__.partition(".")[0] in ROOMS
]
WORDS = {(re.sub(r"{[^}]+}", "{}", path), method): str(operation) for path, method, operation in DESCRIBED}


def called(view_method: Any) -> Iterator[Any]:
    """Yield the functions of services and selectors that the method calls by their module's name."""
    method = inspect.unwrap(view_method)
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(method)))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        ):
            module = method.__globals__.get(node.func.value.id)
            if inspect.ismodule(module) and re.search(r"\.(services|selectors)\b", module.__name__):
                yield getattr(module, node.func.attr)


def promised(function: Any) -> set[str]:
    """Return the refusals that a docstring says are raised."""
    found = re.search(r"Raises:(.*)", inspect.getdoc(function) or "", re.DOTALL)
    return set(re.findall(r"\w+", found[1])) & set(BY_NAME) - USUAL if found else set()


def test_there_are_operations_that_promise_refusals():
    assert sum(bool(promised(function)) for _, view, method in OPERATIONS for function in called(getattr(view, method)))


@pytest.mark.parametrize(("path", "view", "method"), OPERATIONS, ids=[f"{m} {p}" for p, _, m in OPERATIONS])
def test_an_operation_declares_what_its_service_raises(path, view, method):
    words = WORDS.get(("/" + re.sub(r"<[^>]+>", "{}", path), method), "")

    raised = {name for function in called(getattr(view, method)) for name in promised(function)}

    assert {name for name in raised if f"`{BY_NAME[name].code}`" not in words} == set()
