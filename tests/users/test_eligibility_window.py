"""The span of days for the index of donors says the same as asking day by day."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common.blood import DonationType, Sex
from tests.users.eligibility_facts import (
    BANGLADESH,
    INDIA,
    ON,
    PLATELETS,
    WHOLE_BLOOD,
    ask,
    deferred,
    donor,
    gave,
)
from users.eligibility.engine import DeferralFact, DonorFacts, PastDonation, Visit, assess, eligible_window

MOST_CODES = sorted({rule.code for rule in INDIA.recordable(ON) if not rule.permanent})
FAR = dt.timedelta(days=1500)
# Between these days the rules of both jurisdictions stay the same.
FIRST = dt.date(2021, 5, 5)
DAYS = st.dates(FIRST, dt.date(2040, 1, 1))
PAST = st.dates(dt.date(2015, 1, 1), dt.date(2026, 12, 31))
DONATIONS = st.builds(PastDonation, st.sampled_from(DonationType), PAST, st.booleans())
DEFERRALS = st.builds(
    lambda code, began, lasted: DeferralFact(code, began, None if lasted is None else began + lasted),
    st.sampled_from(MOST_CODES),
    PAST,
    st.none() | st.timedeltas(dt.timedelta(), FAR),
)
WEIGHTS = st.none() | st.decimals(Decimal(40), Decimal(90), places=1)
VISITS = st.none() | st.builds(
    Visit,
    haemoglobin_g_dl=st.decimals(Decimal(11), Decimal(15), places=1),
    volume_ml=st.sampled_from([350, 450]),
)
DONORS = st.builds(
    DonorFacts,
    date_of_birth=st.none() | st.dates(dt.date(1950, 1, 1), dt.date(2020, 12, 31)),
    sex=st.none() | st.sampled_from(Sex),
    weight_kg=WEIGHTS,
    donations=st.lists(DONATIONS, max_size=4).map(tuple),
    deferrals=st.lists(DEFERRALS, max_size=3).map(tuple),
    visit=VISITS,
)
HEALTHY = st.builds(
    donor,
    date_of_birth=st.dates(dt.date(1955, 1, 1), dt.date(2010, 12, 31)),
    sex=st.sampled_from(Sex),
    donations=st.lists(DONATIONS, max_size=30).map(tuple),
)


def edges(days: list[dt.date | None]) -> list[dt.date]:
    """Each known day and its neighbours, as far as rules are known for them."""
    near = [day + dt.timedelta(days=step) for day in days if day is not None for step in (-1, 0, 1)]
    return [day for day in near if day >= FIRST]


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@example(facts=donor(date_of_birth=dt.date(2008, 2, 29)), kind=WHOLE_BLOOD, rules=INDIA, days=[ON])
@example(
    facts=donor(date_of_birth=dt.date(1961, 2, 1), donations=(gave(1),)),
    kind=WHOLE_BLOOD,
    rules=INDIA,
    days=[ON],
)
@given(
    facts=DONORS | HEALTHY,
    kind=st.sampled_from(DonationType),
    rules=st.sampled_from([INDIA, BANGLADESH]),
    days=st.lists(DAYS, min_size=1, max_size=20),
)
def test_a_donor_is_eligible_exactly_within_the_window(facts, kind, rules, days) -> None:
    opens_on, closes_on = eligible_window(facts, kind, rules, ON)

    for day in [*days, *edges([opens_on, closes_on])]:
        within = opens_on is not None and opens_on <= day and (closes_on is None or day < closes_on)
        assert assess(facts, donation_type=kind, on=day, rules=rules).eligible is within


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(facts=DONORS | HEALTHY, kind=st.sampled_from(DonationType), day=DAYS)
def test_the_next_day_that_is_named_is_the_first_eligible_one(facts, kind, day) -> None:
    answer = ask(facts, kind, day)
    named = answer.next_eligible_on or day

    assert answer.eligible is (answer.reasons == ()) is (answer.next_eligible_on == day)
    assert named >= day
    assert ask(facts, kind, named).eligible is (answer.next_eligible_on is not None)
    assert named == day or not ask(facts, kind, named - dt.timedelta(days=1)).eligible


def test_every_day_of_a_life_agrees_with_the_window() -> None:
    facts = donor(date_of_birth=dt.date(2004, 2, 29), donations=(gave(5),), deferrals=(deferred("tattoo", 30),))
    opens_on, closes_on = eligible_window(facts, WHOLE_BLOOD, INDIA, ON)
    days = [FIRST + dt.timedelta(days=number) for number in range(18_500)]

    assert (opens_on, closes_on) == (ON + dt.timedelta(days=336), dt.date(2070, 3, 1))
    assert [day for day in days if ask(facts, on=day).eligible] == [day for day in days if opens_on <= day < closes_on]


def test_the_window_of_a_healthy_donor_is_from_18_to_the_last_birthday() -> None:
    first_timer, repeater = donor(), donor(donations=(gave(3000),))

    assert eligible_window(first_timer, WHOLE_BLOOD, INDIA, ON) == (
        dt.date(2008, 6, 15),
        dt.date(2051, 6, 15),
    )
    assert eligible_window(repeater, WHOLE_BLOOD, INDIA, ON)[1] == dt.date(2056, 6, 15)
    assert eligible_window(repeater, PLATELETS, INDIA, ON)[1] == dt.date(2051, 6, 15)


@pytest.mark.parametrize(
    "facts",
    [
        donor(weight_kg=None),
        donor(weight_kg=Decimal(44)),
        donor(deferrals=(deferred("malaria", 900),)),
        donor(deferrals=(deferred("cancer", 900),)),
        donor(date_of_birth=dt.date(1950, 1, 1), donations=(gave(1),)),
    ],
)
def test_what_cannot_be_foreseen_has_no_window(facts: DonorFacts) -> None:
    assert eligible_window(facts, WHOLE_BLOOD, INDIA, ON) == (None, None)
