"""Questions to the administrators: asked, answered, settled, and told of. What was said is never changed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

from common import clock, outbox
from common.db import command, lock_one, step
from common.errors import NotFound
from common.files import checking, keeping, links
from common.files.checking import CheckedFile
from common.files.links import Link
from common.transitions import advance
from notifications.errors import TicketsTooMany
from notifications.models import SupportEvent, SupportMessage, SupportTicket
from notifications.states import (
    DAYS_TO_ANSWER,
    TICKET_TRANSITIONS,
    WAITING_TICKETS,
    TicketAuthor,
    TicketCategory,
    TicketStatus,
)

MOST_WAITING: Final = 20  # questions of one person, or of one partner, that are not over
FORGOTTEN: Final = ""


@dataclass(frozen=True)
class Side:
    """Who asks: a person, a partner's member, or whoever left a number. What is somebody else's is absent."""

    author: TicketAuthor
    author_id: uuid.UUID | None = None
    partner_id: uuid.UUID | None = None
    phone: str = ""
    language: str = "en"

    @property
    def columns(self) -> Mapping[str, Any]:
        """What a ticket of this side says of it."""
        match self.author:
            case TicketAuthor.PERSON:
                return {"person_id": self.author_id, "language": self.language}
            case TicketAuthor.MEMBER:
                return {"partner_id": self.partner_id, "member_id": self.author_id, "language": self.language}
            case _:
                return {"phone": self.phone, "language": self.language}

    def owns(self, ticket: SupportTicket) -> bool:
        if self.author is TicketAuthor.PERSON:
            return ticket.person_id == self.author_id
        return self.author is TicketAuthor.MEMBER and ticket.partner_id == self.partner_id

    @property
    def others(self) -> QuerySet[SupportTicket]:
        """The side's own tickets."""
        if self.author is TicketAuthor.PERSON:
            return SupportTicket.objects.filter(person_id=self.author_id)
        return SupportTicket.objects.filter(partner=self.partner_id)


@dataclass(frozen=True)
class Words:
    """What is said, with a file at most."""

    text: str
    file: CheckedFile | None = None


def words(text: str, *, name: str = "", content: bytes | None = None) -> Words:
    """Look at what is said, before any lock.

    Raises: FileEmpty, FileTooLarge, FileTypeUnknown, FileUnreadable, FileUnsafe, Busy
    """
    return Words(text, None if content is None else checking.check(name=name, content=content))


@command
def ask(*, side: Side, category: TicketCategory, subject: str, said: Words) -> SupportTicket:
    """Open a question; the day by which it is answered is published by category.

    Emits: support.opened, file.kept      Raises: TicketsTooMany
    """
    if side.others.filter(status__in=sorted(WAITING_TICKETS)).count() >= MOST_WAITING:
        raise TicketsTooMany(most=MOST_WAITING)
    return _open(side, category, subject, said)


@command
def ask_as_visitor(*, phone: str, language: str, category: TicketCategory, subject: str, text: str) -> SupportTicket:
    """Open a question of somebody who is not signed in; the answer goes to the number. Emits: support.opened"""
    return _open(Side(TicketAuthor.VISITOR, phone=phone, language=language), category, subject, Words(text))


@step
def _open(side: Side, category: TicketCategory, subject: str, said: Words) -> SupportTicket:
    now = clock.now()
    ticket = SupportTicket.objects.create(
        category=category,
        subject=subject,
        due_at=now + dt.timedelta(days=DAYS_TO_ANSWER[category]),
        created_at=now,
        **side.columns,
    )
    _say(ticket, said, author=side.author, author_id=side.author_id)
    _record(ticket, "open", _actor(side.author, side.author_id))
    outbox.emit("support.opened", key=f"support:{ticket.pk}", ticket=str(ticket.pk))
    return ticket


@command
def reply(*, ticket_id: uuid.UUID, side: Side, said: Words) -> SupportTicket:
    """Say more; the question then waits for an administrator again. Locks: the ticket.      Emits: file.kept

    Raises: NotFound, IllegalTransition
    """
    ticket = _moved(ticket_id, "reply", side)
    _say(ticket, said, author=side.author, author_id=side.author_id)
    return ticket


@command
def close(*, ticket_id: uuid.UUID, side: Side) -> SupportTicket:
    """Need no answer any more. Locks: the ticket.      Raises: NotFound, IllegalTransition"""
    return _moved(ticket_id, "close", side)


@command
def reopen(*, ticket_id: uuid.UUID, side: Side) -> SupportTicket:
    """Ask for another look; the time to answer begins anew. Locks: the ticket.

    Raises: NotFound, IllegalTransition
    """
    ticket = _moved(ticket_id, "reopen", side)
    ticket.due_at = clock.now() + dt.timedelta(days=DAYS_TO_ANSWER[TicketCategory(ticket.category)])
    ticket.save(update_fields=["due_at", "updated_at"])
    return ticket


@command
def assign(*, ticket_id: uuid.UUID, admin_id: uuid.UUID) -> SupportTicket:
    """An administrator takes a question on. Locks: the ticket.      Raises: NotFound"""
    ticket = lock_one(SupportTicket, ticket_id)
    ticket.assigned_to_id = admin_id
    ticket.save(update_fields=["assigned_to", "updated_at"])
    _record(ticket, "assign", f"admin {admin_id}")
    return ticket


@command
def answer(*, ticket_id: uuid.UUID, admin_id: uuid.UUID, text: str) -> SupportTicket:
    """Answer; whoever asked is told. Locks: the ticket.      Emits: support.answered

    Raises: NotFound, IllegalTransition
    """
    ticket = _moved_by_admin(ticket_id, "answer", admin_id)
    said = _say(ticket, Words(text), author=TicketAuthor.ADMINISTRATOR, author_id=admin_id)
    ticket.first_answer_at = ticket.first_answer_at or clock.now()
    ticket.assigned_to_id = ticket.assigned_to_id or admin_id
    ticket.save()
    outbox.emit("support.answered", key=f"support:{ticket.pk}", ticket=str(ticket.pk), message=str(said.pk))
    return ticket


@command
def resolve(*, ticket_id: uuid.UUID, admin_id: uuid.UUID) -> SupportTicket:
    """Say that an answered question is settled; whoever asked is told, and may reopen it. Locks: the ticket.

    Emits: support.resolved      Raises: NotFound, IllegalTransition
    """
    ticket = _moved_by_admin(ticket_id, "resolve", admin_id)
    outbox.emit("support.resolved", key=f"support:{ticket.pk}", ticket=str(ticket.pk))
    return ticket


def file_link(message: SupportMessage) -> Link:
    """Return a link to what came with a message. Raises: NotFound"""
    if message.file is None:
        raise NotFound
    return links.link_to(message.file)


@step
def forget_person(*, user_id: uuid.UUID) -> None:
    """Keep of a forgotten person's questions only that they were, and how they ended.

    Locks: the files.      Emits: file.discarded
    """
    mine = SupportTicket.objects.filter(person_id=user_id)
    said = SupportMessage.objects.filter(ticket__in=mine)
    files = [pk for pk in said.values_list("file_id", flat=True) if pk is not None]
    said.update(text=FORGOTTEN, file=None)
    mine.update(subject=FORGOTTEN)
    keeping.discard(files)


@step
def delete_traces(user_id: uuid.UUID) -> None:
    """Delete the questions of somebody who was forgotten long ago."""
    mine = SupportTicket.objects.filter(person_id=user_id)
    SupportEvent.objects.filter(ticket__in=mine).delete()
    SupportMessage.objects.filter(ticket__in=mine).delete()
    mine.delete()


def _moved(ticket_id: uuid.UUID, verb: str, side: Side) -> SupportTicket:
    ticket = lock_one(SupportTicket, ticket_id)
    if not side.owns(ticket):
        raise NotFound
    return _advance(ticket, verb, _actor(side.author, side.author_id))


def _moved_by_admin(ticket_id: uuid.UUID, verb: str, admin_id: uuid.UUID) -> SupportTicket:
    return _advance(lock_one(SupportTicket, ticket_id), verb, f"admin {admin_id}")


def _advance(ticket: SupportTicket, verb: str, actor: str) -> SupportTicket:
    ticket.status = advance(TICKET_TRANSITIONS, TicketStatus(ticket.status), verb)
    ticket.save()
    _record(ticket, verb, actor)
    return ticket


@step
def _say(ticket: SupportTicket, said: Words, *, author: TicketAuthor, author_id: uuid.UUID | None) -> SupportMessage:
    return SupportMessage.objects.create(
        ticket=ticket,
        author=author,
        author_id=author_id,
        text=said.text,
        file=None if said.file is None else keeping.keep(said.file),
    )


@step
def _record(ticket: SupportTicket, verb: str, actor: str) -> None:
    SupportEvent.objects.create(ticket=ticket, verb=verb, actor=actor)


def _actor(author: TicketAuthor, author_id: uuid.UUID | None) -> str:
    return f"{author} {author_id}" if author_id else str(author)
