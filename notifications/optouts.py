"""Links by which people choose what reaches them, without signing in: `PUBLIC_URL/u/<token>`.

A token names whose wishes, which channel, and which group of kinds it came with. It is signed over the address that it
was sent to, so that it is worth nothing once the account has another one; and it can do nothing but this.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from common.crypto import keyed_digest
from notifications.owners import Owner
from notifications.states import CHOSEN_CHANNELS, Channel, Group

PURPOSE: Final = "notifications.optout.1"
SIGNATURE: Final = 12  # bytes: short enough for an SMS, and nobody guesses 96 bits
PERSON, MEMBER = 0, 1
GROUPS: Final = tuple(Group)  # by place: new ones are added at the end
LENGTH: Final = 3 + 16 + SIGNATURE


class LinkInvalid(ValueError):
    """The text is no token of ours."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a token says; believed only once `is_signed_for` has seen the account's address."""

    owner: Owner
    channel: Channel
    group: Group
    _head: bytes
    _signature: bytes

    def is_signed_for(self, address: str) -> bool:
        """Whether this was made for the address that the account has now."""
        return hmac.compare_digest(self._signature, _sign(self._head, address))


def link_of(owner: Owner, *, channel: Channel, group: Group, address: str) -> str:
    """Return the link for a message to the address (E.164 for a number); without PUBLIC_URL there is none."""
    if not settings.PUBLIC_URL:
        return ""
    return f"{settings.PUBLIC_URL.rstrip('/')}/u/{token_of(owner, channel=channel, group=group, address=address)}"


def token_of(owner: Owner, *, channel: Channel, group: Group, address: str) -> str:
    """Return 42 characters that are safe in a URL."""
    who = PERSON if owner.user_id else MEMBER
    head = bytes([who, CHOSEN_CHANNELS.index(channel), GROUPS.index(group)]) + owner.id.bytes
    return base64.urlsafe_b64encode(head + _sign(head, address)).rstrip(b"=").decode()


def read_link(token: str) -> Link:
    """Return what the token says, not yet believed. Raises: LinkInvalid"""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        who, channel, group = raw[:3]
        account = uuid.UUID(bytes=raw[3:19])
        owner = {PERSON: Owner(user_id=account), MEMBER: Owner(member_id=account)}[who]
        if len(raw) != LENGTH:
            raise LinkInvalid
        return Link(owner, CHOSEN_CHANNELS[channel], GROUPS[group], raw[:19], raw[19:])
    except (binascii.Error, ValueError, KeyError, IndexError) as exc:
        raise LinkInvalid from exc


def _sign(head: bytes, address: str) -> bytes:
    digest = keyed_digest(settings.SECRET_KEY, PURPOSE, head, address.strip().lower())
    return bytes.fromhex(digest)[:SIGNATURE]
