"""Every form of the administration can be made, also without a row; tests/administration opens the pages."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import RequestFactory

from users.models import User

pytestmark = pytest.mark.django_db
PAGES = sorted(admin.site._registry.values(), key=lambda page: page.opts.label)


@pytest.fixture
def administrator() -> User:
    return User.objects.create_superuser(phone="+919876543210", password="seven quiet tamarinds", name="Meera")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.opts.label)
def test_each_row_can_be_shown_with_what_belongs_to_it(page: admin.ModelAdmin, administrator: User) -> None:
    request = RequestFactory().get("/")
    request.user = administrator
    row = page.model()

    forms = [
        page.get_form(request, row, change=True),
        *(formset for formset, _ in page.get_formsets_with_inlines(request, row)),
    ]

    assert all(forms)
