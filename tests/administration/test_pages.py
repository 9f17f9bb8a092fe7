"""Every page of the administration opens in a browser: whole, quietly, and from this server alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tests.administration.browser import Visit, look
from tests.administration.scenes import a_month
from users.models import User

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


def signed_in() -> dict[str, str]:
    client = Client()
    client.force_login(
        User.objects.create_superuser(phone="+919876543210", password="seven quiet tamarinds", name="Meera")
    )
    return {name: morsel.value for name, morsel in client.cookies.items()}


def shown() -> list[Visit]:
    """Return the pages that the documentation shows; `make screenshots` draws them."""
    draws = "SCREENSHOTS" in os.environ
    return [Visit(path, PICTURES / f"{name}.png" if draws else None, *part) for name, (path, *part) in SHOWN.items()]


def pages_of(model: Any) -> list[str]:
    """Return the list, and where there is a row, the newest."""
    name = f"{model._meta.app_label}_{model._meta.model_name}"
    row = model._default_manager.order_by("-pk").first()
    detail = [reverse(f"admin:{name}_change", args=[row.pk])] if row is not None else []
    return [reverse(f"admin:{name}_changelist"), *detail]


def test_every_page_opens_in_a_browser(live_server: Any) -> None:
    a_month()
    cookies = signed_in()
    tables = [model for model in apps.get_models() if admin.site.is_registered(model)]
    paths = [path for model in tables for path in pages_of(model)]

    wrong = look(live_server.url, [*shown(), *map(Visit, paths)], cookies=cookies)

    assert wrong == {}
    assert len(paths) > len(tables)
