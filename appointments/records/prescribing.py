"""What may be prescribed by video: the Telemedicine Practice Guidelines 2020 (25 March 2020), §3.7.4.

A medicine is known by its generic name, which is what a doctor is to write; a brand that does not say what is in it
passes these rules unseen, and stays the doctor's to answer for.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from appointments.errors import DrugListMissing, DrugListNotAllowed, MedicineProhibited
from appointments.records.states import DrugList
from appointments.states import VisitKind

DATA: Final = Path(__file__).resolve().parent.parent / "data" / "prohibited_medicines.csv"
WORD: Final = re.compile(r"[a-z]+")


@cache
def prohibited() -> Mapping[str, str]:
    """Return the generic names that are never prescribed by video, each with the law that says so."""
    with DATA.open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["source"] for row in csv.DictReader(file)}


def law_against(medicine: str) -> str:
    """Return the law by which the medicine, or a part of a combination, is prohibited; empty when none does."""
    return next((prohibited()[word] for word in WORD.findall(medicine.lower()) if word in prohibited()), "")


def refuse_unlawful(lines: Sequence[Mapping[str, Any]], *, kind: VisitKind, is_follow_up: bool) -> None:
    """Refuse what this kind of visit does not allow; in person the doctor's own registration decides.

    Raises: MedicineProhibited, DrugListMissing, DrugListNotAllowed, which point at the lines
    """
    if kind is not VisitKind.VIDEO:
        return
    laws = {place: law_against(line["medicine"]) for place, line in enumerate(lines)}
    if any(laws.values()):
        raise MedicineProhibited(
            pointers=[f"/lines/{place}/medicine" for place, law in laws.items() if law],
            laws=sorted({law for law in laws.values() if law}),
        )
    unsaid = [place for place, line in enumerate(lines) if not line.get("list")]
    if unsaid:
        raise DrugListMissing(pointers=[f"/lines/{place}/list" for place in unsaid])
    early = [place for place, line in enumerate(lines) if line["list"] == DrugList.B and not is_follow_up]
    if early:
        raise DrugListNotAllowed(pointers=[f"/lines/{place}/list" for place in early])
