"""The second step of an administrator's sign-in: codes by time (RFC 6238), and recovery codes for a lost telephone."""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
import uuid
from dataclasses import dataclass
from typing import Final

import pyotp
from django.db.models import Q

from common import clock
from common.db import command, lock_one, step
from common.errors import NotFound
from common.secret_codes import code_digest
from users.errors import CodeInvalid, SecondFactorKnown, SecondFactorNotYours
from users.models import RecoveryCode, SecondFactor, SecondFactorEvent, User
from users.states import SecondFactorVerb

INTERVAL: Final = 30  # seconds (RFC 6238 §5.2)
SLACK: Final = 1  # intervals that a telephone's clock may be off, either way (RFC 6238 §6)
RECOVERY_CODES: Final = 10
RECOVERY_PARTS, RECOVERY_PART = 4, 5  # 20 signs of 5 bits: 100 bits
ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 signs that are not mistaken for each other
ISSUER: Final = "JeevanSetu"


@dataclass(frozen=True)
class Passed:
    """The second step was made, with this factor; `recovered` says that a recovery code stood in."""

    factor_id: uuid.UUID
    recovered: bool = False
    codes_left: int = 0


@dataclass(frozen=True)
class Confirmed:
    """The factor counts; the codes are shown now and never again."""

    factor_id: uuid.UUID
    recovery_codes: tuple[str, ...]


@command
def begin(*, user_id: uuid.UUID) -> SecondFactor:
    """Make a new secret, in place of one that was never confirmed.

    Locks: the person.      Raises: NotFound, SecondFactorKnown
    """
    user = _administrator(user_id)
    if SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists():
        raise SecondFactorKnown
    SecondFactor.objects.filter(user=user).delete()
    return SecondFactor.objects.create(user=user, secret=pyotp.random_base32())


@command
def confirm(*, user_id: uuid.UUID, factor_id: uuid.UUID, code: str) -> Confirmed:
    """Let the secret count, because a code of it was shown; return the recovery codes.

    Locks: the person.      Raises: NotFound, CodeInvalid, SecondFactorKnown
    """
    user = _administrator(user_id)
    factor = SecondFactor.objects.filter(user=user, pk=factor_id).first()
    if factor is None:
        raise NotFound
    if factor.confirmed_at is not None:
        raise SecondFactorKnown
    now = clock.now()
    at = step_of(factor.secret, code, now)
    if at is None:
        raise CodeInvalid
    factor.confirmed_at, factor.last_step = now, at
    factor.save(update_fields=["confirmed_at", "last_step"])
    _note(user_id, SecondFactorVerb.CONFIRMED, actor_id=user_id)
    return Confirmed(factor.pk, _new_recovery_codes(factor))


@command
def pass_second_step(*, user_id: uuid.UUID, code: str) -> Passed:
    """Take a code of the telephone, or a recovery code; each opens once, whoever is the quicker.

    Raises: CodeInvalid
    """
    return _spend(user_id, code)


@command
def renew_recovery_codes(*, user_id: uuid.UUID, code: str) -> tuple[str, ...]:
    """Replace the recovery codes, by a code of the telephone. Locks: the person.      Raises: NotFound, CodeInvalid"""
    _administrator(user_id)
    passed = _spend(user_id, code)
    factor = SecondFactor.objects.get(pk=passed.factor_id)
    _note(user_id, SecondFactorVerb.CODES_RENEWED, actor_id=user_id)
    return _new_recovery_codes(factor)


@command
def move(*, user_id: uuid.UUID, code: str) -> None:
    """Forget the telephone, by a code of it or a recovery code, so that another is set up.

    Locks: the person.      Raises: NotFound, CodeInvalid
    """
    _administrator(user_id)
    passed = _spend(user_id, code)
    SecondFactor.objects.filter(pk=passed.factor_id).delete()
    _note(user_id, SecondFactorVerb.MOVED, actor_id=user_id)


@command
def reset(*, user_id: uuid.UUID, by: uuid.UUID, reason: str) -> None:
    """Forget somebody else's second factor, of whom a superuser is otherwise sure that it is they; sessions end.

    Locks: the person.      Raises: NotFound, SecondFactorNotYours
    """
    lock_one(User, user_id)
    superuser = User.objects.filter(pk=by, is_superuser=True, is_active=True).exists()
    if not superuser or by == user_id or not reason.strip():
        raise SecondFactorNotYours
    gone, _ = SecondFactor.objects.filter(user_id=user_id).delete()
    if not gone:
        raise NotFound
    _note(user_id, SecondFactorVerb.RESET, actor_id=by, reason=reason.strip()[:500])


def step_of(secret: str | None, code: str, now: dt.datetime) -> int | None:
    """Return the interval whose code this is, among the present one and its neighbours; in constant time."""
    totp, present = pyotp.TOTP(secret or "", interval=INTERVAL), int(now.timestamp()) // INTERVAL
    given = "".join(code.split()).encode()
    found = [
        at
        for at in range(present - SLACK, present + SLACK + 1)
        if hmac.compare_digest(totp.generate_otp(at).encode(), given)
    ]
    return found[-1] if found else None


def address_of(factor: SecondFactor, user: User) -> str:
    """Return what a telephone reads from the picture: the secret, and for whom it is."""
    return pyotp.TOTP(factor.secret or "", interval=INTERVAL).provisioning_uri(name=user.phone, issuer_name=ISSUER)


@step
def _spend(user_id: uuid.UUID, code: str) -> Passed:
    factor = SecondFactor.objects.filter(user_id=user_id, confirmed_at__isnull=False).first()
    if factor is None:
        raise CodeInvalid
    at = step_of(factor.secret, code, clock.now())
    if at is not None:
        if not _first_use(factor, at):
            raise CodeInvalid
        return Passed(factor.pk)
    if not _first_recovery(factor, code):
        raise CodeInvalid
    _note(user_id, SecondFactorVerb.RECOVERED, actor_id=user_id)
    return Passed(factor.pk, recovered=True, codes_left=factor.recovery_codes.filter(used_at=None).count())


def _first_use(factor: SecondFactor, at: int) -> bool:
    """Take the interval, if no later or the same one was taken: compared and set in one statement."""
    rows = SecondFactor.objects.filter(Q(last_step=None) | Q(last_step__lt=at), pk=factor.pk)
    return rows.update(last_step=at) == 1


def _first_recovery(factor: SecondFactor, code: str) -> bool:
    rows = factor.recovery_codes.filter(digest=_digest(factor, code), used_at=None)
    return rows.update(used_at=clock.now()) == 1


def _new_recovery_codes(factor: SecondFactor) -> tuple[str, ...]:
    codes = tuple(
        "-".join("".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_PART)) for _ in range(RECOVERY_PARTS))
        for _ in range(RECOVERY_CODES)
    )
    factor.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(factor=factor, digest=_digest(factor, code)) for code in codes)
    return codes


def _digest(factor: SecondFactor, code: str) -> str:
    bare = "".join(sign for sign in code.lower() if sign.isalnum())
    return code_digest(bare, purpose="recovery", subject=str(factor.pk))


def _administrator(user_id: uuid.UUID) -> User:
    user = lock_one(User, user_id)
    if not user.is_staff or not user.is_active:
        raise NotFound
    return user


def _note(user_id: uuid.UUID, verb: SecondFactorVerb, *, actor_id: uuid.UUID, reason: str = "") -> None:
    SecondFactorEvent.objects.create(user_id=user_id, verb=verb, actor_id=actor_id, reason=reason)
