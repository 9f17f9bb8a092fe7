"""Every page of the administration opens in a browser: whole, quietly, and from this server alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, reverse

from config.dashboard.map_views import MAPS
from config.reports.registry import REPORTS
from config.waiting.registry import DESKS
from notifications.models import Announcement, Notification
from tests.administration.browser import Visit, look
from tests.administration.people import session_of, superuser
from tests.administration.rows import a_row_of_each, put_checks_back, take_checks_away
from tests.factories import make_user
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
STEP = "/admin/second-factor/"
FORMS = ("changelist", "change", "history", "add", "delete")
RARE = ("_history", "_add", "_delete")  # all histories are one page; few rows are added by hand, and none deleted
# Addresses that are no pages: what they are instead, and which test asks them.
NO_PAGES = {
    "autocomplete": "answers a box of a form",
    "search": "answers the box of the sidebar",
    "jsi18n": "words for scripts",
    "view_on_site": "leads away, and no table has it",
    "common_auditentry_export": "a file: tests/audit",
    "common_retentionperiod_show_rules": "leads to the rules",
}
BY_PRESSING = {"login", "logout"}
# Which rows, or which of the product's own lists, the other pages are of.
ARGUMENTS: dict[str, Callable[[], list[Any]]] = {
    "map": lambda: [one.key for one in MAPS],
    "report": lambda: [one.key for one in REPORTS],
    "waiting": lambda: [desk.key for desk in DESKS],
    "app_list": lambda: sorted({page.opts.app_label for page in pages()}),
    "notifications_announcement_sending": lambda: list(Announcement.objects.values_list("pk", flat=True)[:1]),
    "notifications_report": lambda: list(Notification.objects.values_list("subject_id", flat=True)[:1]),
}


@pytest.fixture(scope="module", autouse=True)
def _rows_need_make_no_sense(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Until the last test of this file has taken its rows away."""
    with django_db_blocker.unblock():
        checks = take_checks_away()
    yield
    with django_db_blocker.unblock():
        put_checks_back(checks)


def pages() -> list[Any]:
    return list(admin.site._registry.values())


def patterns(resolver: Any = None) -> Iterator[URLPattern]:
    """Yield every address of the administration that has a name."""
    for one in admin.site.urls[0] if resolver is None else resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one)
        elif one.name:
            yield one


def forms_and_lists(user: User) -> dict[str, list[str]]:
    """Return of every table its list, a row, and the form of a new one where there is one; of one, a row's history."""
    request: Any = RequestFactory().get("/")
    request.user, found = user, {}
    for page in pages():
        name, row = f"{page.opts.app_label}_{page.opts.model_name}", newest(page.model)
        found[f"{name}_changelist"] = [reverse(f"admin:{name}_changelist")]
        found[f"{name}_change"] = [reverse(f"admin:{name}_change", args=[row.pk])]
        found[f"{name}_history"] = [reverse(f"admin:{name}_history", args=[row.pk])] if page.model is User else []
        found[f"{name}_add"] = [reverse(f"admin:{name}_add")] if page.has_add_permission(request) else []
        found[f"{name}_delete"] = [reverse(f"admin:{name}_delete", args=[row.pk])] * page.has_delete_permission(request)
    return found


def newest(table: type[models.Model]) -> Any:
    return table._default_manager.order_by("-pk").first()


def other_pages() -> dict[str, list[str]]:
    """Return the pages that are of no table, by the name of their address."""
    own = [one for one in patterns() if one.name.rpartition("_")[2] not in FORMS or one.name == "password_change"]
    found = {}
    for one in own:
        if one.name not in NO_PAGES.keys() | BY_PRESSING:
            given = [[of] for of in ARGUMENTS[one.name]()] if one.pattern.regex.groups else [[]]
            found[one.name] = [reverse(f"admin:{one.name}", args=of) for of in given]
    return found


def test_every_page_opens_in_a_browser(live_server: Any) -> None:
    a_row_of_each()
    user = superuser()
    found = {**forms_and_lists(user), **other_pages()}
    paths = [path for of_a_name in found.values() for path in of_a_name]

    wrong = look(live_server.url, [*map(Visit, paths), *by_pressing()], cookies=session_of(user))

    assert wrong == {}
    assert [name for name, of_a_name in found.items() if not of_a_name and not name.endswith(RARE)] == []
    assert {one.name for one in patterns()} - found.keys() == NO_PAGES.keys() | BY_PRESSING


def by_pressing() -> list[Visit]:
    """Return what is reached by a button alone, or before somebody has signed in."""
    begins, leaves = (make_user(is_staff=True, is_superuser=True) for _ in range(2))
    return [
        Visit("/admin/login/", cookies={}),
        Visit(STEP, cookies=session_of(begins), presses=("button[value=begin]",)),
        Visit("/admin/", cookies=session_of(leaves), presses=("#logout-form button",), leads_to="/admin/logout/"),
    ]
