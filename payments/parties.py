"""Who pays and who is paid: a person, a partner, or this platform itself."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class PartyKind(StrEnum):
    PERSON = "person"
    PARTNER = "partner"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Party:
    """One side of a payment."""

    kind: PartyKind
    id: uuid.UUID | None = None

    @classmethod
    def person(cls, user_id: uuid.UUID) -> Self:
        return cls(PartyKind.PERSON, user_id)

    @classmethod
    def partner(cls, partner_id: uuid.UUID) -> Self:
        return cls(PartyKind.PARTNER, partner_id)

    @property
    def user_id(self) -> uuid.UUID | None:
        return self.id if self.kind is PartyKind.PERSON else None

    @property
    def partner_id(self) -> uuid.UUID | None:
        return self.id if self.kind is PartyKind.PARTNER else None

    def columns(self, prefix: str) -> dict[str, uuid.UUID | None]:
        """Return the two columns that name this party in a row, as in `payer_user_id`."""
        return {f"{prefix}_user_id": self.user_id, f"{prefix}_partner_id": self.partner_id}


PLATFORM = Party(PartyKind.PLATFORM)


def party_of(user_id: uuid.UUID | None, partner_id: uuid.UUID | None) -> Party:
    """Return the party that two columns name; nobody is the platform."""
    if user_id is not None:
        return Party.person(user_id)
    return Party.partner(partner_id) if partner_id is not None else PLATFORM
