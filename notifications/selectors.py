from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from common.errors import NotFound
from common.secret_codes import token_digest
from donations import selectors as donations
from notifications.models import Announcement, Delivery, Notification, SupportMessage, SupportTicket, TapLink
from notifications.states import TapMatter
from notifications.templates import Facts, words_of
from partners import selectors as partners
from requests_app import selectors as requests
from stock.components import donation_type_for


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
    mine = Notification.objects.filter(user_id=user_id)
    return mine if unread is None else mine.filter(read_at__isnull=unread)


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
