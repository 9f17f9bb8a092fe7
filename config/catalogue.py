"""What the product promises its clients, collected from the code: refusals and state machines, as Markdown."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Final

from django.apps import AppConfig, apps
from django.conf import settings

from common import errors
from common.api.problems import FRAMEWORK, TITLES, status_of

Table = Mapping[tuple[StrEnum, str], StrEnum]
SUFFIX: Final = "TRANSITIONS"


def own_apps() -> list[AppConfig]:
    """Return the product's own apps."""
    return [app for app in apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR]


def own_modules() -> Iterator[ModuleType]:
    """Import and yield every module of the product's apps, so that no refusal is overlooked."""
    for app in own_apps():
        for found in pkgutil.walk_packages([app.path], f"{app.name}."):
            if ".migrations" not in found.name and ".management" not in found.name and ".settings" not in found.name:
                yield importlib.import_module(found.name)


def refusals() -> list[type[errors.DomainError]]:
    """Return every refusal that a client may meet, by status and code."""
    ours = {module.__name__ for module in own_modules()}
    found = [kind for kind in errors.every_refusal() if kind.__module__ in ours]
    return sorted(found, key=lambda kind: (status_of(kind), kind.code))


def tables() -> dict[str, Table]:
    """Return every state machine by the module and name of its table."""
    found: dict[str, Table] = {}
    for module in own_modules():
        if module.__name__.endswith(".states"):
            found |= {
                f"{module.__name__}.{name}": table for name, table in vars(module).items() if name.endswith(SUFFIX)
            }
    return dict(sorted(found.items()))


def errors_page() -> str:
    """Return docs/errors.md."""
    lines = [
        "# Errors",
        "",
        "Printed by `python manage.py print_errors`. A code is unique and never changes its meaning.",
        "",
        "| status | code | meaning |",
        "|---|---|---|",
    ]
    rows = [(status_of(kind), kind.code, kind.message) for kind in refusals()]
    rows += [(status, code, detail) for code, (status, detail) in FRAMEWORK.items()]
    lines += [f"| {status} {TITLES[status]} | `{code}` | {meaning} |" for status, code, meaning in sorted(rows)]
    return "\n".join(lines) + "\n"


def states_page() -> str:
    """Return docs/states.md."""
    lines = [
        "# States",
        "",
        "Printed by `python manage.py print_states`. What is not in a table cannot happen: the step is refused with",
        "`illegal_transition`, and the database knows no other states.",
    ]
    for name, table in tables().items():
        states = type(next(state for state, _ in table))
        ends = [f"`{state}`" for state in states if not any(start == state for start, _ in table)]
        lines += ["", f"## {states.__name__}", "", f"`{name}`", "", "| from | step | to |", "|---|---|---|"]
        lines += [f"| `{start}` | {verb} | `{end}` |" for (start, verb), end in table.items()]
        lines += ["", f"Ends: {', '.join(ends)}." if ends else "Never ends."]
    return "\n".join(lines) + "\n"
