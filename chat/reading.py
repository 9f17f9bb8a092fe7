"""Who asks, and what of a conversation that side may see."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from chat.states import ChatRole, ChatSubject
from partners.states import Role

PARTNER_SUBJECTS: Final[Mapping[Role, frozenset[ChatSubject]]] = {
    Role.OWNER: frozenset({ChatSubject.ASSIGNMENT, ChatSubject.ORDER, ChatSubject.TRANSFER}),
    Role.COORDINATOR: frozenset({ChatSubject.ASSIGNMENT}),
    Role.INVENTORY: frozenset({ChatSubject.ORDER, ChatSubject.TRANSFER}),
}


@dataclass(frozen=True)
class Reader:
    """A person, or a member who speaks for a partner in the conversations of the member's role."""

    language: str
    user_id: uuid.UUID | None = None
    partner_id: uuid.UUID | None = None
    member_id: uuid.UUID | None = None
    subjects: frozenset[ChatSubject] = frozenset(ChatSubject)

    @classmethod
    def person(cls, user_id: uuid.UUID, *, language: str) -> Reader:
        return cls(language=language, user_id=user_id)

    @classmethod
    def member(cls, member_id: uuid.UUID, *, partner_id: uuid.UUID, role: str, language: str) -> Reader:
        subjects = PARTNER_SUBJECTS[Role(role)]
        return cls(language=language, partner_id=partner_id, member_id=member_id, subjects=subjects)


@dataclass(frozen=True)
class FileBrief:
    """What is shown of a file; the link to it is asked for by itself."""

    name: str
    content_type: str
    size: int


@dataclass(frozen=True)
class Way:
    """Where to go from a step: an address of this API, which gives its secret to whom it belongs alone."""

    rel: str
    href: str


@dataclass(frozen=True)
class ShownMessage:
    """A message as one side may read it at this moment."""

    id: uuid.UUID
    number: int
    kind: str
    author: ChatRole | None
    is_ours: bool
    client_id: uuid.UUID | None
    text: str
    code: str
    is_masked: bool
    is_deleted: bool
    file: FileBrief | None
    way: Way | None
    about_at: dt.datetime | None
    created_at: dt.datetime


@dataclass(frozen=True)
class OtherSide:
    role: ChatRole
    name: str
    read_up_to: int


@dataclass(frozen=True)
class ShownConversation:
    """A conversation as one side sees it in a list."""

    id: uuid.UUID
    subject_kind: ChatSubject
    subject_id: uuid.UUID
    status: str
    role: ChatRole
    other: OtherSide
    unread: int
    read_up_to: int
    last_number: int
    last_message: ShownMessage | None
    is_masked: bool
    opened_at: dt.datetime
    closes_at: dt.datetime | None
    active_at: dt.datetime


def roles_that_read(subject: ChatSubject) -> Collection[Role]:
    """Return the members' roles that deal with the subject."""
    return [role for role, subjects in PARTNER_SUBJECTS.items() if subject in subjects]
