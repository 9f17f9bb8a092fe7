"""«May I give today?»: by type of donation, at midnight, on birthdays and at the ends of months."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from common.blood import DonationType
from common.db import unit_of_work
from tests.factories import make_donor, make_user, person_client
from tests.users.scenes import DONOR, eligibility, pointers
from users.errors import DonorNotEligible
from users.models import PastDonation
from users.selectors import get_donor
from users.services.donors import refresh_window, refuse_unfit

pytestmark = pytest.mark.django_db
MIDNIGHT = dt.datetime(2030, 5, 1, 18, 30, tzinfo=dt.UTC)  # 2 May, 00:00 in India; still 1 May in UTC


def gave(donor, kind, day):
    PastDonation.objects.create(donor=donor, donation_type=kind, donated_on=day)


def donor_in(zone, **values):
    return make_donor(user=make_user(zone=zone), **values)


def at(noon, day):
    """Noon of the day in India."""
    noon.move_to(dt.datetime.combine(day, dt.time(6, 30), tzinfo=dt.UTC))


def test_the_answer_has_its_whole_shape_and_is_always_provisional():
    said = eligibility(person_client(make_donor().user))

    assert said == {
        "eligible": True,
        "provisional": True,
        "next_eligible_on": "2030-05-01",
        "permanent": False,
        "reasons": [],
    }


def test_who_is_no_donor_is_told_so():
    answer = person_client(make_user()).get(f"{DONOR}/eligibility")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_a_donor")


@pytest.mark.parametrize("donation_type", ["plasma", "WHOLE_BLOOD", ""])
def test_an_unknown_type_of_donation_is_pointed_at(donation_type):
    answer = person_client(make_donor().user).get(f"{DONOR}/eligibility", {"donation_type": donation_type})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    assert pointers(answer) == ["/donation_type"]


def test_whole_blood_is_meant_where_no_type_is_given():
    donor = make_donor(weight_kg=Decimal("49.9"))
    client = person_client(donor.user)

    assert eligibility(client) == eligibility(client, "whole_blood")
    assert eligibility(client) != eligibility(client, "platelet_apheresis")


@pytest.mark.parametrize(
    ("donation_type", "next_day"),
    [
        ("whole_blood", "2030-07-15"),  # 90 days for men
        ("platelet_apheresis", "2030-05-14"),  # 28 days
        ("plasma_apheresis", "2030-05-14"),
        ("double_red_cell", "2030-07-15"),
    ],
)
def test_each_type_waits_its_own_time_after_whole_blood(donation_type, next_day):
    donor = make_donor()
    gave(donor, DonationType.WHOLE_BLOOD, dt.date(2030, 4, 16))

    said = eligibility(person_client(donor.user), donation_type)

    assert (said["eligible"], said["next_eligible_on"]) == (False, next_day)
    assert [(why["code"], why["until"]) for why in said["reasons"]] == [("interval", next_day)]
    assert said["reasons"][0]["message"]


@pytest.mark.parametrize(
    ("donation_type", "weight_kg", "may"),
    [
        ("whole_blood", "45.0", True),
        ("whole_blood", "44.9", False),
        ("platelet_apheresis", "50.0", True),
        ("platelet_apheresis", "49.9", False),
        ("plasma_apheresis", "50.0", True),
        ("plasma_apheresis", "49.9", False),
        ("double_red_cell", "60.0", True),
        ("double_red_cell", "59.9", False),
    ],
)
def test_each_type_has_its_least_weight(donation_type, weight_kg, may):
    said = eligibility(person_client(make_donor(weight_kg=Decimal(weight_kg)).user), donation_type)

    assert said["eligible"] is may
    assert [why["code"] for why in said["reasons"]] == ([] if may else ["weight_min"])


def test_an_unknown_weight_is_a_reason_without_an_end():
    said = eligibility(person_client(make_donor(weight_kg=None).user))

    assert (said["eligible"], said["next_eligible_on"], said["permanent"]) == (False, None, False)
    assert [why["code"] for why in said["reasons"]] == ["weight_unknown"]


@pytest.mark.parametrize(("sex", "days"), [("male", 90), ("female", 120)])
def test_the_last_day_of_an_interval_is_too_soon_and_the_next_is_not(noon, sex, days):
    donor = make_donor(sex=sex)
    given_on = dt.date(2030, 5, 1)
    gave(donor, DonationType.WHOLE_BLOOD, given_on)

    at(noon, given_on + dt.timedelta(days=days - 1))
    assert eligibility(person_client(donor.user))["eligible"] is False
    at(noon, given_on + dt.timedelta(days=days))
    assert eligibility(person_client(donor.user))["eligible"] is True


def test_the_rules_are_those_of_the_country_of_the_persons_number(noon):
    given_on = dt.date(2030, 5, 1)
    indian, bangladeshi = make_donor(), make_donor(user=make_user(phone="+8801712345678"))
    for donor in (indian, bangladeshi):
        gave(donor, DonationType.WHOLE_BLOOD, given_on)
        with unit_of_work():
            refresh_window(donor)

    until = [eligibility(person_client(donor.user))["reasons"][0]["until"] for donor in (indian, bangladeshi)]

    assert until == ["2030-07-30", "2030-08-29"]  # 90 and 120 days for men
    assert [str(donor.whole_blood_from) for donor in (indian, bangladeshi)] == until
    at(noon, given_on + dt.timedelta(days=100))
    with unit_of_work():
        refuse_unfit(indian, donation_type=DonationType.WHOLE_BLOOD, zone="Asia/Kolkata")
        with pytest.raises(DonorNotEligible):
            refuse_unfit(bangladeshi, donation_type=DonationType.WHOLE_BLOOD, zone="Asia/Kolkata")


@pytest.mark.parametrize(
    ("seconds", "zone", "eligible"),
    [(-60, "Asia/Kolkata", False), (60, "Asia/Kolkata", True), (60, "UTC", False), (60, "Asia/Dhaka", True)],
)
def test_the_day_begins_at_midnight_in_the_persons_zone(noon, seconds, zone, eligible):
    noon.move_to(MIDNIGHT + dt.timedelta(seconds=seconds))
    donor = donor_in(zone)
    gave(donor, DonationType.WHOLE_BLOOD, dt.date(2030, 2, 1))  # and 90 days: 2 May

    said = eligibility(person_client(donor.user))

    assert (said["eligible"], said["next_eligible_on"]) == (eligible, "2030-05-02")


@pytest.mark.parametrize(
    ("seconds", "zone", "eligible"), [(-60, "Asia/Kolkata", False), (60, "Asia/Kolkata", True), (60, "UTC", False)]
)
def test_a_birthday_begins_at_midnight_in_the_persons_zone(noon, seconds, zone, eligible):
    noon.move_to(MIDNIGHT + dt.timedelta(seconds=seconds))
    donor = donor_in(zone, date_of_birth=dt.date(2012, 5, 2))  # 18 on 2 May

    said = eligibility(person_client(donor.user))

    assert (said["eligible"], said["next_eligible_on"]) == (eligible, "2030-05-02")


@pytest.mark.parametrize(
    ("today", "eligible"), [(dt.date(2030, 2, 28), False), (dt.date(2030, 3, 1), True), (dt.date(2030, 2, 27), False)]
)
def test_who_was_born_on_the_leap_day_comes_of_age_on_the_first_of_march(noon, today, eligible):
    at(noon, today)
    donor = make_donor(date_of_birth=dt.date(2012, 2, 29))

    said = eligibility(person_client(donor.user))

    assert said["eligible"] is eligible
    assert said["next_eligible_on"] == ("2030-03-01" if not eligible else str(today))


@pytest.mark.parametrize(
    ("born_on", "has_given", "eligible"),
    [
        (dt.date(1964, 5, 2), True, True),  # 66 tomorrow
        (dt.date(1964, 5, 1), True, False),  # 66 today
        (dt.date(1969, 5, 2), False, True),  # 61 tomorrow, for the first time
        (dt.date(1969, 5, 1), False, False),  # 61 today, for the first time
        (dt.date(1969, 5, 1), True, True),
    ],
)
def test_whole_blood_is_given_up_to_an_age(born_on, has_given, eligible):
    donor = make_donor(date_of_birth=born_on)
    for day in [dt.date(2029, 1, 1)] * has_given:
        gave(donor, DonationType.WHOLE_BLOOD, day)

    said = eligibility(person_client(donor.user))

    assert (said["eligible"], said["permanent"]) == (eligible, not eligible)


@pytest.mark.parametrize(
    ("given_on", "next_day"),
    [
        (dt.date(2029, 11, 30), "2030-02-28"),
        (dt.date(2027, 12, 1), "2028-02-29"),
        (dt.date(2029, 12, 31), "2030-03-31"),
        (dt.date(2030, 1, 31), "2030-05-01"),
        (dt.date(2028, 2, 29), "2028-05-29"),
    ],
)
def test_days_are_counted_over_the_ends_of_months_and_years(noon, given_on, next_day):
    at(noon, given_on + dt.timedelta(days=1))
    donor = make_donor()
    gave(donor, DonationType.WHOLE_BLOOD, given_on)

    assert eligibility(person_client(donor.user))["next_eligible_on"] == next_day


def test_the_services_refuse_with_what_the_answer_says():
    donor = make_donor()
    gave(donor, DonationType.WHOLE_BLOOD, dt.date(2030, 4, 16))
    said = eligibility(person_client(donor.user))

    with pytest.raises(DonorNotEligible) as refused, unit_of_work():
        refuse_unfit(get_donor(donor.pk), donation_type=DonationType.WHOLE_BLOOD, zone="Asia/Kolkata")

    facts = refused.value.facts
    assert {**facts, "eligible": False} == said
