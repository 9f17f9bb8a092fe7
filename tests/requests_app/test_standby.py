"""Standing by: who comes first when a place becomes free."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from common import outbox
from requests_app.models import Standby, Wave
from requests_app.services import promises, visits
from tests.factories import make_donor, make_hospital, make_promise, make_request, person_client
from tests.requests_app.scenes import ask, ask_later, asked, events, told_waves

pytestmark = pytest.mark.django_db


@pytest.fixture
def full():
    """A request of one unit, which somebody has promised."""
    request = make_request()
    return request, make_promise(request)


def stand_by(donor, request):
    return person_client(donor.user).post(f"/api/v1/requests/{request.pk}/standby")


def give_up(promise):
    donor_id = promise.assignment.donor_id
    promises.cancel_promise(assignment_id=promise.assignment.pk, donor_id=donor_id, reason="I have a fever.")


def test_standing_by_says_how_many_stand_before(full):
    request, _ = full

    assert (stand_by(make_donor(), request).status_code, stand_by(make_donor(), request).json()) == (201, {"ahead": 1})


@pytest.mark.parametrize(
    ("donor", "status", "code"),
    [
        ({"blood_group": "B-"}, 409, "group_incompatible"),
        ({"km_north": 12}, 409, "too_far"),
        ({"weight_kg": 44}, 409, "donor_not_eligible"),
        ({"locked_until": dt.datetime(2030, 6, 1, tzinfo=dt.UTC)}, 423, "account_locked"),
    ],
)
def test_who_could_not_accept_cannot_stand_by(full, donor, status, code):
    reply = stand_by(make_donor(**donor), full[0])

    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert not Standby.objects.exists()


def test_where_there_is_a_place_nobody_stands_by():
    reply = stand_by(make_donor(), make_request())

    assert (reply.status_code, reply.json()["code"]) == (409, "request_not_full")


def test_standing_by_twice_is_refused_and_leaving_twice_is_not(full):
    request, donor = full[0], make_donor()
    client = person_client(donor.user)
    assert stand_by(donor, request).status_code == 201

    assert stand_by(donor, request).json()["code"] == "already_standing_by"
    path = f"/api/v1/requests/{request.pk}/standby"
    assert [client.delete(path).status_code for _ in range(2)] == [204, 204]
    assert not Standby.objects.exists()


def test_who_has_promised_elsewhere_cannot_stand_by(full):
    donor = make_donor()
    make_promise(donor=donor)

    assert stand_by(donor, full[0]).json()["code"] == "already_promised"


def test_a_free_place_is_offered_to_the_first_and_the_ring_waits_a_window(full, noon):
    request, promise = full
    first, second, stranger = make_donor(), make_donor(), make_donor(km_north=0.5)
    for donor in (first, second):
        stand_by(donor, request)

    give_up(promise)
    outbox.drain()

    (told,) = events("request.place_offered")
    assert told == {"request": str(request.pk), "donors": [str(first.pk)]}
    assert asked(request) == []
    assert told_waves(request) == [(1, "standby", 10.0, 1, "")]

    ask_later(request, noon, minutes=16)
    assert [told["donors"] for told in events("request.place_offered")] == [[str(first.pk)], [str(second.pk)]]
    assert asked(request) == []

    ask_later(request, noon, minutes=16)
    assert asked(request) == [stranger.pk]
    assert told_waves(request) == [
        (1, "standby", 10.0, 1, "window_passed"),
        (2, "standby", 10.0, 1, "window_passed"),
        (3, "ring", 2.5, 1, ""),
    ]


def test_more_places_than_standbys_ask_the_ring_at_once():
    request = make_request(units=2)
    given = [make_promise(request), make_promise(request)]
    standing, stranger = make_donor(), make_donor()
    stand_by(standing, request)
    for promise in given:
        give_up(promise)

    ask(request)

    assert events("request.place_offered")[0]["donors"] == [str(standing.pk)]
    assert asked(request) == [stranger.pk]


def test_a_critical_request_waits_for_nobody():
    request = make_request(urgency="critical")
    promise = make_promise(request)
    stand_by(make_donor(), request)
    stranger = make_donor()

    give_up(promise)
    outbox.drain()

    assert len(events("request.place_offered")) == 1
    assert asked(request) == [stranger.pk]


def test_who_accepts_the_offer_is_counted_and_leaves_the_list(full):
    request, promise = full
    first, second = make_donor(), make_donor()
    for donor in (first, second):
        stand_by(donor, request)
    give_up(promise)
    ask(request)

    assert person_client(first.user).post(f"/api/v1/requests/{request.pk}/accept").status_code == 201

    assert list(Standby.objects.values_list("donor_id", "offered_at")) == [(second.pk, None)]
    assert Wave.objects.values_list("answered", "stop_reason").get() == (1, "filled")


def test_who_let_an_offer_pass_and_stands_by_again_stands_last(full, noon):
    request, promise = full
    first, second = make_donor(), make_donor()
    for donor in (first, second):
        stand_by(donor, request)
    give_up(promise)
    ask(request)
    retaken = make_promise(request)

    assert stand_by(first, request).json() == {"ahead": 1}
    give_up(retaken)
    ask(request)

    assert events("request.place_offered")[-1]["donors"] == [str(second.pk)]


def test_who_has_promised_elsewhere_meanwhile_is_passed_over(full):
    request, promise = full
    busy, free = make_donor(), make_donor()
    for donor in (busy, free):
        stand_by(donor, request)
    make_promise(donor=busy)

    give_up(promise)
    ask(request)

    assert events("request.place_offered")[0]["donors"] == [str(free.pk)]


def test_places_are_not_offered_in_the_night(noon):
    noon.move_to(dt.datetime(2030, 5, 15, 21, 0, tzinfo=ZoneInfo("Asia/Kolkata")))
    request = make_request(needed_by=dt.datetime(2030, 5, 16, 12, 0, tzinfo=dt.UTC))
    promise = make_promise(request)
    stand_by(make_donor(), request)
    noon.shift(dt.timedelta(hours=1))

    give_up(promise)
    outbox.drain()
    assert events("request.place_offered") == []

    ask_later(request, noon, hours=10)
    assert len(events("request.place_offered")) == 1


@pytest.mark.parametrize("ending", ["release", "miss", "cancel", "defer"])
def test_every_way_to_lose_a_promise_frees_its_place_for_those_who_stand_by(noon, ending):
    owner = make_hospital()
    request = make_request(owner)
    promise = make_promise(request)
    stand_by(make_donor(), request)
    told = {"assignment_id": promise.assignment.pk, "partner_id": owner.partner_id, "member_id": owner.pk}
    endings = {
        "release": lambda: visits.release(**told, reason="Enough blood was found."),
        "miss": lambda: (
            noon.move_to(promise.assignment.expires_at),
            visits.record_no_show(**told),
        ),
        "cancel": lambda: give_up(promise),
        "defer": lambda: (
            visits.record_arrival(**told, code=promise.code),
            visits.defer(**told, code="cold_fever", note=""),
        ),
    }

    endings[ending]()
    outbox.drain()

    request.refresh_from_db()
    assert (request.status, request.units_promised) == ("open", 0)
    assert len(events("request.place_offered")) == 1
