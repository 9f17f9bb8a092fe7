"""What whoever asked the administrators hears; and what administrators hear of the money for messages."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings

from common.models import OutboxEvent
from common.outbox import on
from notifications.handlers.addressing import id_in, occasion, people
from notifications.kinds import Kind
from notifications.models import SupportMessage, SupportTicket
from notifications.services import Recipient, Subject, notify
from notifications.states import Channel
from notifications.templates import Prose
from partners import selectors as partners
from users import selectors as users

LONGEST_ANSWER = 260  # characters of an answer by SMS: two segments in letters that every telephone has
LONGEST_ANSWER_WIDE = 110


@on("support.answered")
def tell_answered(event: OutboxEvent) -> None:
    """A visitor, who can read nothing in an app, gets the answer itself."""
    ticket = SupportTicket.objects.get(pk=id_in(event, "ticket"))
    if ticket.person_id is None and ticket.member_id is None:
        _tell_visitor(event, ticket)
    else:
        _tell_asker(event, ticket, Kind.SUPPORT_ANSWERED)


@on("support.resolved")
def tell_resolved(event: OutboxEvent) -> None:
    ticket = SupportTicket.objects.get(pk=id_in(event, "ticket"))
    _tell_asker(event, ticket, Kind.SUPPORT_RESOLVED)


@on("budget.used_up")
def tell_used_up(event: OutboxEvent) -> None:
    """Administrators hear once per day and channel; their own message is not stopped by the budget."""
    notify(
        kind=Kind.BUDGET_USED_UP,
        occasion=occasion(event),
        recipients=people(users.administrators()),
        facts={
            "channel": str(Channel(event.payload["channel"])),
            "day": dt.date.fromisoformat(event.payload["day"]),
        },
    )


def _tell_asker(event: OutboxEvent, ticket: SupportTicket, kind: Kind) -> None:
    notify(
        kind=kind,
        occasion=occasion(event),
        recipients=_askers(ticket),
        subject=Subject("support", ticket.pk),
    )


def _askers(ticket: SupportTicket) -> list[Recipient]:
    if ticket.person_id is not None:
        return people([ticket.person_id])
    if ticket.member_id is None:
        return []
    member = partners.find_contact(ticket.member_id)
    if member is None:
        return []
    return [Recipient(phone=member.phone, language=member.language, zone=member.zone, member_id=member.id)]


def _tell_visitor(event: OutboxEvent, ticket: SupportTicket) -> None:
    said = SupportMessage.objects.get(pk=uuid.UUID(event.payload["message"])).text or ""
    longest = LONGEST_ANSWER if said.isascii() else LONGEST_ANSWER_WIDE
    notify(
        kind=Kind.SUPPORT_VISITOR,
        occasion=occasion(event),
        recipients=[Recipient(phone=ticket.phone, language=ticket.language, zone=settings.DEFAULT_ZONE)],
        facts={"answer": Prose(said if len(said) <= longest else f"{said[: longest - 3]}...")},
    )
