"""The rules as values: one row each, dated, of one jurisdiction, with its source.

The packaged rows are `users/data/eligibility_rules.csv` (gates, intervals, limits) and
`users/data/deferral_rules.csv`. Anything with the same names (a model row, a mapping) can be read.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from common.blood import DonationType, Sex

DATA: Final = Path(__file__).parent.parent / "data"
PACKAGED_FILES: Final = (DATA / "eligibility_rules.csv", DATA / "deferral_rules.csv")

AGE: Final = "age_years"
WEIGHT: Final = "weight_kg"
GATE_FIELDS: Final = frozenset(
    {
        AGE,
        WEIGHT,
        "volume_ml",
        "haemoglobin_g_dl",
        "systolic",
        "diastolic",
        "pulse",
        "temperature_c",
        "platelet_count",
    }
)


class RuleInvalid(ValueError):
    """A row cannot be read as a rule; the message names the code and the column."""


class Kind(StrEnum):
    """What a rule limits: a measured value, the time between two donations, their number, or an event."""

    GATE = "gate"
    INTERVAL = "interval"
    LIMIT = "limit"
    DEFERRAL = "deferral"


class Op(StrEnum):
    """How the value of a donor must stand to the value of the rule."""

    AT_LEAST = "ge"
    ABOVE = "gt"
    AT_MOST = "le"


class Status(StrEnum):
    """Whether the number was found in the named source, or is the product's own until it is confirmed."""

    VERIFIED = "verified"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. Columns that a kind does not use are empty.

    gate: `field op value unit` must hold; with `first_time` only for somebody who never gave, with
    `over_volume_ml` only where more is to be taken. `permanent` says that failing it is for good.
    interval: `defer_days` after a donation of a `previous` type, of `red_cells_lost` if that is set.
    limit: at most `value` donations of the `previous` types in `defer_days` days.
    deferral: `defer_days` from the day that `counts_from` names; with `until_resolved`, from the day it was
    over, and without end before. `declarable`: a person may state it; others only a centre. `private`: the
    reason is never spelled out. A rule that is not `enabled` is as good as absent.
    """

    kind: Kind
    code: str
    jurisdiction: str
    applies_to: frozenset[DonationType]
    sex: Sex | None
    field: str
    op: Op | None
    value: Decimal | None
    unit: str
    first_time: bool
    over_volume_ml: int | None
    previous: frozenset[DonationType]
    red_cells_lost: bool | None
    counts_from: str
    defer_days: int | None
    until_resolved: bool
    permanent: bool
    declarable: bool
    private: bool
    enabled: bool
    message: str
    source: str
    source_item: str
    status: Status
    effective_from: dt.date
    effective_to: dt.date | None

    def __post_init__(self) -> None:
        if not self.applies_to:
            raise RuleInvalid(f"{self.code}: applies_to is empty")
        if self.effective_to is not None and self.effective_to <= self.effective_from:
            raise RuleInvalid(f"{self.code}: effective_to is not after effective_from")
        if self.kind is Kind.GATE:
            self._check_gate()
        elif self.kind is Kind.DEFERRAL:
            self._check_deferral()
        elif not self.previous or self.defer_days is None:
            raise RuleInvalid(f"{self.code}: previous and defer_days are needed")
        elif self.kind is Kind.LIMIT and (self.value is None or self.value < 1):
            raise RuleInvalid(f"{self.code}: a limit needs a value of at least 1")

    def _check_gate(self) -> None:
        if self.field not in GATE_FIELDS or self.op is None or self.value is None:
            raise RuleInvalid(f"{self.code}: field, op and value are needed")
        if self.field == AGE and (self.op is Op.ABOVE or self.value % 1):
            raise RuleInvalid(f"{self.code}: an age is whole years, at least or at most")

    def _check_deferral(self) -> None:
        if self.permanent == (self.defer_days is not None):
            raise RuleInvalid(f"{self.code}: either permanent or defer_days")
        if self.permanent and self.until_resolved:
            raise RuleInvalid(f"{self.code}: what is permanent is never resolved")
        if self.private and self.declarable:
            raise RuleInvalid(f"{self.code}: what is private cannot be declared")

    def is_in_force(self, on: dt.date) -> bool:
        return self.enabled and self.effective_from <= on and (self.effective_to is None or on < self.effective_to)

    def is_for_sex(self, sex: Sex | None) -> bool:
        """Whether the rule holds for the sex; other and unknown meet every rule, and so the strictest."""
        return self.sex is None or sex in (None, Sex.OTHER, self.sex)


COLUMNS: Final = tuple(field.name for field in fields(Rule))


def load_rows(path: Path) -> list[Rule]:
    """Read the rules of a CSV file. Raises: RuleInvalid."""
    with path.open(encoding="utf-8", newline="") as file:
        return rules_from_rows(csv.DictReader(file))


def rules_from_rows(rows: Iterable[Mapping[str, Any] | object]) -> list[Rule]:
    """Read rules from mappings or objects that have `COLUMNS`; an absent one counts as empty.

    Values may be text as in the CSV files or already of their type (None, bool, Decimal, date).

    Raises: RuleInvalid.
    """
    return [_rule(row) for row in rows]


@cache
def packaged_rules() -> tuple[Rule, ...]:
    """Return the rules that come with the product."""
    return tuple(rule for path in PACKAGED_FILES for rule in load_rows(path))


def normalise_code(text: str) -> str:
    """Return a deferral code as it is stored: `TATTOO` and ` tattoo` are `tattoo`."""
    return text.strip().lower()


def as_text(rule: Rule) -> dict[str, str]:
    """Return the rule as a row of text under `COLUMNS`; `rules_from_rows` reads it back."""
    return {column: _text(getattr(rule, column)) for column in COLUMNS}


def _rule(row: Mapping[str, Any] | object) -> Rule:
    got = row.get if isinstance(row, Mapping) else lambda name: getattr(row, name, None)
    text = {name: _text(got(name)) for name in COLUMNS}
    try:
        return Rule(
            kind=Kind(text["kind"]),
            code=text["code"],
            jurisdiction=text["jurisdiction"],
            applies_to=_types(text["applies_to"]),
            sex=None if text["sex"] in ("", "any") else Sex(text["sex"]),
            field=text["field"],
            op=Op(text["op"]) if text["op"] else None,
            value=Decimal(text["value"]) if text["value"] else None,
            unit=text["unit"],
            first_time=_yes(text["first_time"]) or False,
            over_volume_ml=_whole(text["over_volume_ml"]),
            previous=_types(text["previous"]),
            red_cells_lost=_yes(text["red_cells_lost"]),
            counts_from=text["counts_from"],
            defer_days=_whole(text["defer_days"]),
            until_resolved=_yes(text["until_resolved"]) or False,
            permanent=_yes(text["permanent"]) or False,
            declarable=_yes(text["declarable"]) or False,
            private=_yes(text["private"]) or False,
            enabled=_yes(text["enabled"]) is not False,
            message=text["message"],
            source=text["source"],
            source_item=text["source_item"],
            status=Status(text["status"]),
            effective_from=dt.date.fromisoformat(text["effective_from"]),
            effective_to=dt.date.fromisoformat(text["effective_to"]) if text["effective_to"] else None,
        )
    except (ValueError, InvalidOperation) as error:
        raise RuleInvalid(f"{text['code'] or 'a row without code'}: {error}") from error


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, frozenset | set | list | tuple):
        return " ".join(sorted(str(item) for item in value))
    return str(value).strip()


def _types(text: str) -> frozenset[DonationType]:
    return frozenset(DonationType(word) for word in text.split())


def _yes(text: str) -> bool | None:
    """Read yes, no or nothing."""
    if text not in ("yes", "no", ""):
        raise ValueError(f"{text!r} is neither yes nor no")
    return None if text == "" else text == "yes"


def _whole(text: str) -> int | None:
    number = int(text) if text else None
    if number is not None and number < 0:
        raise ValueError(f"{text} is negative")
    return number
