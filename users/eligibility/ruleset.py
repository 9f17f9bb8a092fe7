"""The rules of one jurisdiction, and those of them that hold on a day, arranged for asking."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable
from functools import cache
from itertools import chain, product

from common.blood import DonationType, Sex
from users.eligibility.rules import AGE, WEIGHT, Kind, Op, Rule, packaged_rules


class RulesUnusable(LookupError):
    """The rules of this jurisdiction on this day have a gap, or contradict each other."""


class RulesInForce:
    """The rules of one jurisdiction on one day.

    Raises: RulesUnusable if a donation type lacks its limits of age and weight or an interval: a gap in the
    rules must never let a donor through.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        # Every key exists, so that a donation type nobody knows is an error and not a donor without rules.
        self.gates: dict[DonationType, list[Rule]] = {next_type: [] for next_type in DonationType}
        self.limits: dict[DonationType, list[Rule]] = {next_type: [] for next_type in DonationType}
        self.intervals: dict[tuple[DonationType, bool, DonationType], list[Rule]] = {
            key: [] for key in product(DonationType, (False, True), DonationType)
        }
        self.deferrals: dict[str, Rule] = {}
        for rule in rules:
            self._put(rule)
        for next_type in DonationType:
            self._check_gates(next_type)
            self._check_intervals(next_type)

    def _put(self, rule: Rule) -> None:
        if rule.kind is Kind.DEFERRAL:
            if rule.code in self.deferrals:
                raise RulesUnusable(f"two rules for {rule.code} hold on the same day")
            self.deferrals[rule.code] = rule
            return
        for next_type in rule.applies_to:
            if rule.kind is Kind.GATE:
                self.gates[next_type].append(rule)
            elif rule.kind is Kind.LIMIT:
                self.limits[next_type].append(rule)
            else:
                lost = (False, True) if rule.red_cells_lost is None else (rule.red_cells_lost,)
                for previous, red_cells_lost in product(rule.previous, lost):
                    self.intervals[previous, red_cells_lost, next_type].append(rule)

    def _check_gates(self, next_type: DonationType) -> None:
        everybodys = [
            (rule.field, rule.op)
            for rule in self.gates[next_type]
            if rule.sex is None and not rule.first_time and rule.over_volume_ml is None
        ]
        weights = [(WEIGHT, Op.AT_LEAST), (WEIGHT, Op.ABOVE)]
        if (AGE, Op.AT_LEAST) not in everybodys or (AGE, Op.AT_MOST) not in everybodys:
            raise RulesUnusable(f"no age limits for {next_type}")
        if not any(weight in everybodys for weight in weights):
            raise RulesUnusable(f"no least weight for {next_type}")

    def _check_intervals(self, next_type: DonationType) -> None:
        for previous, red_cells_lost, sex in product(DonationType, (False, True), (Sex.MALE, Sex.FEMALE)):
            rules = self.intervals[previous, red_cells_lost, next_type]
            if not any(rule.is_for_sex(sex) for rule in rules):
                raise RulesUnusable(f"no interval from {previous} to {next_type} for {sex}")


class RuleSet:
    """All rules of one jurisdiction, past, present and announced."""

    def __init__(self, rules: Iterable[Rule], *, jurisdiction: str) -> None:
        self.jurisdiction = jurisdiction
        self.rules = tuple(rule for rule in rules if rule.jurisdiction == jurisdiction)
        self.private_codes = frozenset(rule.code for rule in self.rules if rule.private)
        days = chain.from_iterable((rule.effective_from, rule.effective_to) for rule in self.rules)
        # Between two of these days nothing changes, so one arrangement serves the whole stretch.
        self._changes = sorted({day for day in days if day is not None})
        self._stretches: dict[int, RulesInForce] = {}

    def in_force(self, on: dt.date) -> RulesInForce:
        """Return the rules that hold on the day. Raises: RulesUnusable."""
        stretch = bisect_right(self._changes, on)
        found = self._stretches.get(stretch)
        if found is None:
            found = RulesInForce(rule for rule in self.rules if rule.is_in_force(on))
            self._stretches[stretch] = found
        return found

    def next_change_after(self, on: dt.date) -> dt.date | None:
        """Return the first later day on which other rules hold: what was computed before is then stale."""
        return next((day for day in self._changes if day > on), None)

    def declarable(self, on: dt.date) -> tuple[Rule, ...]:
        """Return the deferrals that a person may state, in the order of their codes."""
        return tuple(rule for rule in self.recordable(on) if rule.declarable)

    def recordable(self, on: dt.date) -> tuple[Rule, ...]:
        """Return the deferrals that a centre may record, in the order of their codes."""
        deferrals = self.in_force(on).deferrals
        return tuple(deferrals[code] for code in sorted(deferrals))


@cache
def packaged_ruleset(jurisdiction: str = "IN") -> RuleSet:
    """Return the rules that come with the product for `IN` or `BD`."""
    return RuleSet(packaged_rules(), jurisdiction=jurisdiction)
