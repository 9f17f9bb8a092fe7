"""What is read from reports: names, LOINC codes, units, and what a value may be.

The table is `appointments/data/analytes.csv`, with names and units as Indian laboratories print them. Codes are
LOINC's, units are UCUM's; each printed unit has the number that a value in it is multiplied by, and one that is not
listed is never guessed. `least` and `most` bound what a living person can have: what lies outside was read wrongly.
Counts may be printed with commas between thousands.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final

DATA: Final = Path(__file__).parent.parent / "data" / "analytes.csv"
HAEMOGLOBIN: Final = "718-7"
GLUED: Final = r"[\s,.:()\[\]-]*"  # what may stand between two words of a name
BETWEEN: Final = r"[\s,.:()\[\]-]+"


@dataclass(frozen=True)
class Analyte:
    """One thing that is measured; `units` says what a value in each printed unit is multiplied by."""

    code: str
    name: str
    unit: str
    least: Decimal
    most: Decimal
    is_count: bool
    units: Mapping[str, Decimal] = field(hash=False)
    names: tuple[str, ...]

    def is_possible(self, value: Decimal) -> bool:
        return self.least <= value <= self.most


def _load() -> tuple[Analyte, ...]:
    with DATA.open(encoding="utf-8", newline="") as file:
        return tuple(_analyte(row) for row in csv.DictReader(file))


def _analyte(row: Mapping[str, str]) -> Analyte:
    units = (part.rpartition("=") for part in row["units"].split("|"))
    return Analyte(
        code=row["code"],
        name=row["name"],
        unit=row["unit"],
        least=Decimal(row["least"]),
        most=Decimal(row["most"]),
        is_count=row["is_count"] == "yes",
        units={unit.strip(): Decimal(factor.strip()) for unit, _, factor in units},
        names=tuple(name.strip() for name in row["names"].split("|")),
    )


CATALOGUE: Final = _load()
# What begins like one of them and is another thing.
OTHERS: Final = (
    *("haemoglobin a2", "hemoglobin a2", "haemoglobin f", "hemoglobin f", "haemoglobin s", "hemoglobin s"),
    *("haemoglobin electrophoresis", "hemoglobin electrophoresis", "platelet distribution width", "platelet crit"),
    *("platelet large cell ratio", "iron binding capacity", "calcium ionised", "calcium ionized", "ionized calcium"),
    *("albumin globulin ratio", "hb electrophoresis", "alt ast ratio", "creatinine clearance", "rdw sd"),
    *("estimated average glucose", "average glucose", "calcium urine", "non hdl cholesterol", "platelet volume"),
)
BY_CODE: Final[Mapping[str, Analyte]] = {analyte.code: analyte for analyte in CATALOGUE}
UNITS: Final = frozenset(analyte.unit for analyte in CATALOGUE)


@cache
def names() -> Mapping[str, Analyte | None]:
    """Return the analyte of every name, its words run together; None for what only begins like one."""
    found: dict[str, Analyte | None] = {joined(name): one for one in CATALOGUE for name in one.names}
    return {**found, **{joined(name): None for name in OTHERS}}


@cache
def name_pattern() -> re.Pattern[str]:
    """Return what finds the longest name at the beginning of a row."""
    every = {name for analyte in CATALOGUE for name in analyte.names} | set(OTHERS)
    spelt = sorted(every, key=len, reverse=True)
    alternatives = "|".join(BETWEEN.join(map(re.escape, name.split())) for name in spelt)
    return re.compile(rf"(?:{alternatives})(?=$|[\s:,()\[\].*-])")


@cache
def unit_pattern(analyte: Analyte) -> re.Pattern[str]:
    """Return what finds the analyte's printed units, the longest first."""
    spelt = sorted(analyte.units, key=len, reverse=True)
    alternatives = [
        (r"(?<![\d.])(?:x\s*)?" if unit[0].isdigit() else r"(?<![a-z/^])") + re.escape(unit).replace(r"\ ", r"\s")
        for unit in spelt
    ]
    return re.compile(rf"(?:{'|'.join(alternatives)})(?![a-z0-9/^%])")


def joined(name: str) -> str:
    return re.sub(GLUED, "", name)
