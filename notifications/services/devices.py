"""Devices that take push messages: registered by the app whenever it starts, gone with session, account or token."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from common import clock
from common.crypto import blind_index
from common.db import command, delete_in_batches, step, take_turn
from common.errors import NotFound
from common.retention import retained
from notifications.models import PushDevice
from notifications.owners import Owner
from notifications.selectors import living_devices
from notifications.states import Platform

MOST: Final = 10  # devices of one account; the one that was not seen the longest makes room
KEEP: Final = dt.timedelta(days=270)  # Android's tokens end after 270 days without a connection
INDEXED_AS: Final = "notifications.pushdevice.token"


@dataclass(frozen=True)
class Registered:
    device: PushDevice
    is_new: bool


@command
def register(
    *, owner: Owner, session_id: uuid.UUID, token: str, platform: Platform, app_version: str, language: str
) -> Registered:
    """Say that the account's messages are to reach the app with this token; again whenever the app starts.

    A token is one app on one device: under another account it leaves the old one, with what was still on its way.
    Takes a turn of the account's, then of the token's.      Raises: DeviceTaken, Busy
    """
    digest = blind_index(token, context=INDEXED_AS)
    take_turn(f"push devices of {owner.id}")
    take_turn(f"push token {digest}")
    known = PushDevice.objects.filter(token_digest=digest).first()
    if known is not None and (known.user_id, known.member_id) != (owner.user_id, owner.member_id):
        known.delete()
        known = None
    device = known or PushDevice(token=token, token_digest=digest, **owner.columns)
    device.session_id = session_id if owner.user_id else None
    device.member_session_id = session_id if owner.member_id else None
    device.platform, device.app_version, device.language = platform, app_version, language
    device.seen_at = clock.now()
    device.save()
    oldest = PushDevice.objects.filter(owner.rows).exclude(pk=device.pk).order_by("-seen_at", "-pk")[MOST - 1 :]
    PushDevice.objects.filter(pk__in=[row.pk for row in oldest]).delete()
    return Registered(device, is_new=known is None)


@command
def remove(*, owner: Owner, device_id: uuid.UUID) -> None:
    """Send nothing more to the device. Raises: NotFound, also for somebody else's"""
    gone, _ = PushDevice.objects.filter(owner.rows, pk=device_id).delete()
    if not gone:
        raise NotFound


@step
def forget_tokens(device_ids: Iterable[str]) -> None:
    """Forget devices whose tokens the provider knows no more."""
    PushDevice.objects.filter(pk__in=set(device_ids)).delete()


@retained(
    "push_devices",
    what="Devices for push messages, also those on which nobody is signed in any more, at once",
    since="since the app was last opened",
    why="A token of a provider serves no longer than that.",
    keep=KEEP,
    floor=dt.timedelta(days=30),
)
def prune(keep: dt.timedelta) -> int:
    """Forget devices that nobody is signed in on, or that were not seen for so long; return how many."""
    living = living_devices().filter(seen_at__gt=clock.now() - keep)
    return delete_in_batches(PushDevice.objects.exclude(pk__in=living.values("pk")))
