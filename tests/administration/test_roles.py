"""Groups of administrators: each may open and do what docs/roles.md says, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, reverse

from config.dashboard.map_views import MAPS
from config.reports.registry import REPORTS
from config.roles import ROLES, Role, every_page, install, pages_of
from config.waiting.registry import DESKS
from tests.factories import make_user
from users.models import User

PAGES = sorted(admin.site._registry.values(), key=lambda page: page.opts.label_lower)
# What every administrator opens: the way in and out, what stands on the dashboard by its own permissions, and a search
# that finds only what one may see.
FOR_ALL = {
    *("index", "login", "logout", "second_factor", "password_change", "password_change_done", "jsi18n", "search"),
    *("autocomplete", "view_on_site", "app_list"),
}
each_role = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)


def member_of(role: Role) -> Client:
    install()
    user = make_user(is_staff=True)
    user.groups.add(Group.objects.get(name=role.name))
    client = Client()
    client.force_login(user)
    return client


def own_addresses(resolver: Any = None) -> Iterator[URLPattern]:
    """Yield every address of the administration that is no list, form or history of a table."""
    for one in (resolver or admin.site).urls[0] if resolver is None else resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from own_addresses(one)
        elif one.name and not one.name.endswith(("_changelist", "_add", "_change", "_delete", "_history")):
            yield one


def test_every_table_that_a_group_names_is_there():
    known = {model._meta.label_lower for model in apps.get_models()}

    named = {label for role in ROLES for label in (*role.works, *role.adds, *role.sees)}

    assert named - known == set()


def test_what_a_group_works_on_has_a_page_and_what_it_adds_it_works_on():
    pages = {*every_page(), "common.setting"}

    for role in ROLES:
        assert {*role.works, *role.sees} <= pages
        assert set(role.adds) <= set(role.works)


def test_every_action_asks_for_a_permission():
    acts = [(page.opts.label_lower, act) for page in PAGES for act in page.actions or ()]

    free = [
        (label, name)
        for page in PAGES
        for label, name in [(page.opts.label_lower, one) for one in page.actions or ()]
        if not getattr(getattr(page, name), "allowed_permissions", None)
    ]

    assert free == []
    assert len(acts) > 30


def test_the_page_of_groups_is_up_to_date():
    printed = StringIO()
    call_command("print_roles", stdout=printed)

    page = (settings.BASE_DIR / "docs" / "roles.md").read_text(encoding="utf-8")
    assert page == printed.getvalue(), "python manage.py print_roles > docs/roles.md"


def test_every_action_and_queue_is_somebodys_work():
    done = {(label, act) for role in ROLES for label, _, acts in pages_of(role) for act in acts}
    superusers = {("users.user", "suspend"), ("users.user", "reinstate"), ("users.user", "reset_second_factor")}
    may = {name for role in ROLES for name in role.permissions()}

    acts = {(page.opts.label_lower, act) for page in PAGES for act in page.actions or ()}
    queues = {queue.key for desk in DESKS for queue in desk.queues if queue.works not in may and queue.acts}

    assert acts - done == superusers
    assert queues == set()


def test_no_group_makes_administrators():
    powerful = {"users.change_user", "auth.change_group", "auth.add_group", "users.add_user"}

    assert [role.name for role in ROLES if role.permissions() & powerful] == []


def test_auditors_read_every_page_and_write_on_none():
    auditors = next(role for role in ROLES if role.name == "Auditors")

    seen = list(pages_of(auditors))

    assert {label for label, _, _ in seen} == set(every_page())
    assert [row for row in seen if row[1] or row[2]] == []


@pytest.mark.django_db
def test_installing_twice_changes_nothing_and_mends_what_was_changed():
    install()
    support = Group.objects.get(name="Support")
    before = set(support.permissions.values_list("pk", flat=True))
    support.permissions.clear()

    install()

    assert set(support.permissions.values_list("pk", flat=True)) == before
    assert Group.objects.count() == len(ROLES)


def opens(page: Any, request: Any) -> bool:
    """Whether the list answers; without the cost of drawing it."""
    try:
        return bool(page.changelist_view(request).status_code == 200)
    except PermissionDenied:
        return False


@pytest.mark.django_db
@each_role
def test_a_member_opens_the_lists_of_the_group_and_no_other(role: Role):
    request: Any = RequestFactory().get("/")
    request.user = member_of(role).get(reverse("admin:index")).context["user"]
    request.session, allowed = {}, {label for label, _, _ in pages_of(role)}

    opened = {page.opts.label_lower for page in PAGES if opens(page, request)}

    assert opened == allowed


@pytest.mark.django_db
@each_role
def test_a_member_opens_the_boards_queues_and_reports_of_the_group(role: Role):
    client, may = member_of(role), role.permissions()
    boards = {
        **{reverse("admin:map", args=[one.key]): one.needs in may for one in MAPS},
        **{reverse("admin:report", args=[one.key]): may.issuperset(one.needs) for one in REPORTS},
        **{
            reverse("admin:waiting", args=[desk.key]): any(queue.needs in may for queue in desk.queues)
            for desk in DESKS
        },
        reverse("admin:operating"): "common.view_setting" in may,
    }

    opened = {path: client.get(path).status_code for path in boards}

    assert opened == {path: 200 if allowed else 403 for path, allowed in boards.items()}


@pytest.mark.django_db
def test_an_administrator_without_a_group_opens_nothing_of_its_own():
    client = Client()
    client.force_login(make_user(is_staff=True))
    own = [one for one in own_addresses() if one.name not in FOR_ALL]
    plain = [one for one in own if not one.pattern.regex.groups]

    opened = {one.name: client.get(reverse(f"admin:{one.name}")).status_code for one in plain}

    assert {name: status for name, status in opened.items() if status == 200} == {}
    assert len(opened) >= 5


@pytest.mark.django_db
def test_an_action_that_is_not_offered_is_not_done_either():
    victim = make_user()
    client = member_of(next(role for role in ROLES if role.name == "Auditors"))

    client.post(reverse("admin:users_user_changelist"), {"action": "suspend", "_selected_action": [str(victim.pk)]})

    assert User.objects.get(pk=victim.pk).is_active
