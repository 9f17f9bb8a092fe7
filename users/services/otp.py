"""One-time codes: asked for, sent by a message, spent once."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.conf import settings

from common import clock, outbox, throttle
from common.crypto import encrypt
from common.db import command, delete_in_batches, lock, step
from common.ids import uuid7
from common.phone import sms_allowed
from common.retention import retained
from common.secret_codes import code_digest, code_matches, new_code
from users.errors import CodeInvalid, PhoneNotServed
from users.models import SEALED_CODE, OtpChallenge, User
from users.states import Purpose

LIFETIME = dt.timedelta(minutes=5)  # OWASP ASVS 5.0, 6.5.5: at most 10 minutes
ATTEMPTS = 5


@dataclass(frozen=True)
class Challenge:
    """A code that was asked for. `account_id` is none where the number has no account."""

    id: uuid.UUID
    phone: str
    account_id: uuid.UUID | None
    language: str
    expires_at: dt.datetime
    resend_after: dt.datetime


@command
def request_code(
    *, phone: str, purpose: Purpose, account_id: uuid.UUID | None, language: str, is_familiar: bool = False
) -> Challenge:
    """Open a challenge for the number and let a message carry its code; an older open one of the purpose is void.

    The answer is the same whether or not the number has an account (`account_id`). Who asks from where the account
    has signed in (`is_familiar`) is not held up by strangers who ask too.
    Emits: otp.requested      Raises: PhoneNotServed, TooMany
    """
    if not sms_allowed(phone, settings.SMS_PREFIXES):
        raise PhoneNotServed
    asked_by = f"{phone} familiar" if is_familiar else phone
    throttle.spend("otp_phone", asked_by)
    throttle.spend("otp_phone_day", asked_by)
    throttle.spend("otp_resend", f"{asked_by} {purpose}")
    now = clock.now()
    OtpChallenge.objects.filter(phone=phone, purpose=purpose, closed_at=None).update(closed_at=now, code_sealed=None)
    code, pk = new_code(), uuid7()
    challenge = OtpChallenge.objects.create(
        pk=pk,
        phone=phone,
        purpose=purpose,
        account_id=account_id,
        language=language,
        code_digest=code_digest(code, purpose=purpose, subject=str(pk)),
        code_sealed=encrypt(code, context=SEALED_CODE),
        attempts_left=ATTEMPTS,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    outbox.emit("otp.requested", key=f"otp:{pk}", challenge=str(pk))
    return _told(challenge)


def request_person_code(*, phone: str, purpose: Purpose, language: str, is_familiar: bool = False) -> Challenge:
    """Open a challenge of the people's side. Raises: PhoneNotServed, TooMany."""
    account_id = User.objects.filter(phone=phone).values_list("pk", flat=True).first()
    return request_code(phone=phone, purpose=purpose, account_id=account_id, language=language, is_familiar=is_familiar)


@step
def spend_code(*, challenge_id: uuid.UUID, code: str, purpose: Purpose) -> Challenge:
    """Close the challenge by its code and return it; a wrong code costs one of five attempts, even so refused.

    Locks: the challenge.      Raises: CodeInvalid, the same for every cause
    """
    challenge = next(iter(lock(OtpChallenge, [challenge_id])), None)
    now = clock.now()
    if (
        challenge is None
        or challenge.purpose != purpose
        or challenge.closed_at is not None
        or challenge.expires_at <= now
    ):
        raise CodeInvalid
    if not code_matches(code, challenge.code_digest, purpose=purpose, subject=str(challenge.pk)):
        challenge.attempts_left -= 1
        if challenge.attempts_left == 0:
            challenge.closed_at, challenge.code_sealed = now, None
        challenge.save(update_fields=["attempts_left", "closed_at", "code_sealed"])
        raise CodeInvalid
    challenge.closed_at, challenge.code_sealed = now, None
    challenge.save(update_fields=["closed_at", "code_sealed"])
    return _told(challenge)


@step
def mark_sent(*, challenge_id: uuid.UUID) -> None:
    """Wipe the sealed code: a message carries it now."""
    OtpChallenge.objects.filter(pk=challenge_id).update(code_sealed=None)


def _told(challenge: OtpChallenge) -> Challenge:
    return Challenge(
        id=challenge.pk,
        phone=challenge.phone,
        account_id=challenge.account_id,
        language=challenge.language,
        expires_at=challenge.expires_at,
        resend_after=challenge.created_at + throttle.Rate.parse(settings.THROTTLES["otp_resend"]).period,
    )


@retained(
    "one_time_codes",
    what="One-time codes: the number, and a keyed digest",
    since="since they expired",
    why="To count tries for a day.",
    keep=dt.timedelta(days=1),
    floor=dt.timedelta(hours=1),
)
def prune(keep: dt.timedelta) -> int:
    """Delete challenges a day after they expired; return how many went."""
    return delete_in_batches(OtpChallenge.objects.filter(expires_at__lt=clock.now() - keep))
