"""Administrators find a bag by whatever names it, read its whole history, and change nothing."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import make_hospital, make_user
from tests.stock.scenes import make_unit, reserve

pytestmark = pytest.mark.django_db
UNITS = "admin:stock_unit_changelist"


@pytest.fixture
def admin():
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def shown(reply):
    assert reply.status_code == 200
    return [row.din for row in reply.context["cl"].result_list]


@pytest.mark.parametrize("form", ["{}", "={}00", "Hospital"])
def test_a_bag_is_found_by_its_number_its_bar_code_and_its_partner(admin, form):
    unit = make_unit(make_hospital(name="City Hospital").partner)
    make_unit(make_hospital(name="Lake Clinic").partner)

    assert shown(admin.get(reverse(UNITS), {"q": form.format(unit.din)})) == [unit.din]


def test_bags_are_narrowed_to_a_partner_a_state_and_a_kind(admin):
    partner = make_hospital().partner
    unit = make_unit(partner, blood_group="O-", status="issued")
    make_unit(partner), make_unit(make_hospital().partner, blood_group="O-", status="issued")

    narrow = {"partner": str(partner.pk), "status__exact": "issued", "blood_group__exact": "O-"}

    assert shown(admin.get(reverse(UNITS), narrow)) == [unit.din]
    assert len(shown(admin.get(reverse(UNITS), {"partner": "nobody"}))) == 3


def test_a_bag_shows_its_history_and_no_form_to_change_it(admin):
    partner = make_hospital().partner
    unit = make_unit(partner)
    reserve(partner, purpose="order:77")
    address = reverse("admin:stock_unit_change", args=[unit.pk])

    page = admin.get(address)

    assert "order:77" in page.content.decode()
    assert 'name="_save"' not in page.content.decode()
    assert admin.post(address, {"status": "available"}).status_code == 403


@pytest.mark.parametrize("table", ["unit", "collection", "stockpolicy", "threshold"])
def test_lists_cost_as_many_queries_for_one_row_as_for_twenty(admin, table):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(reverse(f"admin:stock_{table}_changelist")).status_code == 200
        return len(queries)

    make_unit(make_hospital().partner)
    alone = cost()
    for _ in range(20):
        make_unit(make_hospital().partner)

    assert cost() <= alone + 1  # with one row fewer, the page is not asked how many there are in all
