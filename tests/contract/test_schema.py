"""The committed schema says of every operation what a developer and a generator of clients need."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.document import read_document

# What a generated client makes a function of: words in lower case, the path and what is done.
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def operations() -> Iterator[dict[str, Any]]:
    for path, item in read_document()["paths"].items():
        for method, described in item.items():
            yield {"at": f"{method.upper()} {path}", **described}


def sets() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every closed set of strings: the components', and those of single parameters."""
    for name, shape in read_document()["components"]["schemas"].items():
        if "enum" in shape:
            yield name, shape
    for described in operations():
        for parameter in described.get("parameters", []):
            if "enum" in parameter["schema"]:
                yield f"{described['operationId']} {parameter['name']}", parameter["schema"]


def defaults() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every value that has a default: parts of bodies and parameters."""
    for name, shape in read_document()["components"]["schemas"].items():
        for part, described in shape.get("properties", {}).items():
            if "default" in described:
                yield f"{name} {part}", described
    for one in operations():
        for parameter in one.get("parameters", []):
            if "default" in parameter["schema"]:
                yield f"{one['operationId']} {parameter['name']}", parameter["schema"]


def values_of(shape: dict[str, Any]) -> list[Any]:
    """Return the values of the set or sets that the shape refers to; where it refers to none, its default."""
    references = [one["$ref"] for one in shape.get("allOf", shape.get("oneOf", [shape])) if "$ref" in one]
    found = [read_document()["components"]["schemas"][one.rpartition("/")[2]] for one in references]
    return [value for one in found for value in one.get("enum", [shape["default"]])] or [shape["default"]]


def contents(described: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every body, sent or answered, that the operation has; of answers the successful ones."""
    yield from described.get("requestBody", {}).get("content", {}).values()
    for status, answer in described["responses"].items():
        if status.startswith("2"):
            yield from answer.get("content", {}).values()


def is_unnamed(described: dict[str, Any]) -> bool:
    return NAME.fullmatch(described.get("operationId", "")) is None


def is_undescribed(described: dict[str, Any]) -> bool:
    return not (described.get("summary") and described.get("description") and all(described.get("tags") or [""]))


def lacks_an_example(described: dict[str, Any]) -> bool:
    return not all(content.get("examples") for content in contents(described))


def lacks_errors(described: dict[str, Any]) -> bool:
    """Each can be refused for its input, for its number and for a while; who must sign in, for not having done so."""
    wanted = {"400", "429", "503"} if {} in described.get("security", [{}]) else {"400", "401", "429", "503"}
    return not wanted <= set(described["responses"])


def has_a_body_that_is_no_problem(described: dict[str, Any]) -> bool:
    refusals = [answer for status, answer in described["responses"].items() if status.startswith(("4", "5"))]
    return any("$ref" not in one and list(one["content"]) != ["application/problem+json"] for one in refusals)


def is_refused_for_a_while_without_an_end(described: dict[str, Any]) -> bool:
    """A client that is told to come back has to be told when, and why: the product is mended, or something is away."""
    refused = described["responses"]["503"]
    name = refused.get("$ref", "").rpartition("/")[2]
    told = read_document()["components"]["responses"][name] if name else refused
    codes = set(re.findall(r"`(\w+)`", told["description"]))
    return not (codes >= {"maintenance", "unavailable"} and told["headers"]["Retry-After"]["required"])


@pytest.mark.parametrize(
    "fault",
    [
        is_unnamed,
        is_undescribed,
        lacks_an_example,
        lacks_errors,
        has_a_body_that_is_no_problem,
        is_refused_for_a_while_without_an_end,
    ],
)
def test_no_operation_has_the_fault(fault):
    assert [described["at"] for described in operations() if fault(described)] == []


def test_no_two_operations_have_one_name():
    names = Counter(described["operationId"] for described in operations())

    assert [name for name, times in names.items() if times > 1] == []


def test_a_move_of_units_or_money_says_that_it_needs_a_key():
    [accept] = [one for one in operations() if one["operationId"] == "partner_orders_accept_post"]

    assert [one["required"] for one in accept["parameters"] if one["name"] == "Idempotency-Key"] == [True]


def test_a_generated_client_can_tell_the_values_of_every_set_apart():
    names = {name: one.get("x-enum-varnames", one["enum"]) for name, one in sets()}

    assert [name for name, found in names.items() if len({str(one).upper() for one in found}) < len(found)] == []
    assert [name for name, found in names.items() for one in found if not WORD.fullmatch(str(one))] == []
    assert names["BloodGroup"][:2] == ["O_NEG", "O_POS"]


def test_every_default_is_a_value_that_may_be_sent():
    """Generated clients send defaults: one that is refused would break every call that leaves the value out."""
    refused = [name for name, shape in defaults() if shape["default"] == "" and shape.get("minLength", 0) > 0]
    unknown = [name for name, shape in defaults() if shape["default"] not in values_of(shape)]

    assert refused == unknown == []
