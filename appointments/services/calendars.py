"""The secret address of a person's calendar: made, replaced, ended."""

from __future__ import annotations

import uuid
from typing import Final

from appointments.models import CalendarFeed
from common import clock
from common.db import command, lock, step
from common.secret_codes import new_token, token_digest

TOKEN_BYTES: Final = 16  # 128 bits


@command
def open_feed(*, user_id: uuid.UUID) -> str:
    """Return the token of a new address, which is shown this once; the one before leads nowhere any more.

    Locks: the feed.
    """
    token = new_token(TOKEN_BYTES)
    digest, now = token_digest(token), clock.now()
    fresh = {"token_digest": digest, "created_at": now}
    row, is_new = CalendarFeed.objects.get_or_create(user_id=user_id, defaults=fresh)
    if not is_new:
        for old in lock(CalendarFeed, [row.pk]):
            old.token_digest, old.created_at = digest, now
            old.save()
    return token


@command
def close_feed(*, user_id: uuid.UUID) -> None:
    """Let the address lead nowhere; without one this changes nothing."""
    forget_person(user_id=user_id)


@step
def forget_person(*, user_id: uuid.UUID) -> None:
    CalendarFeed.objects.filter(user_id=user_id).delete()
