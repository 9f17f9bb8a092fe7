"""Signed-in devices of either realm: one row a device, one living refresh token a row."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.db import models
from django.db.models import QuerySet

from common import clock, live
from common.audit.context import known_as
from common.audit.states import ActorKind
from common.db import command, delete_in_batches, lock, step
from common.errors import NotFound, Unauthenticated
from common.finding import find_with
from common.ids import uuid7
from common.labels import minute
from common.tokens import Claims, Kind, Pair, Realm, TokenInvalid, issue_pair, read_token

ABSOLUTE_LIFETIME = dt.timedelta(days=90)  # then the person signs in again, however often the token was renewed
SEEN_EVERY = dt.timedelta(minutes=5)  # how exact «last used» is
ACTORS = {Realm.USER: ActorKind.PERSON, Realm.PARTNER: ActorKind.MEMBER}  # as what the audit log knows an account
KEEP_ENDED = dt.timedelta(days=30)


class RefreshReused(Unauthenticated):
    """Somebody holds a copy of the refresh token: nobody keeps the session."""

    code, message = "refresh_reused", "This refresh token was used before; the session has been ended."
    keeps_writes = True


class RefreshRaceLost(Unauthenticated):
    code, message = "refresh_race_lost", "The same refresh token was used at the same moment; use the other answer."


class SessionEnded(Unauthenticated):
    code, message = "session_ended", "This session has ended. Sign in again."


class AbstractSession(models.Model):
    """A device that has signed in. Subclasses add `account`, a foreign key, and name their realm."""

    realm: ClassVar[Realm]

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    refresh_jti = models.UUIDField()
    device = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"Session since {minute(self.created_at)}"

    account_id: uuid.UUID
    access_until: dt.datetime | None = None  # when the access token by which it was found expires

    def is_open(self, now: dt.datetime) -> bool:
        return self.ended_at is None and now < self.expires_at


S = TypeVar("S", bound=AbstractSession)


@step
def open_session(model: type[S], *, account_id: uuid.UUID, device: str, address: str) -> tuple[S, Pair]:
    """Sign a device in; return its session and first pair of tokens."""
    now = clock.now()
    known_as(ACTORS[model.realm], account_id)
    session = model._default_manager.create(
        account_id=account_id,
        refresh_jti=uuid.uuid4(),
        device=device.replace("\0", "")[:200],  # PostgreSQL keeps no NUL, and this is a stranger's text
        address=address or None,
        created_at=now,
        last_used_at=now,
        expires_at=now + ABSOLUTE_LIFETIME,
    )
    return session, _pair(session)


def refresh_session(model: type[S], *, refresh: str) -> Pair:
    """Exchange a refresh token for a new pair; of simultaneous calls with one token exactly one succeeds.

    A call that saw the token alive and finds it spent once it has the lock lost a race, and is only refused. A call
    whose token was dead before it began is a re-use and ends the session, so that neither the thief nor the
    owner keeps it.
    Raises: TokenInvalid, SessionEnded, RefreshRaceLost, RefreshReused
    """
    claims = read_token(model.realm, Kind.REFRESH, refresh)
    seen = model._default_manager.filter(pk=claims.session).values_list("refresh_jti", flat=True).first()
    return _rotate(model, claims=claims, seen_alive=seen == claims.jti)


@command
def _rotate(model: type[S], *, claims: Claims, seen_alive: bool) -> Pair:
    session = next(iter(lock(model, [claims.session])), None)
    now = clock.now()
    if session is None or not session.is_open(now):
        raise SessionEnded
    known_as(ACTORS[model.realm], session.account_id)
    if session.refresh_jti != claims.jti:
        if seen_alive:
            raise RefreshRaceLost
        _end(model._default_manager.filter(pk=session.pk))
        raise RefreshReused
    session.refresh_jti = uuid.uuid4()
    session.last_used_at = now
    session.save(update_fields=["refresh_jti", "last_used_at"])
    return _pair(session)


def authenticate(model: type[S], *, access: str, related: str = "account") -> S:
    """Return the open session behind an access token, with its account loaded; one query.

    Raises: TokenInvalid, SessionEnded
    """
    claims = read_token(model.realm, Kind.ACCESS, access)
    session = find_with(model, claims.session, related)
    now = clock.now()
    if session is None or session.account_id != claims.subject:
        raise TokenInvalid
    if not session.is_open(now):
        raise SessionEnded
    session.access_until = claims.expires_at
    if now - session.last_used_at > SEEN_EVERY:
        model._default_manager.filter(pk=session.pk).update(last_used_at=now)
    return session


def open_sessions(model: type[S], *, account_id: uuid.UUID) -> QuerySet[S]:
    """Return the account's devices that are signed in, the last used first."""
    mine = model._default_manager.filter(account_id=account_id, ended_at=None, expires_at__gt=clock.now())
    return mine.order_by("-last_used_at", "-pk")


def addresses(model: type[S], **account: Any) -> set[str]:
    """Return from where the accounts that match have signed in lately: sessions are kept a month after their end."""
    known = model._default_manager.filter(**account).exclude(address=None).order_by()
    return set(known.values_list("address", flat=True).distinct())


@dataclass(frozen=True)
class Seat:
    """Who listens to a live stream, and to which topic."""

    account: uuid.UUID
    topic: uuid.UUID


def seats(model: type[S], session_ids: Collection[uuid.UUID], *, topic: str, **account: Any) -> dict[uuid.UUID, Seat]:
    """Return those of the sessions that are open, of accounts that match; `topic` is the column of what they hear."""
    is_open = model._default_manager.filter(pk__in=session_ids, ended_at=None, expires_at__gt=clock.now())
    rows = is_open.filter(**account).values_list("pk", "account_id", topic)
    return {pk: Seat(account_id, heard) for pk, account_id, heard in rows}


@command
def end_session(model: type[S], *, session_id: uuid.UUID, account_id: uuid.UUID) -> None:
    """Sign one of the account's devices out, at once. Raises: NotFound."""
    if not _end(model._default_manager.filter(pk=session_id, account_id=account_id)):
        raise NotFound


def sign_out(model: type[S], *, refresh: str) -> None:
    """End the session of a refresh token. Raises: TokenInvalid, NotFound."""
    claims = read_token(model.realm, Kind.REFRESH, refresh)
    end_session(model, session_id=claims.session, account_id=claims.subject)


@step
def end_sessions(model: type[S], *, keep: uuid.UUID | None = None, **account: Any) -> int:
    """End every session of the accounts that match, but for the session `keep`; return how many ended."""
    return _end(model._default_manager.filter(**account).exclude(pk=keep))


def prune(model: type[S], keep: dt.timedelta = KEEP_ENDED) -> int:
    """Delete the sessions that ended or expired long ago; return how many went."""
    before = clock.now() - keep
    over = models.Q(ended_at__lt=before) | models.Q(expires_at__lt=before)
    return delete_in_batches(model._default_manager.filter(over))


def _end(sessions: QuerySet[S]) -> int:
    ended = sessions.filter(ended_at=None).update(ended_at=clock.now())
    if ended:
        live.ask_again()
    return ended


def _pair(session: AbstractSession) -> Pair:
    return issue_pair(session.realm, subject=session.account_id, session=session.pk, refresh_jti=session.refresh_jti)
