from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Q, QuerySet

from common import clock
from common.errors import NotFound
from common.secret_codes import token_digest
from donations import selectors as donations
from notifications.kinds import RULES
from notifications.models import (
    Announcement,
    Delivery,
    MessageSettings,
    Mute,
    Notification,
    PushDevice,
    SupportMessage,
    SupportTicket,
    TapLink,
)
from notifications.owners import Owner
from notifications.states import TapMatter
from notifications.templates import Facts, words_of
from partners import selectors as partners
from requests_app import selectors as requests
from stock.components import donation_type_for

OUTSIDE: Final = tuple(kind for kind, rule in RULES.items() if not rule.in_inbox)


@dataclass(frozen=True, slots=True)
class Device:
    """Where a push goes, and in which language the app is used; empty: in the account's."""

    id: uuid.UUID
    language: str


@dataclass(frozen=True, slots=True)
class RefusedMail:
    """An e-mail to a mailbox that is none; whose address it was."""

    user_id: uuid.UUID
    address: str
    tried_at: dt.datetime


def refused_mail(delivery_id: uuid.UUID) -> RefusedMail | None:
    """Return what the mail server refused; None for one that is gone, or went to nobody's account."""
    row = Delivery.objects.filter(pk=delivery_id).select_related("notification").first()
    if row is None:
        return None
    user_id = row.notification.user_id
    return None if user_id is None else RefusedMail(user_id, row.to, row.attempted_at or row.created_at)


@dataclass(frozen=True)
class Tap:
    """A link as its page shows it; `act` is what was answered, empty before."""

    matter: str
    facts: Mapping[str, str]
    language: str
    expires_at: dt.datetime
    act: str


def owners_of(notification_ids: Iterable[uuid.UUID]) -> list[Notification]:
    """Return these notifications of persons, with their owners and kinds only."""
    rows = Notification.objects.filter(pk__in=list(notification_ids), user__isnull=False)
    return list(rows.only("pk", "user_id", "kind", "created_at").order_by("pk"))


def inbox_of(user_id: uuid.UUID, *, unread: bool | None = None) -> QuerySet[Notification]:
    """Return the person's notifications; `unread` narrows them to those not read, or to those read."""
    mine = Notification.objects.filter(user_id=user_id).exclude(kind__in=OUTSIDE)
    return mine if unread is None else mine.filter(read_at__isnull=unread)


def living_devices() -> QuerySet[PushDevice]:
    """Return the devices on which somebody is signed in right now, with an account that is active."""
    now = clock.now()
    of_person = Q(session__ended_at=None, session__expires_at__gt=now, user__is_active=True)
    of_member = Q(member_session__ended_at=None, member_session__expires_at__gt=now, member__is_active=True)
    return PushDevice.objects.filter((Q(user__isnull=False) & of_person) | (Q(member__isnull=False) & of_member))


def devices_for(owner: Owner) -> QuerySet[PushDevice]:
    """Return the account's living devices."""
    return living_devices().filter(owner.rows)


def devices_of(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Device]]:
    """Return the living devices of these people and members, by whose they are; one query."""
    asked = list(ids)
    rows = living_devices().filter(Q(user__in=asked) | Q(member__in=asked)).order_by("pk")
    found: dict[uuid.UUID, list[Device]] = {}
    for pk, user, member, language in rows.values_list("pk", "user_id", "member_id", "language"):
        found.setdefault(user or member, []).append(Device(pk, language))
    return found


def devices_kept(owner: Owner) -> QuerySet[PushDevice]:
    """Return every device of the account that is on record, also where nobody is signed in any more."""
    return PushDevice.objects.filter(owner.rows)


def choices_kept(owner: Owner) -> list[dict[str, Any]]:
    """Return what the account has chosen, as it is on record."""
    muted = Mute.objects.filter(owner.rows).order_by("pk").values("group", "channel", "created_at")
    windows = MessageSettings.objects.filter(owner.rows).values("quiet_from", "quiet_until", "updated_at")
    return [dict(row) for row in muted] + [dict(row) for row in windows]


def find_tap(token: str) -> Tap | None:
    """Return what a link of a person who may still act is for, in that person's words; None for any other."""
    link = TapLink.objects.filter(digest=token_digest(token), user__is_active=True).select_related("user").first()
    if link is None:
        return None
    facts = _facts_of(TapMatter(link.matter), link.subject_id)
    own = words_of(facts, language=link.user.language, zone=link.user.zone)
    return Tap(link.matter, own, link.user.language, link.expires_at, link.act)


def _facts_of(matter: TapMatter, subject_id: uuid.UUID) -> Facts:
    if matter is TapMatter.CAMP:
        camp = donations.camp_facts(subject_id)
        partner = partners.card(camp.partner_id).name
        return {"partner": partner, "place": camp.place_name, "starts_at": camp.starts_at}
    request = requests.request_facts(subject_id)
    return {
        "partner": partners.card(request.partner_id).name,
        "group": request.blood_group,
        "gift": donation_type_for(request.component),
        "needed_by": request.needed_by,
    }


def progress_of(announcement: Announcement) -> list[tuple[str, str, int]]:
    """Return channel, state and number of the announcement's messages; one query."""
    rows = Delivery.objects.filter(notification__subject_id=announcement.pk, notification__kind="announcement")
    counted = rows.order_by("channel", "status").values_list("channel", "status").annotate(number=Count("pk"))
    return [(channel, status, number) for channel, status, number in counted]


def tickets_of_person(user_id: uuid.UUID) -> QuerySet[SupportTicket]:
    return SupportTicket.objects.filter(person_id=user_id)


def tickets_of_partner(partner_id: uuid.UUID) -> QuerySet[SupportTicket]:
    return SupportTicket.objects.filter(partner_id=partner_id)


def ticket_in(rows: QuerySet[SupportTicket], ticket_id: uuid.UUID) -> SupportTicket:
    """Return one of the tickets. Raises: NotFound."""
    found = rows.filter(pk=ticket_id).first()
    if found is None:
        raise NotFound
    return found


def messages_of(ticket: SupportTicket) -> QuerySet[SupportMessage]:
    """Return what was said, the first word first."""
    return ticket.messages.select_related("file").order_by("pk")
