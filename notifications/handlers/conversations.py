"""What waits in conversations, and what became of a report. Nothing that was said there is in any message."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from chat import selectors as chat
from chat.reading import roles_that_read
from chat.selectors import Author
from chat.states import ReportStatus
from common import clock
from common.models import OutboxEvent
from common.outbox import on
from notifications.handlers.addressing import id_in, members, occasion, people
from notifications.kinds import Kind
from notifications.services import Recipient, Subject, notify
from partners.states import Role

WORTH_TELLING: Final = dt.timedelta(hours=6)  # then whoever wrote has found another way
TO_AUTHOR: Final = {ReportStatus.WARNED: Kind.CHAT_WARNED, ReportStatus.BLOCKED: Kind.CHAT_BLOCKED}


@on("chat.waiting")
def tell_waiting(event: OutboxEvent) -> None:
    """Tell the side that something waits, unless it has read it meanwhile."""
    waits = chat.find_waiting(event.payload["side"])
    if waits is None:
        return
    recipients = people([waits.user_id]) if waits.user_id else []
    if waits.partner_id:
        recipients = members(waits.partner_id, roles_that_read(waits.subject))
    notify(
        kind=Kind.CHAT_WAITING,
        occasion=occasion(event),
        recipients=recipients,
        subject=Subject("conversation", waits.conversation_id),
        valid_until=clock.now() + WORTH_TELLING,
    )


@on("chat.report_decided")
def tell_decided(event: OutboxEvent) -> None:
    """Tell whoever reported that it was looked at, and the author what follows for him."""
    found = chat.decided(id_in(event, "report"))
    _tell(event, Kind.CHAT_REPORT_ANSWERED, found.reporter, found.conversation_id)
    if found.status in TO_AUTHOR:
        _tell(event, TO_AUTHOR[found.status], found.author, found.conversation_id)


def _tell(event: OutboxEvent, kind: Kind, author: Author, conversation_id: uuid.UUID) -> None:
    notify(
        kind=kind,
        occasion=f"{occasion(event)}:{kind}",
        recipients=_recipients(author),
        subject=Subject("conversation", conversation_id),
    )


def _recipients(author: Author) -> list[Recipient]:
    if author.user_id:
        return people([author.user_id])
    if author.partner_id is None:
        return []
    return [one for one in members(author.partner_id, tuple(Role)) if one.member_id == author.member_id]
