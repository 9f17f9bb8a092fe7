"""May this person give, on this day, and if not: why, and from when? A pure function of facts and rules.

How it counts:
- A day is a civil date in the donor's zone; the caller says which. A donor may give *on* the date that a
  period leads to, never before.
- An age is completed years. Limits are inclusive: «at most 65» lasts until the day before the 66th birthday.
  Who was born on 29 February has the birthday of common years on 1 March.
- Periods are days, as the rows give them. A period blocks every day before its end, even before it began.
- What must be known and is not (date of birth, sex, weight) makes a donor not eligible and says so.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from common.blood import DonationType, Sex
from users.eligibility.rules import AGE, Op, Rule
from users.eligibility.ruleset import RuleSet, RulesInForce

Number = Decimal | float

# Said in place of any reason that the rules call private.
PRIVATE_CODE: Final = "centre_deferral"
PRIVATE_MESSAGE: Final = "Please ask the blood centre."
_LEAP_DAY: Final = (2, 29)


@dataclass(frozen=True, slots=True)
class PastDonation:
    """A donation that was given. `red_cells_lost`: of an apheresis, the red cells were not returned."""

    donation_type: DonationType
    donated_on: dt.date
    red_cells_lost: bool = False


@dataclass(frozen=True, slots=True)
class DeferralFact:
    """That a reason to wait arose, and when it was over.

    `occurred_on` is the day that the rule's `counts_from` names: the event, the last dose, the last contact.
    """

    code: str
    occurred_on: dt.date
    resolved_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """What was measured before a donation, and how much is to be taken; what is None was not measured.

    Units: kg, ml, g/dL, mmHg, beats a minute, degrees Celsius, 10^9 platelets a litre.
    """

    weight_kg: Number | None = None
    volume_ml: Number | None = None
    haemoglobin_g_dl: Number | None = None
    systolic: Number | None = None
    diastolic: Number | None = None
    pulse: Number | None = None
    temperature_c: Number | None = None
    platelet_count: Number | None = None


@dataclass(frozen=True, slots=True)
class DonorFacts:
    """All that is known of a donor and matters here."""

    date_of_birth: dt.date | None
    sex: Sex | None
    weight_kg: Number | None = None
    donations: tuple[PastDonation, ...] = ()
    deferrals: tuple[DeferralFact, ...] = ()
    visit: Visit | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not. `until` is the first day without this reason; None if it is not known, or never comes."""

    code: str
    until: dt.date | None
    permanent: bool
    message: str


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The answer.

    `next_eligible_on` is the asked day if eligible; None if no day is known, or none will come. `permanent`:
    waiting does not help. `provisional`: the medical officer of the centre decides. Reasons that are for good
    come first, then those of unknown end, then the longest.
    """

    eligible: bool
    next_eligible_on: dt.date | None
    permanent: bool
    reasons: tuple[Reason, ...]
    provisional: bool = True


def assess(facts: DonorFacts, *, donation_type: DonationType, on: dt.date, rules: RuleSet) -> Eligibility:
    """Return whether the donor may give on the day.

    Raises: RulesUnusable if no usable set of rules holds on that day.
    """
    outlook = _Outlook(facts, donation_type, rules.in_force(on))
    reasons = [reason for reason in outlook.waits if reason.until is None or on < reason.until]
    reasons += [end.reason for end in outlook.ends if on >= end.on]
    if not reasons:
        return Eligibility(eligible=True, next_eligible_on=on, permanent=False, reasons=())

    opens_on = outlook.opens_on
    if opens_on is not None:
        # Waiting would help, were the donor not too old by then: say so.
        reasons += [end.reason for end in outlook.ends if on < end.on <= opens_on]
    permanent = any(reason.permanent for reason in reasons)
    return Eligibility(
        eligible=False,
        next_eligible_on=None if permanent else opens_on,
        permanent=permanent,
        reasons=_strongest_of_each_code(reasons),
    )


def eligible_window(
    facts: DonorFacts, donation_type: DonationType, rules: RuleSet, today: dt.date
) -> tuple[dt.date | None, dt.date | None]:
    """Return the first day from which the donor is eligible, and the first on which he no longer is.

    It holds by the rules of `today` as long as nothing new is known, and may lie in the past: on every day d,
    `assess(on=d).eligible` is `from <= d < until`. (None, None) means that no such day is foreseeable.

    Raises: RulesUnusable if no usable set of rules holds today.
    """
    outlook = _Outlook(facts, donation_type, rules.in_force(today))
    opens_on, closes_on = outlook.opens_on, min((end.on for end in outlook.ends), default=None)
    if opens_on is None or (closes_on is not None and closes_on <= opens_on):
        return None, None
    return opens_on, closes_on


@dataclass(frozen=True, slots=True)
class _End:
    """The first day on which the donor is too old."""

    on: dt.date
    reason: Reason


class _Outlook:
    """What stands between a donor and a donation: waits that block every day before `until`, and ends."""

    def __init__(self, facts: DonorFacts, donation_type: DonationType, rules: RulesInForce) -> None:
        self._facts, self._type, self._rules = facts, donation_type, rules
        self.waits: list[Reason] = []
        self.ends: list[_End] = []
        self._look_at_what_is_unknown()
        self._look_at_gates()
        self.waits += self._intervals()
        self.waits += self._limits()
        self.waits += self._deferrals()

    @property
    def opens_on(self) -> dt.date | None:
        """The first day without any wait; None if one of them has no known end."""
        latest = dt.date.min
        for wait in self.waits:
            if wait.until is None:
                return None
            latest = max(latest, wait.until)
        return latest

    def _look_at_what_is_unknown(self) -> None:
        if self._facts.date_of_birth is None:
            self.waits.append(_unknown("date_of_birth_unknown", "The date of birth is not known."))
        if self._facts.sex is None:
            self.waits.append(_unknown("sex_unknown", "The sex is not known; the intervals depend on it."))
        if self._visit.weight_kg is None:
            self.waits.append(_unknown("weight_unknown", "The weight is not known."))

    @property
    def _visit(self) -> Visit:
        """What was measured, with the weight that the donor stated where none was."""
        visit = self._facts.visit or Visit()
        if visit.weight_kg is not None or self._facts.weight_kg is None:
            return visit
        return replace(visit, weight_kg=self._facts.weight_kg)

    def _look_at_gates(self) -> None:
        visit, first_timer = self._visit, not self._facts.donations
        for gate in self._rules.gates[self._type]:
            if not gate.is_for_sex(self._facts.sex) or (gate.first_time and not first_timer):
                continue
            if gate.field == AGE:
                self._look_at_age(gate)
            elif _concerns(gate, visit) and not _passes(gate, visit):
                self.waits.append(_reason(gate, None))

    def _look_at_age(self, gate: Rule) -> None:
        born_on, years = self._facts.date_of_birth, int(gate.value or 0)
        if born_on is None:
            return
        if gate.op is Op.AT_LEAST:
            self.waits.append(_reason(gate, birthday(born_on, years)))
        else:
            self.ends.append(_End(birthday(born_on, years + 1), _reason(gate, None)))

    def _intervals(self) -> Iterator[Reason]:
        for donation in self._facts.donations:
            key = (donation.donation_type, donation.red_cells_lost, self._type)
            for rule in self._rules.intervals[key]:
                if rule.is_for_sex(self._facts.sex):
                    yield _reason(rule, _days_after(donation.donated_on, rule))

    def _limits(self) -> Iterator[Reason]:
        for rule in self._rules.limits[self._type]:
            counted = sorted(
                (d.donated_on for d in self._facts.donations if d.donation_type in rule.previous),
                reverse=True,
            )
            allowed = int(rule.value or 0)
            if len(counted) >= allowed:
                yield _reason(rule, _days_after(counted[allowed - 1], rule))

    def _deferrals(self) -> Iterator[Reason]:
        for fact in self._facts.deferrals:
            rule = self._rules.deferrals.get(fact.code)
            if rule is None:
                yield _unknown("deferral_unknown", "A recorded reason has no rule; please ask the blood centre.")
            elif self._type in rule.applies_to:
                yield from _deferred(rule, fact)


def birthday(born_on: dt.date, years: int) -> dt.date:
    """Return the day on which the age becomes `years`; of 29 February, 1 March in common years."""
    year = born_on.year + years
    if (born_on.month, born_on.day) == _LEAP_DAY and not calendar.isleap(year):
        return dt.date(year, 3, 1)
    return born_on.replace(year=year)


def _deferred(rule: Rule, fact: DeferralFact) -> Iterator[Reason]:
    if rule.permanent or (rule.until_resolved and fact.resolved_on is None):
        yield _reason(rule, None)
    elif rule.until_resolved and fact.resolved_on is not None:
        yield _reason(rule, _days_after(max(fact.occurred_on, fact.resolved_on), rule))
    elif rule.defer_days:
        yield _reason(rule, _days_after(fact.occurred_on, rule))


def _days_after(day: dt.date, rule: Rule) -> dt.date:
    return day + dt.timedelta(days=rule.defer_days or 0)


def _reason(rule: Rule, until: dt.date | None) -> Reason:
    code, message = (PRIVATE_CODE, PRIVATE_MESSAGE) if rule.private else (rule.code, rule.message)
    return Reason(code=code, until=until, permanent=rule.permanent, message=message)


def _unknown(code: str, message: str) -> Reason:
    return Reason(code=code, until=None, permanent=False, message=message)


def _concerns(gate: Rule, visit: Visit) -> bool:
    """Whether the gate's value was measured and, for a gate of large volumes, so much is to be taken."""
    large_enough = gate.over_volume_ml is None or (
        visit.volume_ml is not None and visit.volume_ml > gate.over_volume_ml
    )
    return large_enough and getattr(visit, gate.field) is not None


def _passes(gate: Rule, visit: Visit) -> bool:
    measured: Number = getattr(visit, gate.field)
    limit = gate.value or Decimal(0)
    if gate.op is Op.AT_LEAST:
        return measured >= limit
    if gate.op is Op.ABOVE:
        return measured > limit
    return measured <= limit


def _strongest_of_each_code(reasons: list[Reason]) -> tuple[Reason, ...]:
    """Return one reason for each code, in the order that `Eligibility` promises."""
    found: dict[str, Reason] = {}
    for reason in sorted(reasons, key=_strength):
        found.setdefault(reason.code, reason)
    return tuple(found.values())


def _strength(reason: Reason) -> tuple[bool, bool, int, str]:
    until = reason.until
    return not reason.permanent, until is not None, 0 if until is None else -until.toordinal(), reason.code
