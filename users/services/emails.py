"""E-mail addresses: whose they are is known when a link that was sent there comes back."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core import signing

from common import clock, outbox, throttle
from common.crypto import keyed_digest
from common.db import command, lock_one, step
from common.errors import NotFound
from users.errors import EmailAlreadyVerified, EmailLinkInvalid, EmailMissing
from users.models import User
from users.states import EmailStatus

LIFETIME: Final = dt.timedelta(hours=24)
PURPOSE: Final = "users.email.verify.1"


@dataclass(frozen=True)
class LetterToSend:
    """What goes to an address that is not yet known to be the person's."""

    user_id: uuid.UUID
    email: str
    language: str
    zone: str
    token: str


@command
def ask_for_verification(*, user_id: uuid.UUID) -> User:
    """Have the link sent to the account's address; also to one that was refused, to try it anew.

    Locks: the person.      Emits: email.verification_asked
    Raises: EmailMissing, EmailAlreadyVerified, TooMany when the address was written to too often, by whomever
    """
    user = lock_one(User, user_id)
    if user.email_status is EmailStatus.NONE:
        raise EmailMissing
    if user.email_status is EmailStatus.VERIFIED:
        raise EmailAlreadyVerified
    throttle.spend("email_address", user.email.lower())
    outbox.emit("email.verification_asked", key=f"user:{user.pk}", user=str(user.pk))
    return user


def letter_to_send(user_id: uuid.UUID) -> LetterToSend | None:
    """Return what to send to the person's address; None where there is nothing left to verify."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or user.email_status in (EmailStatus.NONE, EmailStatus.VERIFIED):
        return None
    token = signing.dumps([str(user.pk), _fingerprint(user.email)], salt=PURPOSE, compress=True)
    return LetterToSend(user.pk, user.email, user.language, user.zone, token)


def read_token(token: str) -> User:
    """Return whom the link would verify, with the address it was sent to. Raises: EmailLinkInvalid"""
    try:
        subject, fingerprint = signing.loads(token, salt=PURPOSE, max_age=LIFETIME)
        user = User.objects.filter(pk=uuid.UUID(subject), is_active=True).first()
    except (signing.BadSignature, ValueError, TypeError) as exc:
        raise EmailLinkInvalid from exc
    if user is None or _fingerprint(user.email) != fingerprint:
        raise EmailLinkInvalid
    return user


@command
def verify(*, token: str) -> User:
    """Note that the address is the person's: whoever has the link reads what is sent there. Twice changes nothing.

    Locks: the person.      Raises: EmailLinkInvalid
    """
    seen = read_token(token)
    try:
        user = lock_one(User, seen.pk)
    except NotFound as exc:
        raise EmailLinkInvalid from exc
    if user.email.lower() != seen.email.lower() or not user.is_active:
        raise EmailLinkInvalid
    if user.email_status is not EmailStatus.VERIFIED:
        user.email_verified_at, user.email_refused_at = clock.now(), None
        user.save(update_fields=["email_verified_at", "email_refused_at"])
    return user


@step
def note_refused(*, user_id: uuid.UUID, address: str, tried_at: dt.datetime) -> bool:
    """Send nothing more to a mailbox that is none, until the address is changed or verified anew.

    Another address, and one that was verified after the mail was tried, stay as they are. Returns whether it was noted.
    """
    rows = User.objects.filter(pk=user_id, email__iexact=address, email_refused_at=None)
    return bool(rows.exclude(email_verified_at__gt=tried_at).update(email_refused_at=clock.now()))


def _fingerprint(email: str) -> str:
    return keyed_digest(settings.SECRET_KEY, PURPOSE, email.strip().lower())[:32]
