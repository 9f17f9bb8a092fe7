"""Access and refresh tokens of the two realms, by simplejwt.

A token names its realm twice (`realm` and `aud`), its kind (`token_type`), the account (`sub`) and the session it
belongs to (`sid`). Nothing in it is believed before its session's row has been looked at.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError

from common import clock
from common.errors import Unauthenticated

LEEWAY = dt.timedelta(seconds=5)  # by how much the clocks of two servers may differ


class TokenInvalid(Unauthenticated):
    code, message = "token_invalid", "This token is not valid here. Sign in again."


class Realm(StrEnum):
    """The two identity systems; a token of one is worth nothing in the other."""

    USER = "user"
    PARTNER = "partner"


class Kind(StrEnum):
    ACCESS = "access"
    REFRESH = "refresh"


@dataclass(frozen=True)
class Claims:
    """What a signed, unexpired token of the right realm and kind says."""

    subject: uuid.UUID
    session: uuid.UUID
    jti: uuid.UUID
    expires_at: dt.datetime


@dataclass(frozen=True)
class Pair:
    access: str
    refresh: str


def issue_pair(realm: Realm, *, subject: uuid.UUID, session: uuid.UUID, refresh_jti: uuid.UUID) -> Pair:
    """Return a fresh pair for the session; `refresh_jti` is the only refresh token it will accept next."""
    return Pair(
        access=_encode(realm, Kind.ACCESS, subject, session, uuid.uuid4(), settings.ACCESS_LIFETIME),
        refresh=_encode(realm, Kind.REFRESH, subject, session, refresh_jti, settings.REFRESH_LIFETIME),
    )


def read_token(realm: Realm, kind: Kind, raw: str) -> Claims:
    """Return what the token says. Raises: TokenInvalid for another realm, kind, signature, or an expired one."""
    try:
        payload = _backend(realm, settings.TOKEN_KEY).decode(raw)  # type: ignore[arg-type]
        if payload["token_type"] != kind or payload["realm"] != realm or "exp" not in payload:
            raise TokenInvalid
        return Claims(
            subject=uuid.UUID(payload["sub"]),
            session=uuid.UUID(payload["sid"]),
            jti=uuid.UUID(payload["jti"]),
            expires_at=dt.datetime.fromtimestamp(payload["exp"], dt.UTC),
        )
    except (TokenBackendError, LookupError, ValueError, TypeError, AttributeError, RecursionError) as exc:
        raise TokenInvalid from exc


@cache
def _backend(realm: Realm, key: str) -> TokenBackend:
    return TokenBackend("HS256", signing_key=key, audience=str(realm), issuer=settings.TOKEN_ISSUER, leeway=LEEWAY)


def _encode(
    realm: Realm, kind: Kind, subject: uuid.UUID, session: uuid.UUID, jti: uuid.UUID, lifetime: dt.timedelta
) -> str:
    now = clock.now()
    payload = {
        "realm": str(realm),
        "token_type": str(kind),
        "sub": str(subject),
        "sid": str(session),
        "jti": str(jti),
        "iat": now,
        "exp": now + lifetime,
    }
    return _backend(realm, settings.TOKEN_KEY).encode(payload)
