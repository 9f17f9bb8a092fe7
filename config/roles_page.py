"""docs/roles.md: which group may open, save and do what, asked of the pages themselves."""

from __future__ import annotations

from typing import Final

from config.dashboard.map_views import MAPS
from config.dashboard.views import QUESTIONS
from config.reports.registry import REPORTS
from config.roles import ROLES, Role, pages_of
from config.waiting.registry import DESKS

HEAD: Final = (
    "# Groups of administrators",
    "",
    "Printed by `python manage.py print_roles`, which asks every page. The groups are written at each `migrate`, by",
    "name: what is changed in one of them by hand is undone by the next. For another mixture make a group of another",
    "name. Superusers may do everything.",
)


def roles_page() -> str:
    """Return docs/roles.md."""
    lines = [*HEAD, *(line for role in ROLES for line in _section(role))]
    return "\n".join(lines) + "\n"


def _section(role: Role) -> list[str]:
    may = role.permissions()
    boards = [
        *(one.title.lower() for one in MAPS if one.needs in may),
        *(f"report of {one.title.lower()}" for one in REPORTS if may.issuperset(one.needs)),
    ]
    panels = sum(1 for question in QUESTIONS if question.needs in may)
    rows = [
        f"| `{label}` | {'yes' if saves else ''} | {', '.join(f'`{act}`' for act in acts)} |"
        for label, saves, acts in pages_of(role)
    ]
    desks = [
        f"- {desk.title}, {queue.title.lower()}: {_acts(queue) if queue.works in may else 'to read'}"
        for desk in DESKS
        for queue in desk.queues
        if queue.needs in may
    ]
    shown = [
        f"{panels} of {len(QUESTIONS)} panels of the dashboard",
        *boards,
    ]
    return [
        *("", f"## {role.name}", "", f"They {role.about}.", "", f"Boards: {', '.join(shown)}."),
        *(["", "Queues:", "", *desks] if desks else []),
        *("", "| page | form | actions |", "|---|---|---|", *rows),
    ]


def _acts(queue: object) -> str:
    acts = [act.label.lower() for act in getattr(queue, "acts", ())]
    return ", ".join(acts) or "to read"
