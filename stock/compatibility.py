"""Whose blood may be given to whom, best first: dated rows of `data/compatibility.csv`, each with its source.

Ranks are the tiers of allocation. Red cells: 1 identical, 2 same ABO with the other RhD, 3 another compatible
ABO, 4 O+, 5 O-. Whole blood: 1 identical, 2 same ABO. Plasma, cryoprecipitate, platelets: the source's order.
Within a rank the recipient's own RhD comes first, then the order of `BloodGroup`.

Choices that the sources leave open, all of them on the safe side:
- Whole blood is ABO identical, low titre or not, and never matched for an unknown group.
- Plasma or platelets that need a low titre of antibodies count only when the caller knows of the titre.
- Bombay (`Oh`) gives to and receives from Bombay only, with RhD as for red cells, whatever the component.
- A recipient of unknown group gets O- red cells; O+ too if male over 18 or over 50. An unknown or other sex
  is treated as female, an unknown age as a young one.
- RhD-negative recipients get RhD-positive platelets only if male or over 50; RhD is ignored for plasma.
- RhD-positive red cells for an RhD-negative recipient are a recorded override of a doctor, never a match.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from common import clock
from common.blood import BloodGroup, Sex
from stock.components import CompatibilityClass, Component, compatibility_class

DATA: Final = Path(__file__).parent / "data" / "compatibility.csv"
UNKNOWN: Final = "unknown"
Recipient = BloodGroup | Literal["unknown"]

_ANY_SEX: Final = "any"
_LOW_TITRE: Final = "low_titre"
_BOMBAY: Final = "Oh"
_ORDER: Final = {group: place for place, group in enumerate(BloodGroup)}


@dataclass(frozen=True, slots=True)
class CompatibilityRow:
    """One pair that may be used, and on which condition; a pair without row may not."""

    component_class: CompatibilityClass
    recipient: Recipient
    donor: BloodGroup
    rank: int
    recipient_sex: str
    recipient_over_age: int | None
    requires: str
    source: str
    status: str
    effective_from: dt.date
    effective_to: dt.date | None

    def is_in_force(self, on: dt.date) -> bool:
        return self.effective_from <= on and (self.effective_to is None or on < self.effective_to)

    def suits(self, *, sex: Sex | None, age: int | None, low_titre: bool) -> bool:
        """Whether the recipient and the bag meet the row's conditions."""
        of_sex = self.recipient_sex in (_ANY_SEX, sex or Sex.OTHER)
        of_age = self.recipient_over_age is None or (age is not None and age > self.recipient_over_age)
        return of_sex and of_age and (self.requires != _LOW_TITRE or low_titre)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a pair is, or is not, used. `rank` and `source` are those of the row that allows it.

    Codes when compatible: identical, same_abo, compatible_abo, universal; otherwise: bombay_only,
    abo_incompatible, rhd_incompatible, low_titre_needed, recipient_not_covered.
    """

    compatible: bool
    code: str
    message: str
    rank: int | None = None
    source: str = ""


def compatible_donors(
    recipient: Recipient,
    component: Component,
    *,
    sex: Sex | None = None,
    age: int | None = None,
    low_titre: bool = False,
    on: dt.date | None = None,
) -> tuple[BloodGroup, ...]:
    """Return the groups that may be given, best first. `sex` and `age` (completed years) are the recipient's.

    `low_titre` says that the bags at hand were found low in antibodies. Without `on`, today's rows count.
    """
    return tuple(row.donor for row in ranked_rows(recipient, component, sex=sex, age=age, low_titre=low_titre, on=on))


def ranked_rows(
    recipient: Recipient,
    component: Component,
    *,
    sex: Sex | None = None,
    age: int | None = None,
    low_titre: bool = False,
    on: dt.date | None = None,
) -> tuple[CompatibilityRow, ...]:
    """Return the rows behind `compatible_donors`, with rank and source, in the same order."""
    rows = _rows_for(recipient, component, on)
    return tuple(row for row in rows if row.suits(sex=sex, age=age, low_titre=low_titre))


def is_compatible(
    recipient: Recipient,
    donor: BloodGroup,
    component: Component,
    *,
    sex: Sex | None = None,
    age: int | None = None,
    low_titre: bool = False,
    on: dt.date | None = None,
) -> bool:
    """Whether the donor's group may be given to the recipient."""
    return donor in compatible_donors(recipient, component, sex=sex, age=age, low_titre=low_titre, on=on)


def explain(
    recipient: Recipient,
    donor: BloodGroup,
    component: Component,
    *,
    sex: Sex | None = None,
    age: int | None = None,
    low_titre: bool = False,
    on: dt.date | None = None,
) -> Explanation:
    """Return why the pair is, or is not, used."""
    # Rows of the database hold groups as plain text.
    recipient, donor = _recipient(recipient), BloodGroup(donor)
    rows = _rows_for(recipient, component, on)
    for row in rows:
        if row.donor == donor and row.suits(sex=sex, age=age, low_titre=low_titre):
            return _allowed(row)
    return _refused(recipient, donor, rows, low_titre=low_titre)


def _allowed(row: CompatibilityRow) -> Explanation:
    if row.recipient == UNKNOWN:
        code, message = "universal", "May be given while the recipient's group is not known."
    elif row.recipient == row.donor:
        code, message = "identical", "The same ABO group and RhD."
    elif row.recipient.abo == row.donor.abo:
        code, message = "same_abo", "The same ABO group, and the RhD of the donor is allowed."
    else:
        code, message = "compatible_abo", "A compatible ABO group, and the RhD of the donor is allowed."
    return Explanation(compatible=True, code=code, message=message, rank=row.rank, source=row.source)


def _refused(
    recipient: Recipient, donor: BloodGroup, rows: tuple[CompatibilityRow, ...], *, low_titre: bool
) -> Explanation:
    conditional = [row for row in rows if row.donor == donor]
    if (donor.abo == _BOMBAY) != (recipient != UNKNOWN and recipient.abo == _BOMBAY):
        code, message = (
            "bombay_only",
            "The Bombay group is given to, and receives from, the Bombay group only.",
        )
    elif any(row.requires == _LOW_TITRE for row in conditional) and not low_titre:
        code, message = "low_titre_needed", "Only with a low titre of antibodies, which is not known here."
    elif conditional:
        code, message = "recipient_not_covered", "Not for a recipient of this, or of unknown, age and sex."
    elif any(row.donor.abo == donor.abo for row in rows):
        code, message = "rhd_incompatible", "RhD-positive blood is not given to this recipient."
    else:
        code, message = "abo_incompatible", "The ABO groups do not fit for this component."
    return Explanation(compatible=False, code=code, message=message)


def load_rows(path: Path = DATA) -> list[CompatibilityRow]:
    """Read the rows of a compatibility file. Raises: ValueError, KeyError on a row that cannot be read."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_read(row) for row in csv.DictReader(file)]


def _read(row: Mapping[str, str]) -> CompatibilityRow:
    return CompatibilityRow(
        component_class=CompatibilityClass(row["component_class"]),
        recipient=_recipient(row["recipient"]),
        donor=BloodGroup(row["donor"]),
        rank=int(row["rank"]),
        recipient_sex=row["recipient_sex"],
        recipient_over_age=int(row["recipient_over_age"]) if row["recipient_over_age"] else None,
        requires=row["requires"],
        source=row["source"],
        status=row["status"],
        effective_from=dt.date.fromisoformat(row["effective_from"]),
        effective_to=dt.date.fromisoformat(row["effective_to"]) if row["effective_to"] else None,
    )


def _recipient(text: str) -> Recipient:
    return UNKNOWN if text == UNKNOWN else BloodGroup(text)


def _rows_for(recipient: Recipient, component: Component, on: dt.date | None) -> tuple[CompatibilityRow, ...]:
    table = _table(clock.now().date() if on is None else on)
    return table.get((compatibility_class(component), recipient), ())


@lru_cache(maxsize=8)
def _table(on: dt.date) -> dict[tuple[CompatibilityClass, Recipient], tuple[CompatibilityRow, ...]]:
    found: dict[tuple[CompatibilityClass, Recipient], list[CompatibilityRow]] = {}
    for row in load_rows():
        if row.is_in_force(on):
            found.setdefault((row.component_class, row.recipient), []).append(row)
    return {key: tuple(sorted(rows, key=_best_first)) for key, rows in found.items()}


def _best_first(row: CompatibilityRow) -> tuple[int, bool, int]:
    other_rh = row.recipient != UNKNOWN and row.recipient.rh != row.donor.rh
    return row.rank, other_rh, _ORDER[row.donor]
