"""What a donation is made into: names, storage, shelf life, and which donation it needs.

The facts are rows of `data/components.csv`, one per component and anticoagulant, each with its source and
whether it was verified or is policy. A component opened or pooled in an open system lives `OPEN_SYSTEM_LIFE`.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from common.blood import DonationType

DATA: Final = Path(__file__).parent / "data" / "components.csv"
ANY_ANTICOAGULANT: Final = "any"
# Schedule F Part XII-B of the Drugs Rules 1945, as quoted by a secondary source.
OPEN_SYSTEM_LIFE: Final = dt.timedelta(hours=6)


class Component(StrEnum):
    """What a bag may hold; `short_code` is what its label and the staff say."""

    WHOLE_BLOOD = "whole_blood"
    RED_CELLS = "red_cells"
    RED_CELLS_ADDITIVE = "red_cells_additive"
    RED_CELLS_IRRADIATED = "red_cells_irradiated"
    RED_CELLS_WASHED = "red_cells_washed"
    PLATELETS_RANDOM = "platelets_random"
    PLATELETS_APHERESIS = "platelets_apheresis"
    FRESH_FROZEN_PLASMA = "fresh_frozen_plasma"
    THAWED_PLASMA = "thawed_plasma"
    CRYOPRECIPITATE = "cryoprecipitate"
    CRYO_POOR_PLASMA = "cryo_poor_plasma"
    GRANULOCYTES = "granulocytes"

    @property
    def short_code(self) -> str:
        """`WB`, `PRBC`, `SDP`, …"""
        return _facts(self)[0].short_code


class CompatibilityClass(StrEnum):
    """Components that follow the same rules of who may receive them."""

    RED_CELLS = "red_cells"
    WHOLE_BLOOD = "whole_blood"
    PLASMA = "plasma"
    PLATELETS = "platelets"


class ComponentUnknown(ValueError):
    """The text names no component, or the component is not made with this anticoagulant."""


@dataclass(frozen=True, slots=True)
class TemperatureBand:
    """Degrees Celsius, both ends allowed; no `min_c` means that colder is fine."""

    min_c: Decimal | None
    max_c: Decimal

    def contains(self, temperature_c: Decimal) -> bool:
        return (self.min_c is None or temperature_c >= self.min_c) and temperature_c <= self.max_c


@dataclass(frozen=True, slots=True)
class ComponentFacts:
    """One row of the data: a component made with one anticoagulant.

    `shelf_life` runs from the act that `counts_from` names (collection, irradiation, washing, thawing).
    `separated_within` is how soon after the draw it has to be made of whole blood, where there is such a rule.
    `eraktkosh_code` is the component's number in the national portal, empty where it has none.
    """

    component: Component
    short_code: str
    compatibility_class: CompatibilityClass
    donation_type: DonationType
    anticoagulant: str
    storage: TemperatureBand
    transport: TemperatureBand
    agitated: bool
    shelf_life: dt.timedelta
    counts_from: str
    separated_within: dt.timedelta | None
    default_volume_ml: int | None
    eraktkosh_code: str
    source: str
    status: str


def parse_component(text: str) -> Component:
    """Return the component of a name or a short code, in any case: `red_cells`, `PRBC`, `sdp`.

    Raises: ComponentUnknown.
    """
    wanted = text.strip().lower()
    for component in Component:
        if wanted in (component.value, component.short_code.lower()):
            return component
    raise ComponentUnknown(f"There is no component {wanted!r}.")


def facts_of(component: Component, *, anticoagulant: str | None = None) -> ComponentFacts:
    """Return the row of a component; where the anticoagulant is not known, the one with the shortest life.

    Raises: ComponentUnknown.
    """
    rows = _facts(component)
    if anticoagulant is None:
        return min(rows, key=lambda row: row.shelf_life)
    for row in rows:
        if row.anticoagulant in (anticoagulant, ANY_ANTICOAGULANT):
            return row
    raise ComponentUnknown(f"{component} is not made with {anticoagulant!r}.")


def rows_of(component: Component) -> tuple[ComponentFacts, ...]:
    """Return the component's rows, one per anticoagulant."""
    return _facts(component)


def donation_type_for(component: Component) -> DonationType:
    """Return the donation that a donor gives for this component."""
    return _facts(component)[0].donation_type


def compatibility_class(component: Component) -> CompatibilityClass:
    """Return whose rules of compatibility the component follows."""
    return _facts(component)[0].compatibility_class


def expires_at(
    component: Component,
    *,
    started_at: dt.datetime,
    anticoagulant: str | None = None,
    not_after: dt.datetime | None = None,
) -> dt.datetime:
    """Return when the component's life ends.

    `started_at` is the moment of the act the life counts from: collection, or for a treated component its
    irradiation, washing or thawing; `not_after` is then the expiry of the component it was made from. Without
    an anticoagulant the shortest life counts.

    Raises: ComponentUnknown.
    """
    end = started_at + facts_of(component, anticoagulant=anticoagulant).shelf_life
    return end if not_after is None else min(end, not_after)


def longest_source_life(component: Component) -> dt.timedelta:
    """Return the longest life of what a treated component may be made of: like it, and counted from collection."""
    alike = [
        facts
        for kind in Component
        for facts in _facts(kind)
        if compatibility_class(kind) == compatibility_class(component)
    ]
    return max(facts.shelf_life for facts in alike if facts.counts_from == "collection")


def load_components(path: Path = DATA) -> list[ComponentFacts]:
    """Read the rows of a components file. Raises: ValueError, KeyError on a row that cannot be read."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_read(row) for row in csv.DictReader(file)]


def _read(row: Mapping[str, str]) -> ComponentFacts:
    return ComponentFacts(
        component=Component(row["component"]),
        short_code=row["short_code"],
        compatibility_class=CompatibilityClass(row["compatibility_class"]),
        donation_type=DonationType(row["donation_type"]),
        anticoagulant=row["anticoagulant"],
        storage=_band(row["storage_min_c"], row["storage_max_c"]),
        transport=_band(row["transport_min_c"], row["transport_max_c"]),
        agitated=row["agitated"] == "yes",
        shelf_life=dt.timedelta(hours=int(row["shelf_life_hours"])),
        counts_from=row["counts_from"],
        separated_within=_hours(row["separated_within_hours"]),
        default_volume_ml=int(row["default_volume_ml"]) if row["default_volume_ml"] else None,
        eraktkosh_code=row["eraktkosh_code"],
        source=row["source"],
        status=row["status"],
    )


def _hours(text: str) -> dt.timedelta | None:
    return dt.timedelta(hours=int(text)) if text else None


def _band(min_c: str, max_c: str) -> TemperatureBand:
    return TemperatureBand(Decimal(min_c) if min_c else None, Decimal(max_c))


@cache
def _by_component() -> dict[Component, tuple[ComponentFacts, ...]]:
    rows = load_components()
    return {component: tuple(row for row in rows if row.component == component) for component in Component}


def _facts(component: Component) -> tuple[ComponentFacts, ...]:
    return _by_component()[component]
