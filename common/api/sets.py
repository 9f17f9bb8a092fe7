"""Closed sets of strings in the schema: one type for each in generated clients, and a name for each of its values.

Generators make names of values by leaving signs out, so that `O-` and `O+` would be one: `x-enum-varnames` says better.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

IS_A_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
NO_LETTER: Final = re.compile(r"[^A-Z0-9]+")
SIGNS: Final = (("-", "_NEG"), ("+", "_POS"), ("%", "PERCENT"))  # at a value's end


def share_sets(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """Let parameters refer to the sets of the components, and name values: a hook of the schema's generator."""
    components = result["components"]["schemas"]
    by_values = defaultdict(list)
    for name, shape in components.items():
        if "enum" in shape:
            by_values[tuple(sorted(map(str, shape["enum"])))].append(name)
    for parameter in _parameters(result):
        names = by_values[tuple(sorted(map(str, parameter["schema"].get("enum", ()))))]
        if len(names) == 1 and "default" not in parameter["schema"]:
            parameter["schema"] = {"$ref": f"#/components/schemas/{names[0]}"}
    for shape in (*components.values(), *(parameter["schema"] for parameter in _parameters(result))):
        values = shape.get("enum", ())
        if not all(IS_A_NAME.fullmatch(str(value)) for value in values):
            shape["x-enum-varnames"] = names_of(values)
    return result


def names_of(values: Sequence[Any]) -> list[str]:
    """Return a name for each value, none twice."""
    names: list[str] = []
    for number, value in enumerate(values):
        name = _name_of("" if value is None else str(value))
        names.append(f"{name}_{number}" if name in names else name)
    return names


def _name_of(value: str) -> str:
    for sign, said in SIGNS:
        if value.endswith(sign):
            value = value.removesuffix(sign) + said
    name = NO_LETTER.sub("_", value.upper()).strip("_")
    return f"N{name}" if name[:1].isdigit() else name or "NONE"


def _parameters(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in result["paths"].values():
        for described in item.values():
            yield from described.get("parameters", ())
