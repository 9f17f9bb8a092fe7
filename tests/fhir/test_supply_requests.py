from __future__ import annotations

import datetime as dt

import pytest

from common import clock
from requests_app.services import posting
from tests.factories import make_hospital, make_request, member_client
from tests.fhir.profiles import FHIR, found, parsed

pytestmark = pytest.mark.django_db

REQUESTS = f"{FHIR}/SupplyRequest"


@pytest.fixture
def owner():
    return make_hospital(name="Sahyadri Hospital")


def test_a_blood_request_is_a_supply_request_for_bags(owner):
    row = make_request(owner, units=3, urgency="critical")

    shown = parsed(member_client(owner).get(f"{REQUESTS}/{row.pk}"))

    assert (shown.status, shown.priority, shown.quantity.value) == ("active", "stat", 3)
    assert shown.itemCodeableConcept.text == "red cells"
    assert shown.parameter[0].valueCodeableConcept.text == "O-"
    assert shown.requester.display == "Sahyadri Hospital"
    assert abs(shown.occurrencePeriod.end - row.needed_by) < dt.timedelta(milliseconds=1)


def test_requests_are_found_by_status(owner):
    row = make_request(owner)
    posting.cancel_request(partner_id=owner.partner_id, member_id=owner.pk, request_id=row.pk, reason="")
    living = make_request(owner)
    client = member_client(owner)

    assert [one.id for one in found(client.get(f"{REQUESTS}?status=active"))] == [str(living.pk)]
    assert [one.id for one in found(client.get(f"{REQUESTS}?status=cancelled"))] == [str(row.pk)]


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("ge{today}", 1),
        ("lt{today}", 0),
        ("{today}", 1),
        ("gt{today}", 0),
        ("le{today}", 1),
        ("ge{yesterday}&date=lt{today}", 0),
    ],
)
def test_requests_are_found_by_the_day_they_were_made_on(owner, asked, count):
    make_request(owner)
    today = clock.now().date()
    query = asked.format(today=today, yesterday=today - dt.timedelta(days=1))

    assert len(found(member_client(owner).get(f"{REQUESTS}?date={query}"))) == count


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "ge2026-01-15T09:30:00", "0001-01-01", "9999-12-31", "ge"])
def test_a_date_that_is_none_is_refused(owner, text):
    answer = member_client(owner).get(f"{REQUESTS}?date={text}")

    assert answer.status_code == 400
    assert parsed(answer).issue[0].details.coding[0].code == "search_date_invalid"


def test_another_partners_request_is_not_there(owner):
    row = make_request(make_hospital())
    client = member_client(owner)

    assert client.get(f"{REQUESTS}/{row.pk}").status_code == 404
    assert found(client.get(REQUESTS)) == []


def test_many_requests_cost_no_more_queries_than_one(owner, django_assert_num_queries):
    client = member_client(owner)
    make_request(owner)
    client.get(REQUESTS)
    [make_request(owner) for _ in range(5)]

    with django_assert_num_queries(2):
        client.get(REQUESTS)
