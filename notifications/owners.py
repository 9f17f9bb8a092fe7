"""Whose devices, wishes and windows: a person's or a member's."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import Q


@dataclass(frozen=True, slots=True)
class Owner:
    """Exactly one of the two."""

    user_id: uuid.UUID | None = None
    member_id: uuid.UUID | None = None

    @property
    def id(self) -> uuid.UUID:
        found = self.user_id or self.member_id
        if found is None:
            raise ValueError("An owner is a person or a member.")
        return found

    @property
    def columns(self) -> dict[str, uuid.UUID | None]:
        return {"user_id": self.user_id, "member_id": self.member_id}

    @property
    def rows(self) -> Q:
        """The condition that a row is this owner's; by one column, so that its index serves."""
        return Q(user=self.user_id) if self.user_id else Q(member=self.member_id)
