"""Answers by one tap: a link in a message that one person may use for one matter, once, until the matter is over.

Looking at it changes nothing. The answer goes through the same command as the app's, in one transaction with the mark
that the link is used: a refusal leaves it unused, for what is full now may have a place later.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from common import clock
from common.db import delete_in_batches, lock, shared_unit_of_work, step
from common.errors import NotFound
from common.retention import retained
from common.secret_codes import new_token, token_digest
from donations.services import enrolling
from notifications.errors import TapLinkDead
from notifications.models import TapLink
from notifications.states import ACTS, TapAct, TapMatter
from notifications.templates import Link
from requests_app.services import promises

TOKEN_BYTES: Final = 16  # 128 bits in 22 characters: every one of an SMS counts
KEEP: Final = dt.timedelta(days=30)  # after it is over, so that a late tap is answered in words


@dataclass(frozen=True)
class Answer:
    """What was answered; `is_repeated` says that it had been before."""

    link: TapLink
    is_repeated: bool


@step
def issue(
    *, matter: TapMatter, user_ids: Iterable[uuid.UUID], subject_id: uuid.UUID, expires_at: dt.datetime
) -> dict[uuid.UUID, Link]:
    """Return a fresh link for each person. Only digests are kept: what is not sent now is lost."""
    tokens = {user_id: new_token(TOKEN_BYTES) for user_id in user_ids}
    TapLink.objects.bulk_create(
        TapLink(
            digest=token_digest(token), user_id=user_id, matter=matter, subject_id=subject_id, expires_at=expires_at
        )
        for user_id, token in tokens.items()
    )
    return {user_id: Link(f"{settings.PUBLIC_URL}/a/{token}") for user_id, token in tokens.items()}


def answer(*, token: str, act: str) -> Answer:
    """Answer what the link is for, as the app would; tapped twice, the second changes nothing.

    Locks: the link, then what the answer locks.
    Raises: NotFound for no link of ours; TapLinkDead; whatever the answer refuses with
    """
    with shared_unit_of_work():
        link = _held(token)
        if link.used_at is not None:
            if act != link.act:
                raise TapLinkDead(state="used")
            return Answer(link, is_repeated=True)
        if link.expires_at <= clock.now():
            raise TapLinkDead(state="over")
        if act not in ACTS[TapMatter(link.matter)]:
            raise NotFound
        link.act, link.used_at = act, clock.now()
        link.save(update_fields=["act", "used_at"])
        DEEDS[TapAct(act)](link)
        return Answer(link, is_repeated=False)


@retained(
    "tap_links",
    what="Links in messages that answer by one tap",
    since="since they were over",
    why="A late tap is told that the matter is over, and not that there is no such link.",
    keep=KEEP,
    floor=dt.timedelta(days=1),
)
def prune(keep: dt.timedelta) -> int:
    """Delete the links that were over a month ago; return how many went."""
    return delete_in_batches(TapLink.objects.filter(expires_at__lt=clock.now() - keep))


def _held(token: str) -> TapLink:
    found = TapLink.objects.filter(digest=token_digest(token), user__is_active=True).values_list("pk", flat=True)
    held = lock(TapLink, list(found))
    if not held:
        raise NotFound
    return held[0]


def _come(link: TapLink) -> None:
    promises.accept(request_id=link.subject_id, donor_id=link.user_id)


def _decline(link: TapLink) -> None:
    promises.decline(request_id=link.subject_id, donor_id=link.user_id)


def _give_up(link: TapLink) -> None:
    enrolling.leave(camp_id=link.subject_id, donor_id=link.user_id)


DEEDS: Final[Mapping[TapAct, Callable[[TapLink], None]]] = {
    TapAct.COME: _come,
    TapAct.DECLINE: _decline,
    TapAct.GIVE_UP: _give_up,
}
