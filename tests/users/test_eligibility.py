"""Who may give on which day: ages, weights, measured values, and what is not known."""

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.blood import DonationType, Sex
from tests.users.eligibility_facts import (
    BANGLADESH,
    DOUBLE_RED,
    INDIA,
    ON,
    PLASMA,
    PLATELETS,
    WHOLE_BLOOD,
    ask,
    codes,
    deferred,
    donor,
    gave,
)
from users.eligibility.engine import (
    Eligibility,
    PastDonation,
    Visit,
    assess,
    birthday,
    eligible_window,
)
from users.eligibility.ruleset import RulesUnusable

APHERESIS = [PLATELETS, PLASMA, DOUBLE_RED]


def born(years_ago: int, *, days_later: int = 0) -> dt.date:
    """The birth date of whom the given birthday is today, or comes in so many days."""
    return ON.replace(year=ON.year - years_ago) + dt.timedelta(days=days_later)


@pytest.mark.parametrize("donation_type", list(DonationType))
def test_a_healthy_donor_may_give_and_the_answer_is_provisional(donation_type: DonationType) -> None:
    answer = ask(donor(), donation_type)

    assert answer == Eligibility(eligible=True, next_eligible_on=ON, permanent=False, reasons=())
    assert answer.provisional is True


@pytest.mark.parametrize("donation_type", list(DonationType))
def test_a_donor_may_give_from_the_18th_birthday(donation_type: DonationType) -> None:
    tomorrow = ON + dt.timedelta(days=1)
    on_the_day, a_day_before = donor(date_of_birth=born(18)), donor(date_of_birth=born(18, days_later=1))

    assert ask(on_the_day, donation_type).eligible
    answer = ask(a_day_before, donation_type)
    assert codes(answer) == ["age_min"]
    assert answer.next_eligible_on == answer.reasons[0].until == tomorrow


@pytest.mark.parametrize(
    ("born_on", "eligible"),
    [
        (born(65), True),
        (born(66, days_later=1), True),  # 65 years and 364 days
        (born(66), False),
        (born(80), False),
    ],
)
def test_who_gave_before_may_give_until_the_66th_birthday(born_on: dt.date, *, eligible: bool) -> None:
    answer = ask(donor(date_of_birth=born_on, donations=(gave(1000),)))

    assert answer.eligible is eligible
    assert codes(answer) == ([] if eligible else ["age_max"])
    assert answer.permanent is not eligible


@pytest.mark.parametrize(("born_on", "eligible"), [(born(60), True), (born(61, days_later=1), True), (born(61), False)])
def test_who_never_gave_may_begin_until_the_61st_birthday(born_on: dt.date, *, eligible: bool) -> None:
    answer = ask(donor(date_of_birth=born_on))

    assert answer.eligible is eligible
    assert codes(answer) == ([] if eligible else ["age_max_first_time"])


@pytest.mark.parametrize("donation_type", APHERESIS)
def test_apheresis_ends_with_the_61st_birthday_also_for_who_gave_before(donation_type: DonationType) -> None:
    before = donor(date_of_birth=born(61, days_later=1), donations=(gave(1000),))
    after = donor(date_of_birth=born(61), donations=(gave(1000),))

    assert ask(before, donation_type).eligible
    assert codes(ask(after, donation_type)) == ["age_max_apheresis"]
    assert ask(after).eligible


def test_a_birthday_on_29_february_is_1_march_in_common_years() -> None:
    leap_day = dt.date(2008, 2, 29)

    assert birthday(leap_day, 18) == dt.date(2026, 3, 1)
    assert birthday(leap_day, 20) == dt.date(2028, 2, 29)
    assert not ask(donor(date_of_birth=leap_day), on=dt.date(2026, 2, 28)).eligible
    assert ask(donor(date_of_birth=leap_day), on=dt.date(2026, 3, 1)).eligible


def test_a_period_over_29_february_counts_that_day() -> None:
    facts = donor(donations=(PastDonation(WHOLE_BLOOD, dt.date(2027, 12, 1)),))

    assert ask(facts, on=dt.date(2028, 2, 28)).next_eligible_on == dt.date(2028, 2, 29)
    assert ask(facts, on=dt.date(2028, 2, 29)).eligible


def test_the_day_is_that_of_the_donor_and_not_that_of_utc() -> None:
    moment = dt.datetime(2026, 11, 20, 19, 0, tzinfo=dt.UTC)
    facts = donor(donations=(gave(90),))

    assert ask(facts, on=moment.astimezone(ZoneInfo("Asia/Kolkata")).date()).eligible
    assert not ask(facts, on=moment.date()).eligible


@pytest.mark.parametrize(
    ("donation_type", "weight", "eligible"),
    [
        (WHOLE_BLOOD, "44.9", False),
        (WHOLE_BLOOD, "45.0", True),
        (PLATELETS, "49.9", False),
        (PLATELETS, "50.0", True),
        (PLASMA, "49.9", False),
        (PLASMA, "50.0", True),
        (DOUBLE_RED, "59.9", False),
        (DOUBLE_RED, "60.0", True),
    ],
)
def test_each_donation_has_its_least_weight(donation_type: DonationType, weight: str, *, eligible: bool) -> None:
    answer = ask(donor(weight_kg=Decimal(weight)), donation_type)

    assert answer.eligible is eligible
    assert codes(answer) == ([] if eligible else ["weight_min"])
    assert answer.permanent is False


@pytest.mark.parametrize(
    ("weight", "volume", "reasons"),
    [
        ("55.0", 350, []),
        ("55.0", 351, ["weight_for_volume"]),
        ("55.0", 450, ["weight_for_volume"]),
        ("55.1", 450, []),
        ("90.0", 451, ["volume_max"]),
    ],
)
def test_450_ml_need_more_than_55_kg(weight: str, volume: int, reasons: list[str]) -> None:
    facts = donor(weight_kg=Decimal(weight), visit=Visit(volume_ml=volume))

    assert codes(ask(facts)) == reasons


def test_the_scale_of_the_centre_outweighs_what_the_donor_stated() -> None:
    facts = donor(weight_kg=Decimal("70"), visit=Visit(weight_kg=Decimal("44.5")))

    assert codes(ask(facts)) == ["weight_min"]


@pytest.mark.parametrize(
    ("measured", "reasons"),
    [
        ({"haemoglobin_g_dl": Decimal("12.49")}, ["haemoglobin_min"]),
        ({"haemoglobin_g_dl": Decimal("12.5")}, []),
        ({"haemoglobin_g_dl": 12.49}, ["haemoglobin_min"]),
        ({"haemoglobin_g_dl": 12.5}, []),
        ({"systolic": 99}, ["systolic_min"]),
        ({"systolic": 100, "diastolic": 60}, []),
        ({"systolic": 140, "diastolic": 90}, []),
        ({"systolic": 141, "diastolic": 91}, ["diastolic_max", "systolic_max"]),
        ({"diastolic": 59}, ["diastolic_min"]),
        ({"pulse": 59}, ["pulse_min"]),
        ({"pulse": 60}, []),
        ({"pulse": 100}, []),
        ({"pulse": 101}, ["pulse_max"]),
        ({"temperature_c": Decimal("37.0")}, []),
        ({"temperature_c": Decimal("37.1")}, ["temperature_max"]),
        ({"platelet_count": 10}, []),
    ],
)
def test_measured_values_have_their_limits(measured: dict[str, Any], reasons: list[str]) -> None:
    answer = ask(donor(visit=Visit(**measured)))

    assert codes(answer) == reasons
    assert answer.next_eligible_on == (None if reasons else ON)
    assert answer.permanent is False


@pytest.mark.parametrize(("count", "reasons"), [(149, ["platelet_count_min"]), (150, [])])
def test_platelets_are_counted_before_they_are_taken(count: int, reasons: list[str]) -> None:
    assert codes(ask(donor(visit=Visit(platelet_count=count)), PLATELETS)) == reasons


@pytest.mark.parametrize(("haemoglobin", "reasons"), [("13.9", ["haemoglobin_min"]), ("14.0", [])])
def test_double_red_cells_need_more_haemoglobin(haemoglobin: str, reasons: list[str]) -> None:
    visit = Visit(haemoglobin_g_dl=Decimal(haemoglobin))

    assert codes(ask(donor(visit=visit), DOUBLE_RED)) == reasons


@pytest.mark.parametrize(
    ("unknown", "code"),
    [
        ({"date_of_birth": None}, "date_of_birth_unknown"),
        ({"sex": None}, "sex_unknown"),
        ({"weight_kg": None}, "weight_unknown"),
    ],
)
def test_what_must_be_known_is_asked_for(unknown: dict[str, Any], code: str) -> None:
    answer = ask(donor(**unknown))

    assert codes(answer) == [code]
    assert (answer.eligible, answer.next_eligible_on, answer.permanent) == (False, None, False)


def test_all_reasons_are_told_the_lasting_ones_first() -> None:
    facts = donor(
        weight_kg=None,
        donations=(gave(10), gave(20)),
        deferrals=(deferred("tattoo", 1), deferred("tattoo", 200), deferred("epilepsy", 5000)),
    )

    answer = ask(facts)

    assert codes(answer) == ["epilepsy", "weight_unknown", "tattoo", "interval"]
    assert [reason.until for reason in answer.reasons] == [
        None,
        None,
        ON + dt.timedelta(days=365),
        ON + dt.timedelta(days=80),
    ]
    assert all(reason.message for reason in answer.reasons)


@pytest.mark.parametrize(("days_later", "last_day"), [(100, False), (365, False), (366, True)])
def test_a_wait_until_the_last_birthday_or_later_never_ends(days_later: int, *, last_day: bool) -> None:
    too_old_in = born(66, days_later=days_later)
    facts = donor(date_of_birth=too_old_in, donations=(gave(1000),), deferrals=(deferred("tattoo", 1),))

    answer = ask(facts)
    window = eligible_window(facts, WHOLE_BLOOD, INDIA, ON)

    assert codes(answer) == (["tattoo"] if last_day else ["age_max", "tattoo"])
    assert answer.next_eligible_on == window[0] == (ON + dt.timedelta(days=365) if last_day else None)
    assert answer.permanent is not last_day


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, []),
        ({"date_of_birth": born(61), "donations": (gave(1000),)}, ["age_max"]),
        ({"donations": (gave(119),)}, ["interval"]),
        ({"donations": (gave(120),)}, []),
        ({"weight_kg": Decimal(50), "visit": Visit(volume_ml=450)}, []),
        ({"weight_kg": Decimal("49.9"), "visit": Visit(volume_ml=450)}, ["weight_for_volume"]),
        ({"visit": Visit(haemoglobin_g_dl=Decimal("12.9"))}, ["haemoglobin_min"]),
        ({"sex": Sex.FEMALE, "visit": Visit(haemoglobin_g_dl=Decimal("12.0"))}, []),
        ({"sex": Sex.OTHER, "visit": Visit(haemoglobin_g_dl=Decimal("12.9"))}, ["haemoglobin_min"]),
    ],
)
def test_bangladesh_has_its_own_rules(changes: dict[str, Any], reasons: list[str]) -> None:
    answer = assess(donor(**changes), donation_type=WHOLE_BLOOD, on=ON, rules=BANGLADESH)

    assert codes(answer) == reasons


def test_before_the_first_rule_there_is_no_answer() -> None:
    with pytest.raises(RulesUnusable):
        ask(donor(), on=dt.date(2020, 3, 10))
    assert ask(donor(), on=dt.date(2020, 3, 11)).eligible
