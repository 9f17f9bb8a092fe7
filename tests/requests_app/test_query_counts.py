"""Every list costs the same number of queries for one row and for twenty."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from requests_app.models import Assignment
from tests.donations.scenes import verify
from tests.factories import (
    KM,
    PUNE,
    make_arrived,
    make_donor,
    make_hospital,
    make_promise,
    make_request,
    make_user,
    member_client,
    person_client,
)
from tests.requests_app.family_scenes import cancel, settled
from tests.requests_app.scenes import ask
from users.models import Donor

pytestmark = pytest.mark.django_db


class Rows:
    """A list that grows by one row at a time."""

    def __init__(self, *, path, client, add):
        self.path, self.client, self.add = path, client, add


def requests_of_a_partner():
    owner = make_hospital()
    make_donor(), make_donor(km_north=4)
    return Rows(
        path="partner/requests",
        client=member_client(owner),
        add=lambda: ask(make_request(owner, urgency="critical")),
    )


def promises_of_a_request():
    owner = make_hospital()
    request = make_request(owner, units=50)
    return Rows(
        path=f"partner/requests/{request.pk}/assignments",
        client=member_client(owner),
        add=lambda: make_arrived(make_promise(request)),
    )


def promises_of_a_donor():
    donor = make_donor()

    def add():
        make_promise(make_request(), donor)
        Assignment.objects.update(status="released")

    return Rows(path="assignments", client=person_client(donor.user), add=add)


def requests_near_a_donor():
    def add():
        owner = make_hospital()
        owner.partner.lat = PUNE[0] + KM * Decimal(3)
        owner.partner.save()
        make_request(owner)

    return Rows(path="requests/nearby", client=person_client(make_donor().user), add=add)


def donations_of_a_partner():
    owner = make_hospital()
    return Rows(
        path="partner/donations",
        client=member_client(owner),
        add=lambda: verify(make_arrived(make_promise(make_request(owner)))),
    )


def donations_of_a_donor():
    donor = make_donor()

    def add():
        donor.past_donations.all().delete()
        verify(make_arrived(make_promise(make_request(), donor)))

    return Rows(path="me/donations", client=person_client(donor.user), add=add)


def families_of_a_partner():
    owner = make_hospital()
    return Rows(path="partner/attender-requests", client=member_client(owner), add=lambda: settled(owner))


def families_of_a_person():
    owner, person = make_hospital(), make_user()

    def add():
        cancel(settled(owner, requester=person))

    return Rows(path="attender-requests", client=person_client(person), add=add)


def leaders():
    def add():
        donor = make_donor()
        Donor.objects.filter(pk=donor.pk).update(on_leaderboard=True, verified_donations=3)

    return Rows(path="leaderboard", client=APIClient(), add=add)


def measured(rows):
    with CaptureQueriesContext(connection) as queries:
        reply = rows.client.get(f"/api/v1/{rows.path}")
    body = reply.json()
    return len(queries), len(body["results"] if isinstance(body, dict) else body)


@pytest.mark.parametrize(
    "scene",
    [
        requests_of_a_partner,
        promises_of_a_request,
        promises_of_a_donor,
        requests_near_a_donor,
        donations_of_a_partner,
        donations_of_a_donor,
        families_of_a_partner,
        families_of_a_person,
        leaders,
    ],
)
def test_twenty_rows_cost_no_more_queries_than_one(scene):
    rows = scene()
    rows.add()
    rows.client.get(f"/api/v1/{rows.path}")
    for_one, one = measured(rows)

    for _ in range(19):
        rows.add()
    for_twenty, twenty = measured(rows)

    assert (one, twenty) == (1, 20)
    assert for_one == for_twenty <= 5
