"""A camp from its draft to its end; the clock decides, swept or not."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from rest_framework.test import APIClient

from common import clock, outbox
from donations import jobs
from donations.models import Camp, CampEvent
from donations.services.checking_in import Scan
from partners.models import Partner
from partners.services import approval
from tests.donations.camp_scenes import (
    API,
    HOUR,
    begin,
    body,
    finish,
    make_camp,
    make_draft,
    report,
    scan,
    take,
    ticket_of,
)
from tests.factories import KM, PUNE, make_hospital, member_client, person_client
from tests.partners.factories import make_member
from tests.requests_app.scenes import events
from users.models import Donor

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return make_hospital()


def post(member, path, **values):
    return member_client(member).post(f"{API}/partner/camps{path}", values, format="json")


def test_a_draft_holds_what_was_sent_and_is_seen_by_its_partner_alone(owner):
    reply = post(owner, "", **body(description="Bring water."))

    camp = reply.json()
    assert reply.status_code == 201
    assert (camp["status"], camp["title"], camp["description"]) == ("draft", "Give in May", "Bring water.")
    assert camp["place"] == {"name": "Town hall", "address": "3 Main Road", "lat": 18.5204, "lng": 73.8567}
    assert (camp["zone"], camp["capacity"], camp["enrolled"]) == ("Asia/Kolkata", 10, 0)
    assert member_client(owner).get(f"{API}/partner/camps/{camp['id']}").json() == camp
    assert member_client(make_hospital()).get(f"{API}/partner/camps/{camp['id']}").status_code == 404
    assert APIClient().get(f"{API}/camps/{camp['id']}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "values"),
    [
        ("get", "/enrolments", {}),
        ("patch", "", {"title": "Ours now"}),
        ("post", "/publish", {}),
        ("post", "/cancel", {"reason": "Not ours."}),
    ],
)
def test_another_partners_camp_is_not_there(owner, method, path, values):
    camp = make_draft(owner)
    stranger = member_client(make_hospital())

    reply = getattr(stranger, method)(
        f"{API}/partner/camps/{camp.pk}{path}", values, format=None if method == "get" else "json"
    )

    camp.refresh_from_db()
    assert reply.status_code == 404
    assert (camp.status, camp.title) == ("draft", "Give in May")


def test_a_partner_lists_its_own_camps(owner):
    mine = make_camp(owner)
    make_camp(make_hospital())

    rows = member_client(owner).get(f"{API}/partner/camps").json()["results"]

    assert [row["id"] for row in rows] == [str(mine.pk)]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"lat": "abc"}, "/lat"),
        ({"lat": "nan"}, "/lat"),
        ({"lat": 91}, "/lat"),
        ({"lng": 181}, "/lng"),
        ({"radius_km": 0}, "/radius_km"),
        ({"radius_km": "far"}, "/radius_km"),
    ],
)
def test_a_search_for_camps_that_cannot_be_is_refused(query, pointer):
    reply = APIClient().get(f"{API}/camps/nearby", {"lat": 18.5, "lng": 73.8, **query})

    assert reply.status_code == 400
    assert [error["pointer"] for error in reply.json()["errors"]] == [pointer]


def test_the_equator_and_greenwich_are_places_too():
    assert APIClient().get(f"{API}/camps/nearby", {"lat": 0, "lng": 0}).status_code == 200


def test_a_public_camp_names_no_member(owner):
    camp = make_camp(owner)
    take(camp)

    public = APIClient().get(f"{API}/camps/{camp.pk}").content.decode()
    public += APIClient().get(f"{API}/camps/nearby", {"lat": PUNE[0], "lng": PUNE[1]}).content.decode()

    assert str(camp.pk) in public
    for secret in (owner.name, owner.phone, str(owner.pk), Donor.objects.get().user.name):
        assert secret not in public


@pytest.mark.parametrize(
    ("starts", "ends", "code", "pointer"),
    [
        (-1, 5, "camp_start_invalid", "/starts_at"),
        (0, 5, "camp_start_invalid", "/starts_at"),
        (24 * 366, 24 * 366 + 1, "camp_start_invalid", "/starts_at"),
        (4, 4, "camp_end_invalid", "/ends_at"),
        (4, 3, "camp_end_invalid", "/ends_at"),
        (4, 29, "camp_end_invalid", "/ends_at"),
    ],
)
def test_odd_hours_are_refused(owner, starts, ends, code, pointer):
    now = clock.now()
    hours = {"starts_at": now + starts * HOUR, "ends_at": now + ends * HOUR}

    reply = post(owner, "", **body(**{name: moment.isoformat() for name, moment in hours.items()}))

    assert (reply.status_code, reply.json()["code"]) == (400, code)
    assert reply.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"capacity": 0}, "/capacity"),
        ({"capacity": 1001}, "/capacity"),
        ({"title": ""}, "/title"),
        ({"place": {"name": "x", "address": "y", "lat": 91, "lng": 0}}, "/place/lat"),
        ({"starts_at": "2030-05-02T09:00:00"}, "/starts_at"),
        ({"title": "a\x00b"}, "/title"),
    ],
)
def test_a_wrong_shape_points_at_the_value(owner, wrong, pointer):
    reply = post(owner, "", **body(**wrong))

    assert reply.status_code == 400
    assert [error["pointer"] for error in reply.json()["errors"]] == [pointer]


@pytest.mark.parametrize("role", ["owner", "coordinator", "inventory"])
def test_those_who_deal_with_donors_run_camps(owner, role):
    member = make_member(owner.partner, role=role)
    camp = make_draft(owner)

    replies = [
        post(member, "", **body()),
        member_client(member).patch(f"{API}/partner/camps/{camp.pk}", {"capacity": 20}, format="json"),
        post(member, f"/{camp.pk}/publish"),
        post(member, f"/{camp.pk}/check-ins", token="x"),
        post(member, f"/{camp.pk}/cancel", reason="Rain."),
    ]

    assert [reply.status_code == 403 for reply in replies] == [role == "inventory"] * 5


def test_a_published_camp_keeps_its_hours_and_place_and_may_grow(owner):
    camp = make_camp(owner)
    take(camp), take(camp)
    client, path = member_client(owner), f"{API}/partner/camps/{camp.pk}"

    moved = client.patch(path, {"starts_at": body()["ends_at"], "place": body()["place"]}, format="json")
    shrunk = client.patch(path, {"capacity": 1}, format="json")
    grown = client.patch(path, {"capacity": 12, "title": "Give in June"}, format="json")

    assert (moved.status_code, moved.json()["code"]) == (409, "camp_published")
    assert (shrunk.status_code, shrunk.json()["code"]) == (409, "camp_full")
    assert (grown.json()["capacity"], grown.json()["title"], grown.json()["enrolled"]) == (12, "Give in June", 2)


def test_everything_of_a_draft_may_change(owner):
    camp = make_draft(owner)
    change = {"place": {"name": "School", "address": "9 Lane", "lat": 18.6, "lng": 73.9}, "capacity": 3}

    reply = member_client(owner).patch(f"{API}/partner/camps/{camp.pk}", change, format="json")

    assert (reply.json()["place"], reply.json()["capacity"]) == (change["place"], 3)


def test_publishing_happens_once_and_in_time(owner, noon):
    camp, late = make_draft(owner), make_draft(owner)

    first, second = post(owner, f"/{camp.pk}/publish"), post(owner, f"/{camp.pk}/publish")
    noon.shift(5 * HOUR)
    too_late = post(owner, f"/{late.pk}/publish")

    assert (first.status_code, first.json()["status"]) == (200, "scheduled")
    assert (second.status_code, second.json()["code"]) == (409, "illegal_transition")
    assert (too_late.status_code, too_late.json()["code"]) == (409, "camp_too_late")
    assert events("camp.published") == [{"camp": str(camp.pk)}]


def test_the_clock_moves_a_camp_before_any_sweep(owner, noon):
    camp = make_camp(owner)
    path = f"{API}/partner/camps"

    def shown():
        client = member_client(owner)
        listed = {
            status: [row["id"] for row in client.get(path, {"status": status}).json()["results"]]
            for status in ("scheduled", "ongoing", "awaiting_stock")
        }
        return client.get(f"{path}/{camp.pk}").json()["status"], [name for name, ids in listed.items() if ids]

    seen = [shown()]
    for moment in (camp.starts_at, camp.ends_at - dt.timedelta(seconds=1), camp.ends_at):
        noon.move_to(moment)
        seen.append(shown())

    assert seen == [
        ("scheduled", ["scheduled"]),
        ("ongoing", ["ongoing"]),
        ("ongoing", ["ongoing"]),
        ("awaiting_stock", ["awaiting_stock"]),
    ]
    assert Camp.objects.get().status == "scheduled"


def test_the_sweep_writes_it_down_once_and_tells_the_partner_once(owner, noon):
    camp = make_camp(owner)

    begin(camp, noon)
    begun = jobs.advance_camps(), jobs.advance_camps()
    finish(camp, noon)
    over = jobs.advance_camps(), jobs.advance_camps()

    assert (begun, over) == ((1, 0), (1, 0))
    camp.refresh_from_db()
    assert camp.status == "awaiting_stock"
    assert events("camp.finished") == [{"camp": str(camp.pk)}]
    assert list(CampEvent.objects.order_by("pk").values_list("verb", flat=True)) == [
        "create",
        "publish",
        "start",
        "finish",
    ]


def test_cancelling_frees_everybody_and_tells_those_who_were_enrolled(owner):
    camp = make_camp(owner)
    place, gone = take(camp), take(camp)
    person_client(gone.donor.user).post(f"{API}/camps/{camp.pk}/leave")

    reply = post(owner, f"/{camp.pk}/cancel", reason="The hall is flooded.")

    assert (reply.json()["status"], reply.json()["cancel_reason"], reply.json()["enrolled"]) == (
        "cancelled",
        "The hall is flooded.",
        0,
    )
    assert sorted(camp.enrolments.values_list("status", flat=True)) == ["cancelled", "left"]
    assert events("camp.cancelled") == [{"camp": str(camp.pk), "donors": [str(place.donor_id)]}]


def test_a_camp_to_which_somebody_came_or_that_is_over_is_not_cancelled(owner, noon):
    visited, over = make_camp(owner), make_camp(owner)
    place = take(visited)
    begin(visited, noon)
    scan(visited, Scan(ticket_of(place)))

    refused = post(owner, f"/{visited.pk}/cancel", reason="Rain.")
    Camp.objects.filter(pk=visited.pk).update(status="closed")
    finish(over, noon)
    report(over)
    too_late = post(owner, f"/{over.pk}/cancel", reason="Rain.")

    assert (refused.status_code, refused.json()["code"]) == (409, "camp_has_visitors")
    assert (too_late.status_code, too_late.json()["code"]) == (409, "illegal_transition")
    place.refresh_from_db()
    assert place.status == "checked_in"


def test_the_camps_of_a_suspended_partner_are_called_off(owner):
    camp = make_camp(owner)
    place = take(camp)
    approval.suspend_partner(partner_id=owner.partner_id, actor="admin", reason="Licence")

    outbox.drain()

    camp.refresh_from_db()
    assert (camp.status, camp.cancel_reason) == ("cancelled", "partner_suspended")
    assert events("camp.cancelled") == [{"camp": str(camp.pk), "donors": [str(place.donor_id)]}]


def test_camps_near_a_place_are_found_nearest_first_while_they_last(owner, noon):
    near, far = make_camp(owner, lat=PUNE[0] + 2 * KM), make_camp(owner, lat=PUNE[0] + 9 * KM)
    make_camp(owner, lat=PUNE[0] + 30 * KM), make_draft(owner)
    here = {"lat": float(PUNE[0]), "lng": float(PUNE[1])}
    path = f"{API}/camps/nearby"
    take(near)

    rows = APIClient().get(path, here).json()["results"]
    close = APIClient().get(path, {**here, "radius_km": 5}).json()["results"]
    later = APIClient().get(path, {**here, "from": (near.ends_at + HOUR).isoformat()}).json()["results"]
    sooner = APIClient().get(path, {**here, "to": near.starts_at.isoformat()}).json()["results"]
    finish(near, noon)
    over = APIClient().get(path, here).json()["results"]

    assert [(row["id"], row["distance_km"]) for row in rows] == [(str(near.pk), 2.0), (str(far.pk), 9.0)]
    assert (rows[0]["places_left"], rows[0]["partner"]["name"]) == (9, Partner.objects.get().name)
    assert [row["id"] for row in close] == [str(near.pk)]
    assert (later, sooner, over) == ([], [], [])


def test_pages_of_camps_nearby_follow_each_other(owner):
    made = [str(make_camp(owner, lat=PUNE[0] + index * KM).pk) for index in range(1, 6)]
    seen, path = [], f"{API}/camps/nearby?lat=18.5204&lng=73.8567&limit=2"

    while path:
        page = APIClient().get(path).json()
        seen += [row["id"] for row in page["results"]]
        path = page["next"]

    assert seen == made


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"status": "lost"}, "camp_status_is_known"),
        ({"enrolled": F("capacity") + 1}, "camp_not_overfull"),
        ({"capacity": 0, "enrolled": 0}, "camp_has_room"),
        ({"ends_at": F("starts_at")}, "camp_ends_after_it_begins"),
        ({"lat": 91}, "camp_place_is_on_earth"),
    ],
)
def test_the_database_refuses_what_cannot_be(values, constraint):
    make_camp()

    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Camp.objects.update(**values)

    assert caught.value.__cause__.diag.constraint_name == constraint


@pytest.mark.parametrize("statement", ["UPDATE donations_campevent SET verb = 'x'", "DELETE FROM donations_campevent"])
def test_history_cannot_be_changed(statement):
    make_camp()

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
