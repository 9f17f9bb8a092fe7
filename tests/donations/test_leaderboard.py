"""Who gave most, of those who agreed to be shown."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from tests.factories import make_donor, make_user

pytestmark = pytest.mark.django_db

PATH = "/api/v1/leaderboard"


def shown(*, city="Pune", **values):
    user = make_user(city=city, lat=18, lng=73)
    return make_donor(user=user, **{"on_leaderboard": True, "verified_donations": 1, "score": 10, **values})


def read(**query):
    return APIClient().get(PATH, query)


def test_the_most_generous_come_first_and_equals_share_a_rank():
    third = shown(verified_donations=2, score=10)
    first = shown(verified_donations=7, score=70)
    twins = [shown(verified_donations=2, score=20), shown(verified_donations=2, score=20)]

    rows = read().json()

    assert [(row["rank"], row["verified_donations"], row["score"]) for row in rows] == [
        (1, 7, 70),
        (2, 2, 20),
        (2, 2, 20),
        (4, 2, 10),
    ]
    assert [rows[0]["name"], rows[3]["name"]] == [first.user.name, third.user.name]
    assert {row["name"] for row in rows[1:3]} == {twin.user.name for twin in twins}
    assert rows[0]["tag"] == "gold"


@pytest.mark.parametrize("hidden", [{"on_leaderboard": False}, {"verified_donations": 0}])
def test_only_who_agreed_and_has_given_is_shown(hidden):
    shown(**hidden)

    assert read().json() == []


def test_a_suspended_person_is_not_shown():
    donor = shown()
    donor.user.is_active = False
    donor.user.save()

    assert read().json() == []


def test_nobody_is_shown_unless_asked():
    make_donor(verified_donations=5, score=50)

    assert read().json() == []


def test_a_city_in_any_case():
    shown(city="Nashik")
    here = shown(city="Pune")

    assert [row["name"] for row in read(city="pUNE").json()] == [here.user.name]
    assert read(city="Atlantis").json() == []
    assert len(read().json()) == 2


def test_ranks_are_those_of_the_city():
    shown(city="Nashik", verified_donations=9)
    shown(city="Pune")

    assert [row["rank"] for row in read(city="Pune").json()] == [1]


def test_the_answer_holds_no_way_to_reach_anybody():
    donor = shown()

    text = read().content.decode()

    for secret in (donor.user.phone, str(donor.pk), donor.user.public_id, str(donor.date_of_birth), donor.blood_group):
        assert secret not in text
    assert set(read().json()[0]) == {"rank", "name", "city", "tag", "verified_donations", "score"}


@pytest.mark.parametrize("city", ["x" * 81, "\x00", "%"])
def test_an_odd_city_finds_nobody(city):
    shown()

    reply = read(city=city)

    assert reply.status_code in (200, 400)
    assert reply.status_code == 400 or reply.json() == []


def test_a_hundred_are_shown(django_assert_max_num_queries):
    for _ in range(101):
        shown()

    with django_assert_max_num_queries(3):
        assert len(read().json()) == 100
