"""The profile by which requests find a donor."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from common import clock
from common.blood import BloodGroup, DonationType
from common.db import unit_of_work
from tests.factories import make_donor, make_user, person_client
from tests.races import race
from users.models import Donor, PastDonation
from users.services import donors

pytestmark = pytest.mark.django_db
DONOR = "/api/v1/me/donor"
PROFILE = {"blood_group": "O-", "sex": "female", "date_of_birth": "1995-04-12", "weight_kg": 58.5}


def put(user, **changes):
    return person_client(user).put(DONOR, {**PROFILE, **changes}, format="json")


def confirm(donor, group=BloodGroup.O_NEG):
    with unit_of_work():
        donors.record_donation(
            donors.hold_donor(donor_id=donor.pk),
            donation_id=uuid.uuid4(),
            assignment_id=uuid.uuid4(),
            donation_type=DonationType.WHOLE_BLOOD,
            red_cells_lost=False,
            donated_on=clock.today("Asia/Kolkata"),
            confirmed_group=group,
            partner_id=uuid.uuid4(),
        )


def test_a_person_becomes_a_donor_where_they_are():
    user = make_user(lat="18.520400", lng="73.856700")

    answer = put(user)

    assert answer.status_code == 200
    assert answer.json() == person_client(user).get(DONOR).json()
    assert {name: answer.json()[name] for name in PROFILE} == PROFILE
    assert answer.json()["location"] == {"lat": 18.5204, "lng": 73.8567}
    assert (answer.json()["available"], answer.json()["on_leaderboard"]) == (True, False)


def test_without_a_profile_there_is_nothing_to_read():
    answer = person_client(make_user()).get(DONOR)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_a_donor")


def test_the_days_on_which_the_donor_may_give_are_written_down():
    put(make_user())

    donor = Donor.objects.get()
    assert donor.whole_blood_from == dt.date(2013, 4, 12)  # eighteen
    assert donor.whole_blood_until > clock.today("Asia/Kolkata")
    assert donor.window_rules


def test_too_light_is_never_until_heavier():
    user = make_user()
    put(user, weight_kg=44)
    assert Donor.objects.get().whole_blood_from is None

    put(user, weight_kg=60)
    assert Donor.objects.get().whole_blood_from is not None


def test_a_donation_elsewhere_counts():
    put(make_user(), last_donated_on="2030-04-20")

    assert PastDonation.objects.get().donated_on == dt.date(2030, 4, 20)
    assert Donor.objects.get().whole_blood_from > clock.today("Asia/Kolkata")


def test_saying_it_twice_is_saying_it_once():
    user = make_user()
    put(user, last_donated_on="2030-04-20")
    put(user, last_donated_on="2030-04-20")

    assert PastDonation.objects.count() == 1


@pytest.mark.parametrize(("name", "value"), [("date_of_birth", "2030-05-02"), ("last_donated_on", "2030-05-02")])
def test_tomorrow_has_not_been(name, value):
    answer = put(make_user(), **{name: value})

    assert (answer.status_code, answer.json()["code"]) == (400, "in_the_future")
    assert answer.json()["errors"][0]["pointer"] == f"/{name}"
    assert not Donor.objects.exists()


def test_a_confirmed_group_cannot_be_changed_by_its_owner():
    donor = make_donor()
    confirm(donor)

    answer = put(donor.user, blood_group="A+")

    assert (answer.status_code, answer.json()["code"], answer.json()["blood_group"]) == (
        409,
        "blood_group_confirmed",
        "O-",
    )
    assert Donor.objects.get().blood_group == "O-"
    assert put(donor.user, available=False).json()["available"] is False


def test_a_partner_may_find_another_group_than_was_said():
    donor = make_donor(blood_group="A+")

    confirm(donor, BloodGroup.B_NEG)

    body = person_client(donor.user).get(DONOR).json()
    assert (body["blood_group"], body["is_group_confirmed"]) == ("B-", True)


def test_what_is_earned_cannot_be_said():
    user = make_user()

    put(
        user,
        score=1000,
        verified_donations=50,
        tag="platinum",
        strikes=-3,
        locked_until=None,
        group_confirmed_at="2030-01-01",
    )

    donor = Donor.objects.get()
    assert (donor.score, donor.verified_donations, donor.strikes, donor.group_confirmed_at) == (0, 0, 0, None)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"blood_group": "C+"}, "/blood_group"),
        ({"blood_group": "o-"}, "/blood_group"),
        ({"sex": "x"}, "/sex"),
        ({"date_of_birth": "12/04/1995"}, "/date_of_birth"),
        ({"date_of_birth": 5}, "/date_of_birth"),
        ({"weight_kg": 19.9}, "/weight_kg"),
        ({"weight_kg": 300.1}, "/weight_kg"),
        ({"weight_kg": "heavy"}, "/weight_kg"),
        ({"weight_kg": 58.55}, "/weight_kg"),
        ({"available": "maybe"}, "/available"),
        ({"last_donated_on": "soon"}, "/last_donated_on"),
    ],
)
def test_what_is_not_acceptable_is_pointed_at(change, pointer):
    answer = put(make_user(), **change)

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("group", list(BloodGroup))
def test_every_group_is_known(group):
    assert put(make_user(), blood_group=str(group)).json()["blood_group"] == group


@pytest.mark.django_db(transaction=True)
def test_two_first_profiles_at_once_make_one_donor():
    user = make_user()

    answers = race(*[lambda: put(user)] * 3)

    assert {answer.status_code for answer in answers} == {200}
    assert Donor.objects.count() == 1
