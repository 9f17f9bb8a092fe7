"""Whoever follows a page of the documentation at night finds what it names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory

from config.navigation import groups
from users.models import User

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
WAY = re.compile(r"\b[Aa]dmin(?:istration)? → (?=(.{1,60}))")


def menu() -> dict[str, list[str]]:
    """Return what the sidebar shows to whoever may see everything: the titles, by group."""
    request: Any = RequestFactory().get("/admin/")
    request.user = User(is_active=True, is_staff=True, is_superuser=True)
    return {group["title"]: [item["title"] for item in group["items"]] for group in groups(request)}


def begins_with(words: str, titles: list[str]) -> bool:
    return any(re.match(rf"{re.escape(title)}(?!\w)", words) for title in titles)


@pytest.mark.django_db
def test_every_way_through_the_administration_leads_to_an_entry_of_its_menu() -> None:
    shown = menu()
    titles = [title for group in shown.values() for title in group]
    ways = [(page.name, way) for page in PAGES for way in WAY.findall(page.read_text(encoding="utf-8"))]

    lost = [(name, way) for name, way in ways if not begins_with(way, titles)]

    assert lost == []
    assert len(ways) > 25


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_way_through_a_group_leads_to_an_entry_of_the_group(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    lost = [
        (group, way)
        for group, titles in menu().items()
        if group
        for way in re.findall(rf"(?<!→ )\b{re.escape(group)} → (?=(.{{1,60}}))", text)
        if not begins_with(way, titles)
    ]

    assert lost == []


def test_every_alert_has_its_line_in_the_runbook() -> None:
    alerts = re.findall(r"- alert: (\w+)", ALERTS.read_text(encoding="utf-8"))
    runbook = (ROOT / "docs" / "operations" / "incidents.md").read_text(encoding="utf-8")

    missing = [name for name in alerts if f"`{name}`" not in runbook.partition("\n## ")[0]]

    assert missing == []
    assert len(alerts) > 10


def test_the_runbook_names_no_alert_that_is_none() -> None:
    known = set(re.findall(r"- alert: (\w+)", ALERTS.read_text(encoding="utf-8")))
    table = (ROOT / "docs" / "operations" / "incidents.md").read_text(encoding="utf-8").partition("\n## ")[0]

    assert set(re.findall(r"`([A-Z][a-z]+[A-Z]\w+)`", table)) == known
