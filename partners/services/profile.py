"""What an owner may change of the organisation."""

from __future__ import annotations

import uuid
from typing import Any

from common.db import command, lock_one
from partners.models import Partner
from partners.services import history


@command
def change_profile(*, partner_id: uuid.UUID, actor: str, changes: dict[str, Any]) -> Partner:
    """Change contact, address, place, hours or zone; on a claim that waits, what the claimant says of them.

    Locks:  the partner.      Raises: NotFound
    """
    partner = lock_one(Partner, partner_id)
    if not changes:
        return partner
    if partner.claimed_profile is None:
        for name, value in changes.items():
            setattr(partner, name, value)
        partner.save(update_fields=[*changes, "updated_at"])
    else:
        said = {name: value if value is None else str(value) for name, value in changes.items()}
        partner.claimed_profile = {**partner.claimed_profile, **said}
        partner.save(update_fields=["claimed_profile", "updated_at"])
    history.record(partner, "edit", actor=actor, reason=", ".join(sorted(changes)))
    return partner
