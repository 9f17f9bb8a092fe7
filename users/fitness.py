"""Whether a stored donor may give: what the tables know, asked of the rules in force."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from common import clock
from common.blood import DonationType, Sex
from users.eligibility import engine
from users.eligibility.engine import (
    DeferralFact,
    DonorFacts,
    Eligibility,
    Visit,
    assess,
    eligible_window,
)
from users.eligibility.rules import Rule, as_text, rules_from_rows
from users.eligibility.ruleset import RuleSet
from users.models import Deferral, Donor, EligibilityRule, PastDonation

HOME: Final = "IN"  # whose rules hold where no other country's do
JURISDICTIONS: Final = {"+880": "BD"}  # by the country code of the telephone; every country that can register
FRESH_FOR = 60.0  # seconds; how long an edited rule may take to reach every process

WINDOW_TYPES = (DonationType.WHOLE_BLOOD, DonationType.PLATELET_APHERESIS)
# Columns that decide nothing about a day on which the rule is in force.
WORDS = frozenset({"message", "source", "source_item", "status", "effective_from", "effective_to"})

Window = tuple[dt.date | None, dt.date | None]
_kept: tuple[float, dict[str, RuleSet]] | None = None


@dataclass(frozen=True)
class Windows:
    """From when and until when a donor may give if nothing new is known; (None, None): not foreseeable."""

    whole_blood: Window
    apheresis: Window
    rules: str


def jurisdiction_of(phone: str) -> str:
    """Return whose rules hold for a person: those of the country whose telephone number the account has."""
    return next((found for code, found in JURISDICTIONS.items() if phone.startswith(code)), HOME)


def current_rules(jurisdiction: str = HOME) -> RuleSet:
    """Return the rules of a jurisdiction in the database, at most `FRESH_FOR` seconds old."""
    return _current()[jurisdiction]


def _current() -> dict[str, RuleSet]:
    global _kept  # noqa: PLW0603
    if _kept is None or time.monotonic() - _kept[0] > FRESH_FOR:
        rows = rules_from_rows(EligibilityRule.objects.order_by("pk"))
        _kept = (time.monotonic(), {name: RuleSet(rows, jurisdiction=name) for name in (HOME, *JURISDICTIONS.values())})
    return _kept[1]


def forget_rules() -> None:
    """Read the rules again at the next question, in this process."""
    global _kept  # noqa: PLW0603
    _kept = None


def declarable(on: dt.date, jurisdiction: str = HOME) -> dict[str, Rule]:
    """Return the reasons not to give that a person may declare, by code."""
    return {rule.code: rule for rule in current_rules(jurisdiction).declarable(on)}


def recordable(on: dt.date, jurisdiction: str = HOME) -> dict[str, Rule]:
    """Return the reasons not to give that a partner may record, by code."""
    return {rule.code: rule for rule in current_rules(jurisdiction).recordable(on)}


def shown_code(code: str) -> str:
    """Return a deferral's code as its donor may read it: what any rules call private is not spelled out."""
    return engine.PRIVATE_CODE if any(code in rules.private_codes for rules in _current().values()) else code


def assess_donor(
    donor: Donor, *, donation_type: DonationType, on: dt.date, measured: Mapping[str, Any] | None = None
) -> Eligibility:
    """Return what the rules say of the donor for that day; `measured` holds a visit's values by `Visit`'s names."""
    facts = replace(_facts_of([donor])[0], visit=Visit(**measured) if measured else None)
    return assess(facts, donation_type=donation_type, on=on, rules=_rules_for(donor))


def assess_donors(
    donors: Sequence[Donor],
    *,
    donation_type: DonationType,
    on: dt.date,
    measured: Sequence[Mapping[str, Any]],
) -> list[Eligibility]:
    """Return what the rules say of each for that day and visit; two queries for all of them, with their people."""
    return [
        assess(replace(facts, visit=Visit(**values)), donation_type=donation_type, on=on, rules=_rules_for(donor))
        for donor, facts, values in zip(donors, _facts_of(donors), measured, strict=True)
    ]


def assess_as_answered(
    donor: Donor, *, donation_type: DonationType, on: dt.date, stated: Sequence[DeferralFact]
) -> Eligibility:
    """Return what the rules would say of the donor for that day if what is stated were so; nothing is kept of it."""
    known = _facts_of([donor])[0]
    facts = replace(known, deferrals=(*known.deferrals, *stated))
    return assess(facts, donation_type=donation_type, on=on, rules=_rules_for(donor))


def windows_of(donors: Sequence[Donor]) -> list[Windows]:
    """Return each donor's windows by the rules of today in the donor's zone; three queries for all of them."""
    found = []
    for donor, facts in zip(donors, _facts_of(donors), strict=True):
        rules, today = _rules_for(donor), clock.today(donor.user.zone)
        whole_blood, apheresis = (_window(eligible_window(facts, kind, rules, today)) for kind in WINDOW_TYPES)
        found.append(Windows(whole_blood, apheresis, rules=_fingerprint(rules, today)))
    return found


def rules_fingerprints(on: dt.date) -> list[str]:
    """Return, of each jurisdiction, 16 hex digits that change whenever what its rules of the day decide may change."""
    return [_fingerprint(rules, on) for rules in _current().values()]


@lru_cache(maxsize=16)
def _fingerprint(rules: RuleSet, on: dt.date) -> str:
    in_force = sorted(repr(_decisive(rule)) for rule in rules.rules if rule.is_in_force(on))
    # With the name, so that what was once worked out by India's rules for everybody is worked out again.
    return hashlib.sha256("\n".join([rules.jurisdiction, *in_force]).encode()).hexdigest()[:16]


def _rules_for(donor: Donor) -> RuleSet:
    return current_rules(jurisdiction_of(donor.user.phone))


def _facts_of(donors: Sequence[Donor]) -> list[DonorFacts]:
    """Return what the tables know of each; two queries for all of them."""
    donations, deferrals = defaultdict(list), defaultdict(list)
    rows = PastDonation.objects.filter(donor__in=donors).values_list(
        "donor_id", "donation_type", "donated_on", "red_cells_lost"
    )
    for donor_id, kind, day, lost in rows:
        donations[donor_id].append(engine.PastDonation(DonationType(kind), day, lost))
    facts = Deferral.objects.filter(donor__in=donors)
    for donor_id, code, occurred_on, resolved_on in facts.values_list("donor_id", "code", "occurred_on", "resolved_on"):
        deferrals[donor_id].append(DeferralFact(code, occurred_on, resolved_on))
    return [
        DonorFacts(
            date_of_birth=donor.date_of_birth,
            sex=Sex(donor.sex),
            weight_kg=donor.weight_kg,
            donations=tuple(donations[donor.pk]),
            deferrals=tuple(deferrals[donor.pk]),
        )
        for donor in donors
    ]


def _window(found: Window) -> Window:
    opens_on, closes_on = found
    return opens_on, (closes_on or dt.date.max) if opens_on else None


def _decisive(rule: Rule) -> list[tuple[str, str]]:
    return [(column, text) for column, text in as_text(rule).items() if column not in WORDS]


def next_date(donor: Donor) -> dt.date | None:
    """Return the first day on which the donor may give whole blood, as last written down; None if not foreseeable."""
    return donor.whole_blood_from
