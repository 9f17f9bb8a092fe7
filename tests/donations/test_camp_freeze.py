"""After a camp the partner's other writes wait for its report, from the very moment on, and no life waits for paper."""

from __future__ import annotations

import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from drf_spectacular.generators import SchemaGenerator

from common import clock
from donations.api.freeze import STILL_ALLOWED, WRITES
from partners.api.permissions import IsMember
from stock.states import MandatoryTest
from tests.architecture.test_urls import OPERATIONS, concrete
from tests.donations.camp_scenes import API, HOUR, body, finish, make_camp, report
from tests.donations.scenes import verify
from tests.factories import make_arrived, make_hospital, make_promise, make_request, member_client

pytestmark = pytest.mark.django_db
# Every write of a member.
GATED = [
    (method, path)
    for path, view, method in OPERATIONS
    if method in WRITES and any(issubclass(kind, IsMember) for kind in view.permission_classes)
]


@pytest.fixture
def owner():
    return make_hospital()


@pytest.fixture
def frozen(owner, noon):
    """A camp that is over and not reported, and not swept either."""
    camp = make_camp(owner)
    finish(camp, noon)
    return camp


def call(client, method, path):
    return getattr(client, method)(concrete(path).replace("<str:unit>", str(uuid.uuid4())), {}, format="json")


def route_of(path):
    return resolve(concrete(path).replace("<str:unit>", str(uuid.uuid4()))).url_name


def test_there_are_writes_to_stop():
    assert len(GATED) > 20
    assert {route_of(path) for _, path in GATED} > STILL_ALLOWED


@pytest.mark.parametrize(("method", "path"), GATED, ids=[f"{method} {path}" for method, path in GATED])
def test_every_write_but_those_on_the_list_is_refused(unthrottled, owner, frozen, method, path):
    reply = call(member_client(owner), method, path)

    refused = (reply.status_code, reply.json().get("code")) == (409, "camp_stock_pending")
    assert refused == (route_of(path) not in STILL_ALLOWED)
    assert not refused or reply.json()["camp"] == str(frozen.pk)


def test_reading_goes_on(owner, frozen):
    client = member_client(owner)

    replies = [client.get(f"{API}/partner{path}") for path in ("", "/requests", "/stock", "/camps", "/donations")]

    assert [reply.status_code for reply in replies] == [200] * 5


def test_the_report_ends_it(owner, frozen):
    client = member_client(owner)
    before = client.post(f"{API}/partner/camps", body(), format="json").status_code

    report(frozen)

    assert (before, client.post(f"{API}/partner/camps", body(), format="json").status_code) == (409, 201)


def test_only_the_camps_own_partner_waits(frozen):
    assert member_client(make_hospital()).post(f"{API}/partner/camps", body(), format="json").status_code == 201


def test_before_the_end_nothing_is_refused(owner, noon):
    camp = make_camp(owner)
    noon.move_to(camp.starts_at)

    assert member_client(owner).post(f"{API}/partner/camps", body(), format="json").status_code == 201


def test_a_donor_at_the_door_is_received_and_his_bag_tested_and_discarded(owner, noon):
    coming = make_promise(make_request(owner))
    bag = verify(make_arrived(make_promise(make_request(owner)))).unit
    camp = make_camp(owner, starts_at=clock.now() + HOUR, ends_at=clock.now() + 2 * HOUR)
    finish(camp, noon)
    client = member_client(owner)
    promise = f"{API}/partner/assignments/{coming.assignment.pk}"

    replies = [
        client.post(f"{promise}/arrival", {"code": coming.code}, format="json"),
        client.post(
            f"{promise}/verify",
            {"donation_type": "whole_blood", "volume_ml": 350, "haemoglobin_g_dl": 13.4},
            format="json",
        ),
        client.post(
            f"{API}/partner/stock/units/{bag.pk}/tests",
            {"results": dict.fromkeys(MandatoryTest, "non_reactive")},
            format="json",
        ),
        client.post(f"{API}/partner/stock/units/{bag.pk}/discard", {"reason": "broken"}, format="json"),
        client.post(f"{API}/partner/stock/units/{bag.pk}/release", {}, format="json"),
    ]

    assert [reply.status_code for reply in replies] == [200, 201, 200, 200, 409]
    assert replies[-1].json()["code"] == "camp_stock_pending"


def test_the_gate_costs_a_write_one_query_and_a_read_none(owner):
    make_camp(owner)
    client = member_client(owner)

    def looks(act):
        with CaptureQueriesContext(connection) as queries:
            act()
        return sum("donations_camp" in query["sql"] for query in queries)

    assert looks(lambda: client.put(f"{API}/partner/stock/thresholds", {"thresholds": []}, format="json")) == 1
    assert looks(lambda: client.get(f"{API}/partner/stock/thresholds")) == 0


def test_the_gates_look_is_an_index_walk(owner):
    make_camp(owner)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM donations_camp WHERE partner_id = %s AND ends_at <= now()"
            " AND status IN ('awaiting_stock', 'ongoing', 'scheduled') ORDER BY ends_at LIMIT 1",
            [owner.partner_id],
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "camp_owing_report" in plan


def test_the_schema_names_the_refusal_where_it_can_happen_and_nowhere_else():
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    says = {
        (path, method)
        for path, item in paths.items()
        for method, operation in item.items()
        if "camp_stock_pending" in operation["responses"].get("409", {}).get("description", "")
    }

    stoppable = {
        ("/" + re.sub(r"<(?:[a-z]+:)?([^>]+)>", r"{\1}", path), method)
        for method, path in GATED
        if route_of(path) not in STILL_ALLOWED
    }
    assert says == stoppable


def test_the_list_is_short():
    assert len(STILL_ALLOWED) <= 45
