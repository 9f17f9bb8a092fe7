"""How much is known of who a person is."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.conf import settings

from common.errors import NotFound
from users.models import IdentityAssurance, IdentityAttestation
from users.states import LABELS, AssuranceLabel, AssuranceLevel, IdentityMethod


@dataclass(frozen=True)
class Assurance:
    """How much is known of who a person is: never more than the level says."""

    level: AssuranceLevel
    label: AssuranceLabel
    since: dt.datetime | None
    method: IdentityMethod | None
    last4: str | None


@dataclass(frozen=True)
class Way:
    """A way to reach a level, and whether it is open here."""

    level: AssuranceLevel
    label: AssuranceLabel
    method: IdentityMethod
    offered: bool


def assurance_of(user_id: uuid.UUID) -> Assurance:
    """Return the highest level that the person has reached and not taken back."""
    row = IdentityAssurance.objects.filter(user_id=user_id, ended_at=None).order_by("-level", "-pk").first()
    if row is None:
        return Assurance(AssuranceLevel.NONE, AssuranceLabel.NONE, None, None, None)
    level = AssuranceLevel(row.level)
    return Assurance(level, LABELS[level], row.created_at, IdentityMethod(row.method), row.last4)


def attestation_of(user_id: uuid.UUID, attestation_id: uuid.UUID) -> IdentityAttestation:
    """Return one of the person's own attestations. Raises: NotFound."""
    row = IdentityAttestation.objects.filter(pk=attestation_id, user_id=user_id).first()
    if row is None:
        raise NotFound
    return row


def ways_to_prove() -> list[Way]:
    """Return every way to reach a level, and whether it is open here."""
    offered = {
        IdentityMethod.AADHAAR_FORMAT: True,
        IdentityMethod.LICENSED_PROVIDER: bool(settings.IDENTITY_PROVIDER_URL),
        IdentityMethod.AADHAAR_OFFLINE_XML: bool(settings.UIDAI_CERTIFICATES),
    }
    levels = (level for level in AssuranceLevel if level is not AssuranceLevel.NONE)
    return [Way(level, LABELS[level], method, offered[method]) for level, method in zip(levels, offered, strict=True)]
