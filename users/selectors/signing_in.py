"""One-time codes to send, and the devices from which people are here."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import QuerySet

from common import sessions
from common.crypto import decrypt
from users.models import SEALED_CODE, OtpChallenge, Session
from users.states import Purpose


@dataclass(frozen=True)
class CodeToSend:
    """What a message about a one-time code says. `kind` is code, account_exists or no_account."""

    phone: str
    language: str
    purpose: Purpose
    kind: str
    code: str
    expires_at: dt.datetime


def code_to_send(challenge_id: uuid.UUID) -> CodeToSend | None:
    """Return what to tell the number about its challenge; None when there is nothing left to say."""
    challenge = OtpChallenge.objects.filter(pk=challenge_id, closed_at=None).first()
    if challenge is None or challenge.code_sealed is None:
        return None
    has_account = challenge.account_id is not None
    kind = "code"
    if challenge.purpose == Purpose.REGISTER and has_account:
        kind = "account_exists"
    elif challenge.purpose != Purpose.REGISTER and not has_account:
        kind = "no_account"
    code = decrypt(bytes(challenge.code_sealed), context=SEALED_CODE).decode() if kind == "code" else ""
    return CodeToSend(
        phone=challenge.phone,
        language=challenge.language,
        purpose=Purpose(challenge.purpose),
        kind=kind,
        code=code,
        expires_at=challenge.expires_at,
    )


def signed_in_from(phone: str) -> set[str]:
    """Return the addresses from which whoever has the number has signed in lately."""
    return sessions.addresses(Session, account__phone=phone)


def seats_of(session_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, sessions.Seat]:
    """Return those of the sessions by which somebody may still listen to what changes for them."""
    return sessions.seats(Session, session_ids, topic="account_id", account__is_active=True)


def in_touch(*, since: dt.datetime) -> QuerySet[Session]:
    """Return the devices from which somebody was there after `since`, to five minutes, signed out meanwhile or not."""
    return Session.objects.filter(last_used_at__gt=since)
