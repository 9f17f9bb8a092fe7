"""The first profile, also from two devices at once, and the days it speaks of."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError

from common import clock
from tests.factories import make_donor, make_user, person_client
from tests.races import meeting, names, race, without_locks
from tests.users.scenes import DONOR, pointers, put_donor
from users.models import Donor, PastDonation, User
from users.services import donors

pytestmark = pytest.mark.django_db
RACE = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("zone", "status"), [("Asia/Kolkata", 200), ("UTC", 400)])
def test_today_is_the_day_in_the_persons_zone(noon, zone, status):
    noon.move_to(dt.datetime(2030, 5, 1, 19, 0, tzinfo=dt.UTC))  # half past midnight in India

    answer = put_donor(person_client(make_user(zone=zone)), last_donated_on="2030-05-02")

    assert answer.status_code == status


def test_nobody_who_gives_was_born_today():
    answer = put_donor(person_client(make_user()), date_of_birth="2030-05-01")

    assert (answer.json()["code"], pointers(answer)) == ("in_the_future", ["/date_of_birth"])


@pytest.mark.parametrize("field", ["blood_group", "sex", "date_of_birth"])
@pytest.mark.parametrize("value", [..., None])
def test_what_the_rules_need_must_be_said(field, value):
    answer = put_donor(person_client(make_user()), **{field: value})

    assert (answer.status_code, pointers(answer)) == (400, [f"/{field}"])
    assert not Donor.objects.exists()


@pytest.mark.parametrize("weight_kg", [20, 300, 58.5, None])
def test_weights_within_bounds_or_unknown_are_taken(weight_kg):
    assert put_donor(person_client(make_user()), weight_kg=weight_kg).json()["weight_kg"] == weight_kg


@pytest.mark.parametrize("date", ["2001-02-29", "2030-13-01", "1995-04-31"])
def test_a_day_that_no_calendar_has_is_pointed_at(date):
    answer = put_donor(person_client(make_user()), date_of_birth=date)

    assert (answer.status_code, pointers(answer)) == (400, ["/date_of_birth"])


def test_born_on_the_leap_day_one_may_give_from_the_first_of_march():
    put_donor(person_client(make_user()), date_of_birth="1996-02-29")

    assert Donor.objects.get().whole_blood_from == dt.date(2014, 3, 1)


def test_a_refusal_leaves_the_profile_as_it_was():
    donor = make_donor(group_confirmed_at=clock.now())
    before = Donor.objects.values().get()
    client = person_client(donor.user)

    assert put_donor(client, blood_group="AB+", last_donated_on="2030-04-01").status_code == 409
    assert put_donor(client, last_donated_on="2030-05-02").status_code == 400

    assert Donor.objects.values().get() == before
    assert not PastDonation.objects.exists()


def test_later_changes_forget_no_donation():
    client = person_client(make_user())
    put_donor(client, last_donated_on="2030-03-01")

    put_donor(client, last_donated_on=None)
    put_donor(client)

    assert PastDonation.objects.get().donated_on == dt.date(2030, 3, 1)
    assert Donor.objects.get().whole_blood_from == dt.date(2030, 6, 29)  # 120 days for women


def test_nobody_reads_anothers_profile():
    make_donor()

    assert person_client(make_user()).get(DONOR).status_code == 404


def save(user):
    values = {"blood_group": "O-", "sex": "male", "date_of_birth": dt.date(1995, 4, 12), "weight_kg": Decimal(60)}
    return donors.save_donor(user_id=user.pk, values=values)


@RACE
def test_two_profiles_at_once_make_one_donor():
    user = make_user()

    outcomes = race(*[lambda: save(user)] * 2)

    assert names(outcomes) == ["Donor", "Donor"]
    assert Donor.objects.count() == 1


@RACE
def test_control_without_the_lock_one_of_the_two_breaks(monkeypatch):
    user = make_user()
    with meeting(2) as wait:

        def look_together(model, ids):
            rows = without_locks(model, ids)
            wait()
            return rows

        monkeypatch.setattr(donors, "lock", look_together)
        monkeypatch.setattr(donors, "hold_person", lambda user_id: User.objects.get(pk=user_id))
        outcomes = race(*[lambda: save(user)] * 2)

    assert sorted(isinstance(outcome, IntegrityError) for outcome in outcomes) == [False, True]


def test_what_is_left_out_stays_as_it_was():
    client = person_client(make_user())
    put_donor(client, available=False, on_leaderboard=True, weight_kg=61.5)

    body = put_donor(client, weight_kg=...).json()

    assert (body["available"], body["on_leaderboard"], body["weight_kg"]) == (False, True, 61.5)


def test_a_lock_that_is_over_is_not_shown_before_the_sweep(noon):
    donor = make_donor(locked_until=clock.now() + dt.timedelta(hours=1))
    noon.shift(dt.timedelta(hours=2))

    assert person_client(donor.user).get("/api/v1/me/donor").json()["locked_until"] is None
