"""Every list of the administration can be read: rows are named as people name them, and many cost what one costs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags
from unfold.templatetags.unfold_list import results

from tests.administration.browser import UNNAMED
from tests.administration.rows import a_row_of_each, take_checks_away
from users.models import User

pytestmark = pytest.mark.django_db
PAGES = sorted(admin.site._registry.values(), key=lambda page: page.opts.label)
IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")


def listed(page: Any) -> tuple[int, list[str], list[str]]:
    """Return how many queries the list takes, what can be clicked, and all cells; without the page around it."""
    request: Any = RequestFactory().get("/")
    request.user = User(is_active=True, is_staff=True, is_superuser=True)
    with CaptureQueriesContext(connection) as asked:
        cells = [cell for row in results(page.get_changelist_instance(request)) for cell in row]
    return len(asked), [strip_tags(cell).strip() for cell in cells if cell.startswith("<th")], cells


def test_a_list_names_its_rows_and_asks_no_more_for_many_than_for_one() -> None:
    take_checks_away()
    a_row_of_each()
    for_one = {page.opts.label: listed(page)[0] for page in PAGES}
    a_row_of_each(), a_row_of_each()

    lists = {page.opts.label: listed(page) for page in PAGES}

    names = {label: clicked for label, (_, clicked, _) in lists.items()}
    assert {label: asked for label, (asked, _, _) in lists.items()} == for_one
    assert [label for label, (_, _, cells) in lists.items() if UNNAMED in "".join(cells)] == []
    assert [label for label, clicked in names.items() if not all(clicked) or IDENTIFIER.search("".join(clicked))] == []
    assert min(len(clicked) for clicked in names.values()) >= 3
