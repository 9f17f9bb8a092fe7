"""Whom a number belongs to, which telephone its code goes to, and the numbers that behave."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

MAGIC: Final = "999000"  # a number that begins so behaves as the two digits behind say
BEHAVIOURS: Final = {
    "01": "unknown_number",
    "02": "no_telephone",
    "03": "every_code_wrong",
    "04": "name_differs",
    "05": "slow",
    "06": "bad_signature",
    "07": "other_dialogue",
    "08": "expired_assertion",
}


@dataclass(frozen=True)
class Person:
    """Somebody with a number. A name that is not known fits every name."""

    number: str
    phone: str
    name: str = ""

    @property
    def token(self) -> str:
        """What the provider calls the person: the same at every check, and no number."""
        return hashlib.sha256(f"sandbox {self.number}".encode()).hexdigest()

    def is_called(self, name: str) -> bool:
        return not self.name or _plain(name) == _plain(self.name)


def behaviour_of(number: str) -> str:
    """Return how a magic number behaves, or nothing."""
    return BEHAVIOURS.get(number[len(MAGIC) : len(MAGIC) + 2], "") if number.startswith(MAGIC) else ""


def stranger(number: str) -> Person:
    """Return whoever has a number that nobody told the sandbox about: the code goes to +9190 and its last eight."""
    return Person(number, f"+9190{number[-8:]}")


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
