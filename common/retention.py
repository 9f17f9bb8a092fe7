"""How long what is kept: rules as data, each with its reason, its floor and a record of what it has done.

An app puts `retained` before the function that forgets, which is given the period; whoever calls the function gets the
period in force: the newest one that an administrator has set, else the packaged one. Below its floor, which a law or a
protocol sets, no period can be set. The list with every app's rules is in config/retention.py.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.db.models import F

from common import clock
from common.db import command
from common.errors import Invalid, NotFound
from common.models import RetentionPeriod, RetentionRun

HOUR: Final = dt.timedelta(hours=1)
Forget = Callable[[dt.timedelta], int]


class RetentionTooShort(Invalid):
    code, message, pointer = "retention_too_short", "A law or a protocol wants this kept for longer.", "/hours"
    constraint = "retention_not_below_floor"


class RetentionIsFixed(Invalid):
    code, message = "retention_is_fixed", "Each row says itself how long it is kept."


class Fate(StrEnum):
    """What happens to a row whose time is over."""

    DELETE = "delete"
    WIPE = "wipe"  # a column is emptied, the row stays


@dataclass(frozen=True)
class Rule:
    """What is kept how long, counted from `since`, and why. No `keep`: each row has its own end."""

    name: str
    what: str
    since: str
    why: str
    keep: dt.timedelta | None
    floor: dt.timedelta
    fate: Fate
    hourly: bool
    act: Callable[[], int]


_rules: dict[str, Rule] = {}


def retained(
    name: str,
    *,
    what: str,
    since: str,
    why: str,
    keep: dt.timedelta | None,
    floor: dt.timedelta = dt.timedelta(0),
    fate: Fate = Fate.DELETE,
    hourly: bool = False,
) -> Callable[[Forget], Callable[[], int]]:
    """Register the function as a rule. It forgets in bounded batches what is older than it is told, and counts it."""

    def register(forget: Forget) -> Callable[[], int]:
        if name in _rules:
            raise ValueError(f"{name} is a rule already.")
        if keep is not None and keep < floor:
            raise ValueError(f"{name} is packaged with less than its floor.")

        @functools.wraps(forget)
        def act() -> int:
            count = forget(period(name))
            _note_run(name=name, count=count)
            return count

        _rules[name] = Rule(name, what, since, why, keep, floor, fate, hourly, act)
        return act

    return register


def rules() -> list[Rule]:
    """Return every rule, by name."""
    return [_rules[name] for name in sorted(_rules)]


def period(name: str) -> dt.timedelta:
    """Return how long the rule keeps things now; nothing where each row has its own end. Raises: NotFound"""
    rule = _rule(name)
    if rule.keep is None:
        return dt.timedelta(0)
    hours = RetentionPeriod.objects.filter(rule=name).order_by("-pk").values_list("hours", flat=True).first()
    return rule.keep if hours is None else max(hours * HOUR, rule.floor)


@command
def set_period(*, rule: str, hours: int, reason: str, set_by: str) -> RetentionPeriod:
    """Keep it so long from now on; earlier periods stay in the history.

    Raises: NotFound, RetentionIsFixed, RetentionTooShort
    """
    found = _rule(rule)
    if found.keep is None:
        raise RetentionIsFixed
    if hours * HOUR < found.floor:
        raise RetentionTooShort(floor_hours=found.floor // HOUR)
    return RetentionPeriod.objects.create(
        rule=rule, hours=hours, floor_hours=found.floor // HOUR, reason=reason, set_by=set_by, set_at=clock.now()
    )


def apply_nightly() -> int:
    """Run every rule that is not hourly; return how many rows went. One that fails keeps no other waiting."""
    return _apply([rule for rule in rules() if not rule.hourly])


def apply_hourly() -> int:
    """Run every rule whose rows go within hours; return how many went."""
    return _apply([rule for rule in rules() if rule.hourly])


def _apply(chosen: list[Rule]) -> int:
    count, failure = 0, None
    for rule in chosen:
        try:
            count += rule.act()
        except Exception as exc:
            failure = exc
    if failure is not None:
        raise failure
    return count


def _rule(name: str) -> Rule:
    if name not in _rules:
        raise NotFound
    return _rules[name]


def _note_run(*, name: str, count: int) -> None:
    now = clock.now()
    RetentionRun.objects.bulk_create([RetentionRun(rule=name, last_at=now)], ignore_conflicts=True)
    RetentionRun.objects.filter(rule=name).update(last_at=now, last_rows=count, rows=F("rows") + count)
