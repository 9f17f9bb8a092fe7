"""How long a donor waits: after a donation, and for a reason to defer."""

import datetime as dt

import pytest

from common.blood import DonationType, Sex
from tests.users.eligibility_facts import (
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
from users.eligibility.engine import PRIVATE_CODE, PastDonation

CAREFUL = [Sex.FEMALE, Sex.OTHER]
WAITS = [
    (WHOLE_BLOOD, WHOLE_BLOOD, Sex.MALE, 90),
    *((WHOLE_BLOOD, WHOLE_BLOOD, sex, 120) for sex in CAREFUL),
    *((WHOLE_BLOOD, DOUBLE_RED, sex, 120) for sex in CAREFUL),
    (WHOLE_BLOOD, DOUBLE_RED, Sex.MALE, 90),
    *((WHOLE_BLOOD, apheresis, sex, 28) for apheresis in (PLATELETS, PLASMA) for sex in Sex),
    *((one, other, sex, 2) for one in (PLATELETS, PLASMA) for other in (PLATELETS, PLASMA) for sex in Sex),
    *((one, WHOLE_BLOOD, sex, 28) for one in (PLATELETS, PLASMA) for sex in Sex),
    *((one, DOUBLE_RED, sex, 28) for one in (PLATELETS, PLASMA) for sex in Sex),
    *((DOUBLE_RED, other, Sex.MALE, 180) for other in DonationType),
    *((DOUBLE_RED, other, sex, 240) for other in DonationType for sex in CAREFUL),
]


@pytest.mark.parametrize(("previous", "following", "sex", "days"), WAITS)
def test_a_donor_may_give_again_on_the_day_the_interval_ends(
    previous: DonationType, following: DonationType, sex: Sex, days: int
) -> None:
    too_soon = ask(donor(sex=sex, donations=(gave(days - 1, previous),)), following)
    in_time = ask(donor(sex=sex, donations=(gave(days, previous),)), following)

    assert codes(too_soon) == ["interval"]
    assert too_soon.next_eligible_on == ON + dt.timedelta(days=1)
    assert in_time.eligible


@pytest.mark.parametrize("previous", [PLATELETS, PLASMA])
@pytest.mark.parametrize(
    ("following", "sex", "days"),
    [
        (WHOLE_BLOOD, Sex.MALE, 90),
        (WHOLE_BLOOD, Sex.FEMALE, 120),
        (WHOLE_BLOOD, Sex.OTHER, 120),
        (PLATELETS, Sex.MALE, 28),
        (PLASMA, Sex.FEMALE, 28),
        (DOUBLE_RED, Sex.MALE, 90),
    ],
)
def test_red_cells_lost_in_apheresis_count_as_whole_blood(
    previous: DonationType, following: DonationType, sex: Sex, days: int
) -> None:
    too_soon = donor(sex=sex, donations=(gave(days - 1, previous, red_cells_lost=True),))
    in_time = donor(sex=sex, donations=(gave(days, previous, red_cells_lost=True),))

    assert codes(ask(too_soon, following)) == ["interval"]
    assert ask(in_time, following).eligible


def test_the_longest_of_several_intervals_counts() -> None:
    facts = donor(donations=(gave(60, WHOLE_BLOOD), gave(3, PLATELETS), gave(400, DOUBLE_RED)))

    assert ask(facts).next_eligible_on == ON + dt.timedelta(days=30)
    assert ask(facts, PLATELETS).eligible


@pytest.mark.parametrize("following", [PLATELETS, PLASMA])
def test_two_apheresis_donations_in_a_week_are_the_most(following: DonationType) -> None:
    donations = (gave(6, PLATELETS), gave(3, PLASMA))

    answer = ask(donor(donations=donations), following)

    assert codes(answer) == ["apheresis_weekly_limit"]
    assert answer.next_eligible_on == ON + dt.timedelta(days=1)
    assert ask(donor(donations=donations), following, ON + dt.timedelta(days=1)).eligible
    assert ask(donor(donations=donations[1:]), following).eligible


@pytest.mark.parametrize(("oldest", "reasons"), [(365, ["apheresis_yearly_limit"]), (366, [])])
def test_24_apheresis_donations_in_a_year_are_the_most(oldest: int, reasons: list[str]) -> None:
    donations = tuple(gave(10 * number, PLATELETS) for number in range(1, 24))

    answer = ask(donor(donations=(gave(oldest, PLASMA), *donations)), PLATELETS)

    assert codes(answer) == reasons
    assert ask(donor(donations=donations), PLATELETS).eligible


def test_whole_blood_does_not_count_as_apheresis() -> None:
    donations = tuple(gave(days, WHOLE_BLOOD) for days in range(28, 60))

    assert ask(donor(donations=donations), PLATELETS).eligible


FIXED = [rule for rule in INDIA.recordable(ON) if rule.defer_days and not rule.until_resolved]
RESOLVED = [rule for rule in INDIA.recordable(ON) if rule.until_resolved]
PERMANENT = [rule for rule in INDIA.recordable(ON) if rule.permanent]
ACCEPTED = [rule for rule in INDIA.recordable(ON) if rule.defer_days == 0 and not rule.until_resolved]


@pytest.mark.parametrize(("code", "days"), [(rule.code, rule.defer_days) for rule in FIXED])
def test_a_deferral_ends_on_its_day(code: str, days: int) -> None:
    last_day = donor(deferrals=(deferred(code, days - 1),))
    first_day = donor(deferrals=(deferred(code, days),))

    answer = ask(last_day, PLATELETS)

    assert codes(answer) == [code]
    assert answer.next_eligible_on == answer.reasons[0].until == ON + dt.timedelta(days=1)
    assert ask(first_day, PLATELETS).eligible


@pytest.mark.parametrize(("code", "days"), [(rule.code, rule.defer_days) for rule in RESOLVED])
def test_what_lasts_until_it_is_over_counts_from_then(code: str, days: int) -> None:
    open_end = ask(donor(deferrals=(deferred(code, 2000),)))
    first_day = donor(deferrals=(deferred(code, 2000, resolved_days_ago=days),))
    day_before = ask(first_day, on=ON - dt.timedelta(days=1))

    assert codes(open_end) == [code]
    assert (open_end.next_eligible_on, open_end.permanent) == (None, False)
    assert day_before.next_eligible_on == ON
    assert ask(first_day).eligible


@pytest.mark.parametrize("code", [rule.code for rule in PERMANENT])
def test_what_is_permanent_never_ends_and_is_not_lifted(code: str) -> None:
    answer = ask(donor(deferrals=(deferred(code, 9000, resolved_days_ago=8000),)))

    assert (answer.eligible, answer.next_eligible_on, answer.permanent) == (False, None, True)


@pytest.mark.parametrize("code", [rule.code for rule in ACCEPTED])
def test_what_is_accepted_does_not_defer(code: str) -> None:
    assert ask(donor(deferrals=(deferred(code, 0),))).eligible


@pytest.mark.parametrize(
    ("code", "days"),
    [
        ("delivery", 366),
        ("abortion", 183),
        ("surgery_major", 366),
        ("surgery_minor", 183),
        ("transfused", 366),
        ("tattoo", 366),
        ("vacc_nonlive", 14),
        ("vacc_live", 28),
        ("vacc_covid", 14),
        ("rabies_ig", 366),
        ("antibiotics", 14),
        ("isotretinoin", 31),
        ("dutasteride", 183),
        ("foreign_resident", 1096),
        ("bone_marrow_harvest", 366),
        ("pbsc_harvest", 183),
    ],
)
def test_the_days_are_those_of_the_table(code: str, days: int) -> None:
    assert {rule.code: rule.defer_days for rule in FIXED}[code] == days


@pytest.mark.parametrize(
    ("code", "days"),
    [("malaria", 92), ("tb", 731), ("hepatitis_ae", 366), ("cold_fever", 0), ("pregnant", 366)],
)
def test_the_days_after_recovery_are_those_of_the_table(code: str, days: int) -> None:
    assert {rule.code: rule.defer_days for rule in RESOLVED}[code] == days


@pytest.mark.parametrize(("code", "days"), [("aspirin", 1), ("antiplatelet", 10)])
def test_some_medicines_matter_for_platelets_only(code: str, days: int) -> None:
    facts = donor(deferrals=(deferred(code, days),))

    assert codes(ask(facts, PLATELETS)) == [code]
    assert ask(facts, WHOLE_BLOOD).eligible
    assert ask(facts, PLASMA).eligible


def test_the_longer_of_two_deferrals_counts() -> None:
    facts = donor(deferrals=(deferred("tattoo", 300), deferred("antibiotics", 1), deferred("surgery_minor", 10)))

    answer = ask(facts)

    assert codes(answer) == ["surgery_minor", "tattoo", "antibiotics"]
    assert answer.next_eligible_on == ON + dt.timedelta(days=173)


def test_a_permanent_deferral_outlasts_every_other() -> None:
    answer = ask(donor(deferrals=(deferred("tattoo", 1), deferred("heart_disease", 4000))))

    assert codes(answer) == ["heart_disease", "tattoo"]
    assert (answer.next_eligible_on, answer.permanent) == (None, True)


def test_an_earlier_recovery_than_the_illness_does_not_shorten_the_wait() -> None:
    facts = donor(deferrals=(deferred("malaria", 10, resolved_days_ago=50),))

    assert ask(facts).next_eligible_on == ON + dt.timedelta(days=82)


@pytest.mark.parametrize("code", ["hiv_risk", "sti", "centre_permanent"])
def test_a_private_reason_is_never_spelled_out(code: str) -> None:
    answer = ask(donor(deferrals=(deferred(code, 100),)))

    assert codes(answer) == [PRIVATE_CODE]
    assert code not in repr(answer)
    assert answer.permanent


@pytest.mark.parametrize("code", ["risk_category", "no_such_code", "TATTOO"])
def test_a_reason_without_rule_keeps_a_donor_back_until_somebody_looks(code: str) -> None:
    answer = ask(donor(deferrals=(deferred(code, 9000),)))

    assert codes(answer) == ["deferral_unknown"]
    assert (answer.next_eligible_on, answer.permanent) == (None, False)


def test_a_donation_dated_after_the_day_blocks_it_too() -> None:
    facts = donor(donations=(PastDonation(WHOLE_BLOOD, ON + dt.timedelta(days=1)),))

    assert ask(facts).next_eligible_on == ON + dt.timedelta(days=91)
