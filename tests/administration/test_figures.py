"""Every figure of the dashboard leads to the rows that it counts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import resolve
from django.utils import timezone

from common.figures import Scope, all_figures
from config.dashboard import panels
from tests.administration.scenes import a_month
from users.models import User

pytestmark = pytest.mark.django_db
ZONE = "Asia/Kolkata"


def rows_at(link: str) -> int:
    """Return how many rows the list at the address shows, without the cost of drawing it."""
    asked: Any = RequestFactory().get(link)
    asked.user = User(is_active=True, is_staff=True, is_superuser=True)
    page = resolve(urlsplit(link).path).func.model_admin
    assert admin.site.is_registered(page.model)
    return page.get_changelist_instance(asked).result_count


@pytest.mark.parametrize("city", ["", "Pune"])
def test_each_figure_counts_the_rows_that_it_leads_to(city: str) -> None:
    a_month()
    scope = Scope.of_days(21, zone=ZONE, city=city)
    counted = {(model, part): one.count(scope)[part] for model, part, one in all_figures()}

    with timezone.override(ZONE):
        listed = {(model, part): rows_at(panels.link_to(one, part, scope)) for model, part, one in all_figures()}

    assert listed == counted
    assert len([count for count in counted.values() if count]) > 25
