"""Accounts: register, sign in, change and reset the password, say who and where one is."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from common import clock, outbox, sessions
from common.db import command, lock, lock_one
from common.errors import NotFound
from common.geo import Point
from common.tokens import Pair
from users.errors import AccountErased, CodeInvalid, CredentialsInvalid, PasswordWeak, PasswordWrong, PhoneTaken
from users.models import Donor, Session, User
from users.operating import refuse_when_closed
from users.services.otp import spend_code
from users.states import Purpose


@dataclass(frozen=True)
class SignedIn:
    """An account on a device, and the tokens the device goes on with."""

    user: User
    tokens: Pair


@dataclass(frozen=True)
class Device:
    """What signed in, as it describes itself, and from which address."""

    name: str
    address: str


def check_password_strength(password: str, user: User | None = None) -> None:
    """Raises: PasswordWeak, saying why."""
    try:
        validate_password(password, user)
    except ValidationError as exc:
        raise PasswordWeak(reasons=[str(error.code) for error in exc.error_list]) from exc


@command
def register(
    *, challenge_id: uuid.UUID, code: str, name: str, password: str, language: str | None, device: Device
) -> SignedIn:
    """Make an account for the number that the code was sent to, and sign it in.

    Raises: RegistrationClosed, PasswordWeak, CodeInvalid, PhoneTaken
    """
    refuse_when_closed()
    check_password_strength(password)
    challenge = spend_code(challenge_id=challenge_id, code=code, purpose=Purpose.REGISTER)
    if User.objects.filter(phone=challenge.phone).exists():
        raise PhoneTaken
    user = User.objects.create_user(challenge.phone, password, name=name, language=language or challenge.language)
    return _sign_in(user, device)


def login(*, phone: str, password: str, device: Device) -> SignedIn:
    """Sign in by password; an unknown number takes as long to refuse as a wrong password.

    Raises: CredentialsInvalid
    """
    user = User.objects.filter(phone=phone).first()
    if user is None:
        make_password(password)
        raise CredentialsInvalid
    if not user.check_password(password) or not user.is_active:
        raise CredentialsInvalid
    return _open(user_id=user.pk, proven_hash=user.password, device=device)


@command
def login_with_code(*, challenge_id: uuid.UUID, code: str, device: Device) -> SignedIn:
    """Sign in by a code sent to the number.

    Locks: the challenge, the person.      Raises: CodeInvalid
    """
    challenge = spend_code(challenge_id=challenge_id, code=code, purpose=Purpose.LOGIN)
    user = next(iter(lock(User, [challenge.account_id])), None)
    if user is None or not user.is_active:
        raise CodeInvalid
    return _sign_in(user, device)


@command
def reset_password(*, challenge_id: uuid.UUID, code: str, password: str, device: Device) -> SignedIn:
    """Set a new password by a code sent to the number; every other session ends.

    Locks: the challenge, the person.      Emits: account.password_changed      Raises: PasswordWeak, CodeInvalid
    """
    check_password_strength(password)
    challenge = spend_code(challenge_id=challenge_id, code=code, purpose=Purpose.RESET_PASSWORD)
    user = next(iter(lock(User, [challenge.account_id])), None)
    if user is None or not user.is_active:
        raise CodeInvalid
    _keep_password(user, make_password(password))
    sessions.end_sessions(Session, account_id=user.pk)
    return _sign_in(user, device)


def change_password(*, user_id: uuid.UUID, session_id: uuid.UUID, current: str, password: str) -> None:
    """Replace the password; every session but the one that asks ends.

    Raises: NotFound, PasswordWeak, PasswordWrong
    """
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound
    if not user.check_password(current):  # slow on purpose, so before any lock
        raise PasswordWrong
    check_password_strength(password, user)
    _replace_password(
        user_id=user_id,
        session_id=session_id,
        proven_hash=user.password,
        new_hash=make_password(password),
    )


@command
def _replace_password(*, user_id: uuid.UUID, session_id: uuid.UUID, proven_hash: str, new_hash: str) -> None:
    """Locks: the person.      Emits: account.password_changed      Raises: PasswordWrong when it changed meanwhile"""
    user = lock_one(User, user_id)
    if user.password != proven_hash:
        raise PasswordWrong
    _keep_password(user, new_hash)
    sessions.end_sessions(Session, account_id=user.pk, keep=session_id)


@command
def update_profile(*, user_id: uuid.UUID, changes: dict[str, Any]) -> User:
    """Change name, email, language, zone or city; another address is unverified. Raises: NotFound, AccountErased."""
    user = lock_one(User, user_id)
    for field, value in changes.items():
        if field == "email":
            user.change_email(value)
        else:
            setattr(user, field, value)
    user.save(update_fields=[*changes, "email_verified_at", "email_refused_at"])
    return user


@command
def set_location(*, user_id: uuid.UUID, point: Point) -> User:
    """Say where the person is; a donor is found there from now on. Raises: NotFound, AccountErased."""
    user = lock_one(User, user_id)
    user.lat, user.lng = _degrees(point)
    user.located_at = clock.now()
    user.save(update_fields=["lat", "lng", "located_at"])
    Donor.objects.filter(pk=user_id).update(lat=user.lat, lng=user.lng)
    return user


@command
def suspend(*, user_id: uuid.UUID) -> User:
    """Close the account to its owner; every session ends at once."""
    user = lock_one(User, user_id)
    user.is_active = False
    user.save(update_fields=["is_active"])
    sessions.end_sessions(Session, account_id=user.pk)
    Donor.objects.filter(pk=user_id).update(available=False)
    return user


@command
def reinstate(*, user_id: uuid.UUID) -> User:
    """Open a suspended account again; its owner signs in anew and says when to be asked again.

    Raises: NotFound, AccountErased
    """
    user = lock_one(User, user_id)
    if user.erased_at is not None:
        raise AccountErased
    user.is_active = True
    user.save(update_fields=["is_active"])
    return user


@command
def _open(*, user_id: uuid.UUID, proven_hash: str, device: Device) -> SignedIn:
    """Look again under the lock: a suspension or a new password may have come since the check."""
    user = lock_one(User, user_id)
    if not user.is_active or user.password != proven_hash:
        raise CredentialsInvalid
    return _sign_in(user, device)


def _sign_in(user: User, device: Device) -> SignedIn:
    _, tokens = sessions.open_session(Session, account_id=user.pk, device=device.name, address=device.address)
    return SignedIn(user, tokens)


def _keep_password(user: User, password_hash: str) -> None:
    user.password = password_hash
    user.save(update_fields=["password"])
    outbox.emit("account.password_changed", key=f"user:{user.pk}", user=str(user.pk))


def _degrees(point: Point) -> tuple[Decimal, Decimal]:
    return Decimal(str(round(point.lat, 6))), Decimal(str(round(point.lng, 6)))
