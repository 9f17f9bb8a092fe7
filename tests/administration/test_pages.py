"""Every page of the administration opens in a browser: whole, quietly, and from this server alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, reverse

from config.dashboard.map_views import MAPS
from config.reports.registry import REPORTS
from config.waiting.registry import DESKS
from notifications.models import Announcement, Notification
from tests.administration.browser import Visit, look
from tests.administration.rows import a_row_of_each, put_checks_back, take_checks_away
from tests.administration.scenes import a_month
from tests.factories import make_user
from users.models import User
from users.services import second_factor

pytestmark = pytest.mark.django_db(transaction=True)
PICTURES = Path(__file__).parents[2] / "docs" / "admin"
# What docs/administration.md shows: the page, how many pixels of it, and from where on.
SHOWN = {
    "dashboard": ("/admin/", 1330),
    "dashboard-more": ("/admin/?from=2030-04-11&to=2030-05-01", 1450, 1240),
    "map-requests": ("/admin/map/requests/", 900),
    "map-stock": ("/admin/map/stock/?city=Pune", 900),
    "approvals": ("/admin/waiting/approvals/", 1000),
    "complaints": ("/admin/waiting/complaints/", 700),
    "emergencies": ("/admin/waiting/emergencies/", 700),
    "money": ("/admin/waiting/money/", 900),
    "mismatches": ("/admin/waiting/mismatches/", 700),
    "messages": ("/admin/waiting/messages/", 700),
    "events": ("/admin/waiting/events/", 700),
    "requests": ("/admin/requests_app/bloodrequest/?figure=filled&from=2030-04-25&to=2030-05-01", 800),
    "ledger": ("/admin/payments/entry/report/", 700),
}


FORMS = ("changelist", "change", "history", "add", "delete")
# Addresses that are no pages: what they are instead, and which test asks them.
NO_PAGES = {
    "autocomplete": "answers a box of a form",
    "search": "answers the box of the sidebar",
    "jsi18n": "words for scripts",
    "view_on_site": "leads away, and no table has it",
    "common_auditentry_export": "a file: tests/audit",
    "common_retentionperiod_show_rules": "leads to the rules",
}
# Which rows, or which of the product's own lists, the other pages are of.
ARGUMENTS: dict[str, Callable[[], list[Any]]] = {
    "map": lambda: [one.key for one in MAPS],
    "report": lambda: [one.key for one in REPORTS],
    "waiting": lambda: [desk.key for desk in DESKS],
    "app_list": lambda: sorted({page.opts.app_label for page in pages()}),
    "notifications_announcement_sending": lambda: list(Announcement.objects.values_list("pk", flat=True)[:1]),
    "notifications_report": lambda: list(Notification.objects.values_list("subject_id", flat=True)[:1]),
}
PREVIEWED = "/admin/notifications/wording/add/?kind=ask&language=en&form=sms"


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


def superuser() -> User:
    return User.objects.create_superuser(phone="+919876543210", password="seven quiet tamarinds", name="Meera")


def session_of(user: User) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    return {name: morsel.value for name, morsel in client.cookies.items()}


def shown() -> list[Visit]:
    """Return the pages that the documentation shows; `make screenshots` draws them."""
    draws = bool(os.environ.get("SCREENSHOTS"))
    return [Visit(path, PICTURES / f"{name}.png" if draws else None, *part) for name, (path, *part) in SHOWN.items()]


def patterns(resolver: Any = None) -> Iterator[URLPattern]:
    """Yield every address of the administration that has a name."""
    for one in admin.site.urls[0] if resolver is None else resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one)
        elif one.name:
            yield one


def forms_and_lists(user: User) -> dict[str, list[str]]:
    """Return of every table its list, a row, the row's history, and the form of a new one where there is one."""
    request: Any = RequestFactory().get("/")
    request.user, found = user, {}
    for page in pages():
        name, row = f"{page.opts.app_label}_{page.opts.model_name}", newest(page.model)
        found[f"{name}_changelist"] = [reverse(f"admin:{name}_changelist")]
        found[f"{name}_change"] = [reverse(f"admin:{name}_change", args=[row.pk])]
        found[f"{name}_history"] = [reverse(f"admin:{name}_history", args=[row.pk])]
        found[f"{name}_add"] = [reverse(f"admin:{name}_add")] if page.has_add_permission(request) else []
        found[f"{name}_delete"] = ["deleted by hand"] if page.has_delete_permission(request, row) else []
    return found


def newest(table: type[models.Model]) -> Any:
    return table._default_manager.order_by("-pk").first()


def other_pages() -> dict[str, list[str]]:
    """Return the pages that are of no table, by the name of their address."""
    own = [one for one in patterns() if one.name.rpartition("_")[2] not in FORMS or one.name == "password_change"]
    found = {}
    for one in own:
        if one.name not in NO_PAGES and one.name != "logout":
            given = [[of] for of in ARGUMENTS[one.name]()] if one.pattern.regex.groups else [[]]
            found[one.name] = [reverse(f"admin:{one.name}", args=of) for of in given]
    return found


def test_the_pages_of_the_documentation_open_in_a_browser(live_server: Any) -> None:
    a_month()

    wrong = look(live_server.url, shown(), cookies=session_of(superuser()))

    assert wrong == {}


def test_every_page_opens_in_a_browser(live_server: Any) -> None:
    a_row_of_each()
    user = superuser()
    found = {**forms_and_lists(user), **other_pages()}
    paths = [path for of_a_name in found.values() for path in of_a_name]

    wrong = look(live_server.url, [*map(Visit, paths), *by_pressing()], cookies=session_of(user))

    assert wrong == {}
    assert [name for name, of_a_name in found.items() if not of_a_name and not name.endswith(("_add", "_delete"))] == []
    assert {one.name for one in patterns()} - found.keys() == {*NO_PAGES, "logout"}


def by_pressing() -> list[Visit]:
    """Return what is reached by a button alone, or before somebody has signed in."""
    half_way, begins = (make_user(is_staff=True, is_superuser=True) for _ in range(2))
    second_factor.begin(user_id=half_way.pk)
    leaving = session_of(make_user(is_staff=True))
    step = "/admin/second-factor/"
    return [
        Visit(PREVIEWED, presses=("input[name=_preview]",)),
        Visit("/admin/login/", cookies={}),
        Visit(step, cookies=session_of(begins), presses=("button[value=begin]",)),
        Visit("/admin/", cookies=leaving, presses=("#logout-form button",), leads_to="/admin/logout/"),
    ]
