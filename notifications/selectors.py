from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from common import clock
from notifications.models import Notification, PushDevice


@dataclass(frozen=True, slots=True)
class Device:
    """Where a push goes, and in which language the app is used; empty: in the account's."""

    id: uuid.UUID
    language: str


def inbox_of(user_id: uuid.UUID, *, unread: bool | None = None) -> QuerySet[Notification]:
    """Return the person's notifications; `unread` narrows them to those not read, or to those read."""
    mine = Notification.objects.filter(user_id=user_id)
    return mine if unread is None else mine.filter(read_at__isnull=unread)


def living_devices() -> QuerySet[PushDevice]:
    """Return the devices on which somebody is signed in right now, with an account that is active."""
    now = clock.now()
    of_person = Q(session__ended_at=None, session__expires_at__gt=now, user__is_active=True)
    of_member = Q(member_session__ended_at=None, member_session__expires_at__gt=now, member__is_active=True)
    return PushDevice.objects.filter((Q(user__isnull=False) & of_person) | (Q(member__isnull=False) & of_member))


def devices_of(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Device]]:
    """Return the living devices of these people and members, by whose they are; one query."""
    asked = list(ids)
    rows = living_devices().filter(Q(user__in=asked) | Q(member__in=asked)).order_by("pk")
    found: dict[uuid.UUID, list[Device]] = {}
    for pk, user, member, language in rows.values_list("pk", "user_id", "member_id", "language"):
        found.setdefault(user or member, []).append(Device(pk, language))
    return found
