"""Checking in: one by one, or a batch that was collected without network and comes twice and in any order."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from donations.models import CampEvent, Enrolment
from donations.services import enrolling
from donations.services.checking_in import Scan
from tests.donations.camp_scenes import API, HOUR, begin, finish, make_camp, report, scan, take, ticket_of
from tests.factories import make_hospital, member_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def camp():
    return make_camp(make_hospital())


def send(camp, member=None, **body):
    client = member_client(member or camp.created_by)
    return client.post(f"{API}/partner/camps/{camp.pk}/check-ins", body, format="json")


def test_a_scanned_ticket_checks_its_donor_in_and_shows_the_name(camp, noon):
    place = take(camp)
    path = f"{API}/partner/camps/{camp.pk}/enrolments"
    before = member_client(camp.created_by).get(path).json()["results"]
    begin(camp, noon)

    first, again = send(camp, token=ticket_of(place)), send(camp, token=ticket_of(place))

    assert first.json() == {"results": [{"outcome": "accepted", "enrolment": str(place.pk)}]}
    assert again.json() == {"results": [{"outcome": "already", "enrolment": str(place.pk)}]}
    after = member_client(camp.created_by).get(path).json()["results"]
    assert [(row["status"], row["donor"]) for row in before] == [("enrolled", None)]
    assert [(row["status"], row["donor"]["name"]) for row in after] == [("checked_in", place.donor.user.name)]
    assert CampEvent.objects.filter(verb="check_in", enrolment=place).count() == 1


def test_a_batch_is_answered_one_by_one_and_in_its_order(camp, noon):
    here, left, elsewhere = take(camp), take(camp), take(make_camp())
    enrolling.leave(camp_id=camp.pk, donor_id=left.donor_id)
    begin(camp, noon)
    tokens = ["nonsense", ticket_of(here), ticket_of(elsewhere), ticket_of(left), ticket_of(here)]

    reply = send(camp, check_ins=[{"token": token} for token in tokens])

    assert [row["outcome"] for row in reply.json()["results"]] == [
        "unknown",
        "accepted",
        "unknown",
        "unknown",
        "already",
    ]
    assert [row["enrolment"] for row in reply.json()["results"]] == [None, str(here.pk), None, None, str(here.pk)]
    elsewhere.refresh_from_db()
    assert elsewhere.status == "enrolled"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_in_whatever_order_scans_come_the_earliest_counts(camp, noon, order):
    place = take(camp)
    moments = [camp.starts_at + minutes * dt.timedelta(minutes=1) for minutes in (30, 10, 50)]
    finish(camp, noon)

    outcomes = [scan(camp, Scan(ticket_of(place), moments[index]))[0] for index in (*order, *order)]

    place.refresh_from_db()
    assert outcomes == ["accepted"] + ["already"] * 5
    assert (place.status, place.checked_in_at) == ("checked_in", moments[1])


def test_only_the_camps_hours_count_and_the_future_is_now(camp, noon):
    early, late, ahead, door = (take(camp) for _ in range(4))
    begin(camp, noon)
    now = camp.starts_at + HOUR

    outcomes = scan(
        camp,
        Scan(ticket_of(early), camp.starts_at - HOUR - dt.timedelta(seconds=1)),
        Scan(ticket_of(ahead), now + HOUR),
        Scan(ticket_of(door), camp.starts_at - HOUR),
    )
    finish(camp, noon)
    outcomes += scan(camp, Scan(ticket_of(late)))

    assert outcomes == ["expired", "accepted", "accepted", "expired"]
    ahead.refresh_from_db()
    assert now <= ahead.checked_in_at < now + dt.timedelta(minutes=1)


def test_what_was_collected_offline_counts_after_the_end_until_the_report(camp, noon):
    came, never = take(camp), take(camp)
    finish(camp, noon)
    moment = camp.ends_at - HOUR

    before = send(camp, check_ins=[{"token": ticket_of(came), "at": moment.isoformat()}])
    report(camp)
    after = scan(camp, Scan(ticket_of(came), moment), Scan(ticket_of(never), moment))

    assert before.json()["results"][0]["outcome"] == "accepted"
    assert after == ["already", "expired"]
    assert sorted(Enrolment.objects.values_list("status", flat=True)) == ["missed", "released"]


def test_a_stranger_cannot_check_anybody_in(camp, noon):
    place = take(camp)
    begin(camp, noon)

    assert send(camp, make_hospital(), token=ticket_of(place)).status_code == 404

    place.refresh_from_db()
    assert place.status == "enrolled"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"token": "x", "check_ins": [{"token": "x"}]},
        {"check_ins": []},
        {"check_ins": [{"token": "x"}] * 501},
        {"check_ins": [{"token": "x" * 201}]},
        {"check_ins": [{"token": "x", "at": "2030-05-01T10:00:00"}]},
        {"check_ins": "x"},
        {"token": "\x00"},
    ],
)
def test_a_wrong_shape_is_400(camp, body):
    assert send(camp, **body).status_code == 400


def test_five_hundred_cost_as_many_queries_as_five(camp, noon, django_assert_max_num_queries):
    places = [take(camp) for _ in range(10)]
    begin(camp, noon)

    with django_assert_max_num_queries(12):
        scan(camp, *[Scan(ticket_of(place)) for place in places[:5]])
    with django_assert_max_num_queries(12):
        scan(camp, *[Scan(ticket_of(place)) for place in places] * 50)
