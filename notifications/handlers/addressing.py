"""To whom a message goes, and about which event."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable

from common.models import OutboxEvent
from notifications.kinds import Kind
from notifications.services import Recipient, notify
from notifications.templates import Fact
from partners import selectors as partners
from partners.states import Role
from users import selectors as users

ANSWERING = (Role.OWNER, Role.COORDINATOR)  # who deals with donors
KEEPING = (Role.OWNER, Role.INVENTORY)  # who deals with bags


def people(user_ids: Iterable[uuid.UUID]) -> list[Recipient]:
    return [person(contact) for contact in users.contacts(user_ids).values()]


def person(contact: users.Contact, **facts: Fact) -> Recipient:
    return Recipient(
        phone=contact.phone,
        language=contact.language,
        zone=contact.zone,
        user_id=contact.id,
        facts=facts,
        email=contact.email,
    )


def members(partner_id: uuid.UUID, roles: Collection[Role]) -> list[Recipient]:
    return [
        Recipient(phone=member.phone, language=member.language, zone=member.zone, member_id=member.id)
        for member in partners.contacts_of(partner_id, roles)
    ]


def occasion(event: OutboxEvent) -> str:
    return f"event:{event.pk}"


def id_in(event: OutboxEvent, name: str) -> uuid.UUID:
    return uuid.UUID(event.payload[name])


def subject_of_key(event: OutboxEvent) -> uuid.UUID:
    return uuid.UUID(event.key.partition(":")[2])


def tell_people(event: OutboxEvent, kind: Kind, user_ids: Iterable[uuid.UUID], **facts: int | dt.datetime) -> None:
    notify(kind=kind, occasion=occasion(event), recipients=people(user_ids), facts=facts)
