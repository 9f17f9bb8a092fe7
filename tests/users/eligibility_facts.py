"""Donors for the tests of eligibility: a healthy one, and what is changed in him."""

import datetime as dt
from decimal import Decimal
from typing import Any

from common.blood import DonationType, Sex
from users.eligibility.engine import DeferralFact, DonorFacts, Eligibility, PastDonation, assess
from users.eligibility.ruleset import packaged_ruleset

ON = dt.date(2026, 11, 21)
INDIA, BANGLADESH = packaged_ruleset("IN"), packaged_ruleset("BD")
WHOLE_BLOOD, PLATELETS, PLASMA, DOUBLE_RED = DonationType


def donor(**changes: Any) -> DonorFacts:
    """A man born in 1990 who weighs 70 kg, never gave and has nothing against him."""
    healthy: dict[str, Any] = {
        "date_of_birth": dt.date(1990, 6, 15),
        "sex": Sex.MALE,
        "weight_kg": Decimal("70.0"),
    }
    return DonorFacts(**(healthy | changes))


def gave(days_ago: int, donation_type: DonationType = WHOLE_BLOOD, *, red_cells_lost: bool = False) -> PastDonation:
    return PastDonation(donation_type, ON - dt.timedelta(days=days_ago), red_cells_lost)


def deferred(code: str, days_ago: int, *, resolved_days_ago: int | None = None) -> DeferralFact:
    resolved_on = None if resolved_days_ago is None else ON - dt.timedelta(days=resolved_days_ago)
    return DeferralFact(code, ON - dt.timedelta(days=days_ago), resolved_on)


def ask(facts: DonorFacts, donation_type: DonationType = WHOLE_BLOOD, on: dt.date = ON) -> Eligibility:
    """Assess by the rules of India."""
    return assess(facts, donation_type=donation_type, on=on, rules=INDIA)


def codes(answer: Eligibility) -> list[str]:
    return [reason.code for reason in answer.reasons]
