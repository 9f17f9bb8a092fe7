"""An owner's say over the keys with which the partner's own systems call."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.hashers import make_password

from common import clock, outbox
from common.db import command, lock, lock_one, step
from common.errors import NotFound
from partners.errors import ApiKeyOver, KeyExpiryInvalid, RotationRunning, TooManyApiKeys
from partners.models import ApiKey, Member, Partner
from partners.scopes import role_for
from partners.services import history, test_mode
from partners.services.members import live_partner, owner_among
from partners.states import KeyMode

MOST_KEYS: Final = 50  # in use, of one partner
LIFETIME: Final = dt.timedelta(days=365)
LONGEST_LIFETIME: Final = dt.timedelta(days=731)
WARN_DAYS: Final = (14, 3)  # before the end, each once
BATCH: Final = 200
_PREFIX_BYTES: Final = 6
_SECRET_BYTES: Final = 24  # 192 bits


@dataclass(frozen=True)
class NewKey:
    """What an owner says of a key to be made; without an end it lasts a year."""

    name: str
    mode: KeyMode
    scopes: Sequence[str]
    networks: Sequence[str]
    calls_per_minute: int
    expires_at: dt.datetime | None


@dataclass(frozen=True)
class ShownKey:
    """A key and the whole text that opens, which nobody can learn later."""

    key: ApiKey
    token: str


def digest_of(secret: str) -> str:
    """Return what is kept of a secret: nobody guesses 192 random bits, so it need not be slow or keyed."""
    return hashlib.sha256(secret.encode()).hexdigest()


@command
def make_key(*, partner_id: uuid.UUID, actor_id: uuid.UUID, new: NewKey) -> ShownKey:
    """Make a key of the partner; the first one for tests makes the test data that it acts on.

    Locks:  the partner, the owner who asks.      Emits: apikey.made, testpartner.made
    Raises: PartnerNotLive, RoleNotAllowed, TooManyApiKeys, KeyExpiryInvalid
    """
    partner = live_partner(partner_id)
    actor = owner_among(lock(Member, [actor_id]), actor_id)
    now = clock.now()
    if ApiKey.objects.filter(partner=partner, revoked_at=None, expires_at__gt=now).count() >= MOST_KEYS:
        raise TooManyApiKeys
    expires_at = _checked(new.expires_at or now + LIFETIME, now)
    acts_for = test_mode.twin_of(partner) if new.mode is KeyMode.TEST else partner
    scopes = sorted(set(new.scopes))
    secret = secrets.token_hex(_SECRET_BYTES)
    key = ApiKey.objects.create(
        partner=partner,
        member=account_for(acts_for, name=new.name, scopes=scopes),
        name=new.name,
        mode=new.mode,
        prefix=secrets.token_hex(_PREFIX_BYTES),
        digest=digest_of(secret),
        scopes=scopes,
        networks=list(new.networks),
        calls_per_minute=new.calls_per_minute,
        expires_at=expires_at,
        made_by=history.member_actor(actor),
        created_at=now,
    )
    _record(key, "make_api_key", actor)
    outbox.emit("apikey.made", key=f"partner:{partner.pk}", partner=str(partner.pk), api_key=str(key.pk))
    return ShownKey(key, f"{key.begins}_{secret}")


@command
def change_key(*, partner_id: uuid.UUID, key_id: uuid.UUID, actor_id: uuid.UUID, changes: Mapping[str, Any]) -> ApiKey:
    """Change `name`, `scopes`, `networks`, `calls_per_minute` or `expires_at`, from the next call on.

    Locks:  the partner, the owner who asks and the key's account, the key.
    Raises: NotFound, PartnerNotLive, RoleNotAllowed, ApiKeyOver, KeyExpiryInvalid
    """
    key, actor = _held(partner_id, key_id, actor_id)
    said = dict(changes)
    if "expires_at" in said:
        said["expires_at"] = _checked(said["expires_at"], clock.now())
        said["warned_days"] = None
    if "scopes" in said:
        said["scopes"] = sorted(set(said["scopes"]))
        key.member.role = role_for(said["scopes"])
        key.member.save(update_fields=["role"])
    for name, value in said.items():
        setattr(key, name, value)
    key.save(update_fields=list(said))
    _record(key, "change_api_key", actor)
    return key


@command
def rotate_key(*, partner_id: uuid.UUID, key_id: uuid.UUID, actor_id: uuid.UUID, overlap: dt.timedelta) -> ShownKey:
    """Give the key a new secret; the old one opens until the overlap is over.

    Of two rotations at one moment the second is refused: it would end a secret that somebody has just been shown.
    Without overlap every secret before the new one is dead at once.

    Locks:  the partner, the owner who asks and the key's account, the key.
    Emits: apikey.rotated      Raises: NotFound, PartnerNotLive, RoleNotAllowed, ApiKeyOver, RotationRunning
    """
    key, actor = _held(partner_id, key_id, actor_id)
    now = clock.now()
    if overlap and key.overlap_ends(now) is not None:
        raise RotationRunning(overlap_ends_at=key.previous_until.isoformat() if key.previous_until else None)
    secret = secrets.token_hex(_SECRET_BYTES)
    key.previous_digest = key.digest if overlap else ""
    key.previous_until = now + overlap if overlap else None
    key.digest, key.rotated_at = digest_of(secret), now
    key.save(update_fields=["previous_digest", "previous_until", "digest", "rotated_at"])
    _record(key, "rotate_api_key", actor)
    outbox.emit("apikey.rotated", key=f"partner:{partner_id}", partner=str(partner_id), api_key=str(key.pk))
    return ShownKey(key, f"{key.begins}_{secret}")


@command
def revoke_key(*, partner_id: uuid.UUID, key_id: uuid.UUID, actor_id: uuid.UUID) -> ApiKey:
    """End the key at once and for good; once more changes nothing.

    Locks:  the partner, the owner who asks and the key's account, the key.
    Emits: apikey.revoked      Raises: NotFound, PartnerNotLive, RoleNotAllowed
    """
    key, actor = _held(partner_id, key_id, actor_id, over=True)
    if key.revoked_at is not None:
        return key
    key.revoked_at, key.revoked_by = clock.now(), history.member_actor(actor)
    key.previous_digest, key.previous_until = "", None
    key.member.is_active = False
    key.member.save(update_fields=["is_active"])
    key.save(update_fields=["revoked_at", "revoked_by", "previous_digest", "previous_until"])
    _record(key, "revoke_api_key", actor)
    outbox.emit("apikey.revoked", key=f"partner:{partner_id}", partner=str(partner_id), api_key=str(key.pk))
    return key


@command
def warn_of_ends() -> int:
    """Have the owners told of keys that end soon: 14 days before, and 3; return how many warnings.

    Locks:  the keys.      Emits: apikey.expiring
    """
    now, told = clock.now(), 0
    soon = ApiKey.objects.filter(revoked_at=None, expires_at__gt=now, expires_at__lte=now + _days(WARN_DAYS[0]))
    waiting = [pk for pk, ends, warned in _ends(soon) if _due(ends, now) != warned][:BATCH]
    for key in lock(ApiKey, waiting):
        days = _due(key.expires_at, now)
        if key.revoked_at is not None or days in {None, key.warned_days}:
            continue
        key.warned_days = days
        key.save(update_fields=["warned_days"])
        ids = {"partner": str(key.partner_id), "api_key": str(key.pk)}
        outbox.emit("apikey.expiring", key=f"partner:{key.partner_id}", **ids)
        told += 1
    return told


@step
def account_for(partner: Partner, *, name: str, scopes: Iterable[str]) -> Member:
    """Make the account as which a key acts: nobody signs in to it, and nobody is told anything as it."""
    return Member.objects.create(
        partner=partner,
        name=name,
        phone="",
        password=make_password(None),
        role=role_for(list(scopes)),
        is_system=True,
    )


def _held(
    partner_id: uuid.UUID, key_id: uuid.UUID, actor_id: uuid.UUID, *, over: bool = False
) -> tuple[ApiKey, Member]:
    """Lock a key of the partner with all that its owner changes. `over`: also one that is revoked."""
    live_partner(partner_id)
    account = ApiKey.objects.filter(pk=key_id, partner_id=partner_id).values_list("member_id", flat=True).first()
    rows = lock(Member, [actor_id, *([account] if account else [])])
    actor = owner_among(rows, actor_id)
    if account is None:
        raise NotFound
    key = lock_one(ApiKey, key_id)
    if key.revoked_at is not None and not over:
        raise ApiKeyOver
    key.member = next(row for row in rows if row.pk == key.member_id)
    return key, actor


def _checked(expires_at: dt.datetime, now: dt.datetime) -> dt.datetime:
    if not now < expires_at <= now + LONGEST_LIFETIME:
        raise KeyExpiryInvalid
    return expires_at


def _record(key: ApiKey, verb: str, actor: Member) -> None:
    history.record(key.partner, verb, actor=history.member_actor(actor), reason=f"{key.pk} {key.begins}")


def _ends(keys: Any) -> Iterable[tuple[uuid.UUID, dt.datetime, int | None]]:
    rows: Iterable[tuple[uuid.UUID, dt.datetime, int | None]] = keys.order_by("expires_at", "pk").values_list(
        "pk", "expires_at", "warned_days"
    )
    return rows


def _due(expires_at: dt.datetime, now: dt.datetime) -> int | None:
    """Return the warning that holds now: the last of `WARN_DAYS` that has come."""
    return min((days for days in WARN_DAYS if expires_at - now <= _days(days)), default=None)


def _days(count: int) -> dt.timedelta:
    return dt.timedelta(days=count)
