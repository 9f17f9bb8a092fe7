"""Every list of camps costs the same number of queries for one row and for twenty."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from donations.models import Camp
from tests.donations.camp_scenes import API, HOUR, make_camp, take
from tests.factories import make_donor, make_hospital, member_client, person_client

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unthrottled")]


def nearby():
    return APIClient(), "camps/nearby?lat=18.5204&lng=73.8567", make_camp


def camps_of_a_partner():
    owner = make_hospital()
    return member_client(owner), "partner/camps", lambda: make_camp(owner)


def enrolments_of_a_camp():
    owner = make_hospital()
    camp = make_camp(owner, capacity=50)
    return member_client(owner), f"partner/camps/{camp.pk}/enrolments", lambda: take(camp)


def list_of_a_camp():
    owner = make_hospital()
    camp = make_camp(owner, capacity=50)
    return member_client(owner), f"partner/camps/{camp.pk}/enrolments.csv", lambda: take(camp)


def enrolments_of_a_donor():
    donor = make_donor()

    def add():
        last = Camp.objects.order_by("ends_at").last()
        take(make_camp(starts_at=last.ends_at + HOUR) if last else make_camp(), donor)

    return person_client(donor.user), "me/enrolments", add


LISTS = [nearby, camps_of_a_partner, enrolments_of_a_camp, list_of_a_camp, enrolments_of_a_donor]


@pytest.mark.parametrize("scene", LISTS, ids=lambda scene: scene.__name__)
def test_twenty_rows_cost_as_many_queries_as_one(scene):
    client, path, add = scene()

    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{API}/{path}").status_code == 200
        return len(queries)

    add()
    one = cost()
    for _ in range(19):
        add()

    assert cost() == one
