"""The developer guide shows calls that exist, with bodies and codes that are right."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import jsonschema_rs
import pytest

from tests.contract.document import read_document

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = sorted((DOCS / "guide").glob("*.md"))
NEXT_CALL = re.compile(r"^curl ", re.MULTILINE)
REFUSAL = re.compile(r"\b[45]\d\d `([a-z_]+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


class Call(NamedTuple):
    """One example: what is sent where."""

    method: str
    path: str
    query: dict[str, str]
    body: Any

    def operation(self) -> dict[str, Any]:
        """Return what the schema says of it. Raises: AssertionError where it says nothing."""
        for path, item in read_document()["paths"].items():
            if re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), self.path) and self.method in item:
                found: dict[str, Any] = item[self.method]
                return found
        raise AssertionError(f"{self.method} {self.path}")


def calls(page: Path) -> Iterator[Call]:
    for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        for line in NEXT_CALL.split(block)[1:]:
            yield read_call(line.replace("\\\n", " "))


def read_call(line: str) -> Call:
    """Read one `curl`, as a shell would part it."""
    words = shlex.split(line)
    said = {flag: words[number + 1] for number, flag in enumerate(words[:-1]) if flag in {"-X", "-d"}}
    [url] = [word for word in words if word.startswith("$BASE")]
    parts = urlsplit(url.removeprefix("$BASE"))
    body = json.loads(said["-d"]) if "-d" in said else None
    return Call(said.get("-X", "GET").lower(), parts.path, dict(parse_qsl(parts.query)), body)


EXAMPLES = [call for page in PAGES for call in calls(page)]


@pytest.mark.parametrize("call", EXAMPLES, ids=lambda call: f"{call.method} {call.path}")
def test_an_example_is_a_call_that_the_schema_knows(call):
    described = call.operation()
    taken = {one["name"] for one in described.get("parameters", []) if one["in"] == "query"}
    needed = {one["name"] for one in described.get("parameters", []) if one["in"] == "query" and one.get("required")}

    assert needed <= set(call.query) <= taken
    assert (call.body is None) or faults(described, call.body) == []


def faults(described: dict[str, Any], body: Any) -> list[str]:
    shape = described["requestBody"]["content"]["application/json"]["schema"]
    whole = {**shape, "components": read_document()["components"]}
    known = read_document()["components"]["schemas"][shape["$ref"].rpartition("/")[2]]["properties"]
    wrong = [error.message for error in jsonschema_rs.validator_for(whole).iter_errors(body)]
    return wrong + [f"{name} is unknown" for name in set(body) - set(known)]


def test_every_page_shows_calls_or_says_how_clients_are_made():
    assert [page.name for page in PAGES if not list(calls(page))] == ["README.md", "clients.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_names_refusals_that_there_are_and_leads_nowhere_else(page):
    text, known = page.read_text(encoding="utf-8"), (DOCS / "errors.md").read_text(encoding="utf-8")

    assert [code for code in REFUSAL.findall(text) if f"`{code}`" not in known] == []
    assert [link for link in LINK.findall(text) if not (page.parent / link).exists()] == []
