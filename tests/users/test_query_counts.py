"""Every list of one's own costs the same number of queries for one row and for twenty."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.ids import uuid7
from tests.factories import make_donor, make_user, person_client
from tests.users.scenes import penalise
from users.models import Deferral

pytestmark = pytest.mark.django_db


def devices():
    user = make_user()
    person_client(user)
    return user, "/api/v1/auth/sessions", lambda: person_client(user)


def deferrals():
    donor = make_donor()
    days = iter(range(100))

    def add():
        day = dt.date(2029, 1, 1) + dt.timedelta(days=next(days))
        Deferral.objects.create(donor=donor, code="tattoo", occurred_on=day)

    return donor.user, "/api/v1/me/donor/deferrals", add


def ledger():
    donor = make_donor()
    return donor.user, "/api/v1/me/donor/score", lambda: penalise(donor.pk, uuid7())


def rows_of(body):
    return body if isinstance(body, list) else body.get("results", body.get("entries"))


@pytest.mark.parametrize("scene", [devices, deferrals, ledger])
def test_twenty_rows_cost_no_more_queries_than_one(scene):
    user, path, add = scene()
    add()
    client = person_client(user)
    client.get(path)
    counts, sizes = [], []
    for more in (0, 19):
        for _ in range(more):
            add()
        with CaptureQueriesContext(connection) as queries:
            body = client.get(path).json()
        counts.append(len(queries))
        sizes.append(len(rows_of(body)))

    assert sizes[1] - sizes[0] == 19
    assert counts[0] == counts[1] <= 3


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("/api/v1/me", 2),
        ("/api/v1/me/donor", 2),
        ("/api/v1/me/donor/eligibility", 4),
        ("/api/v1/deferral-codes", 1),
    ],
)
def test_one_thing_costs_few_queries(path, queries, django_assert_max_num_queries):
    client = person_client(make_donor().user)
    client.get("/api/v1/me/donor/eligibility")  # reads the rules, which are then kept for a while

    with django_assert_max_num_queries(queries):
        assert client.get(path).status_code == 200
