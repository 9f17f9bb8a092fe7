"""What a push or an e-mail needs besides its own row: looked up by the desk, for all that it has leased at once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from notifications.kinds import RULES, Kind
from notifications.models import Delivery, Notification, PushDevice
from notifications.optouts import link_of
from notifications.owners import Owner
from notifications.selectors import living_devices
from notifications.states import Channel


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where it goes, what the app is told besides the words, and how an e-mail is unsubscribed from."""

    to: str = field(repr=False)
    data: Mapping[str, str] = field(default_factory=dict)
    unsubscribe: str = ""


def envelopes_of(rows: Sequence[Delivery]) -> dict[uuid.UUID, Envelope]:
    """Return the envelopes of these pushes and e-mails; two queries at most.

    A push has none when nobody of its notification is signed in on the device any more.
    """
    wanted = [row for row in rows if row.channel in (Channel.PUSH, Channel.EMAIL)]
    if not wanted:
        return {}
    told = Notification.objects.in_bulk({row.notification_id for row in wanted})
    devices = {str(row.pk): row for row in living_devices().filter(pk__in=_device_ids(wanted))}
    found = {}
    for row in wanted:
        about = told[row.notification_id]
        if row.channel == Channel.EMAIL:
            found[row.pk] = Envelope(row.to, unsubscribe=_unsubscribe(about, row.to))
        elif (device := devices.get(row.to)) is not None and _is_theirs(device, about):
            found[row.pk] = Envelope(device.token or "", data=_data(about))
    return found


def _device_ids(rows: Sequence[Delivery]) -> list[str]:
    return [row.to for row in rows if row.channel == Channel.PUSH]


def _is_theirs(device: PushDevice, about: Notification) -> bool:
    return (device.user_id, device.member_id) == (about.user_id, about.member_id)


def _data(about: Notification) -> dict[str, str]:
    """Return what the app opens; ids alone, for it reads the rest when somebody has unlocked it."""
    data = {"notification": str(about.pk), "kind": about.kind}
    if about.subject_id is not None:
        data |= {"subject_kind": about.subject_kind, "subject_id": str(about.subject_id)}
    return data


def _unsubscribe(about: Notification, address: str) -> str:
    """Return the link of an e-mail that can be unsubscribed from; of what is always sent there is none."""
    rule = RULES[Kind(about.kind)]
    if rule.is_always_sent or not (about.user_id or about.member_id):
        return ""
    owner = Owner(about.user_id, about.member_id)
    return link_of(owner, channel=Channel.EMAIL, group=rule.group, address=address)
