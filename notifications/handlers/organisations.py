"""What an administrator decides about a partner, and who joins it."""

from __future__ import annotations

from collections.abc import Collection

from common import clock
from common.models import OutboxEvent
from common.outbox import on
from notifications.handlers.addressing import (
    id_in,
    members,
    occasion,
    people,
    subject_of_key,
)
from notifications.kinds import Kind
from notifications.services import Subject, notify
from partners import selectors as partners
from partners.states import Role


@on("partner.registered")
def tell_registered(event: OutboxEvent) -> None:
    _tell_partner(event, Kind.PARTNER_REGISTERED)


@on("partner.approved")
def tell_approved(event: OutboxEvent) -> None:
    _tell_partner(event, Kind.PARTNER_APPROVED)


@on("partner.rejected")
def tell_rejected(event: OutboxEvent) -> None:
    _tell_partner(event, Kind.PARTNER_REJECTED)


@on("partner.suspended")
def tell_suspended(event: OutboxEvent) -> None:
    _tell_partner(event, Kind.PARTNER_SUSPENDED, roles=tuple(Role))


@on("partner.reinstated")
def tell_reinstated(event: OutboxEvent) -> None:
    _tell_partner(event, Kind.PARTNER_REINSTATED, roles=tuple(Role))


@on("member.added")
def tell_member_added(event: OutboxEvent) -> None:
    partner_id, member_id = subject_of_key(event), id_in(event, "member")
    notify(
        kind=Kind.MEMBER_ADDED,
        occasion=occasion(event),
        recipients=[member for member in members(partner_id, tuple(Role)) if member.member_id == member_id],
        facts={"partner": partners.card(partner_id).name},
    )


@on("apikey.expiring")
def tell_key_expires(event: OutboxEvent) -> None:
    """Tell the owners, who may extend the key or make another; nothing of a key that is over by now."""
    key = partners.api_key(id_in(event, "partner"), id_in(event, "api_key"))
    if key.is_open(clock.now()):
        notify(
            kind=Kind.API_KEY_EXPIRING,
            occasion=occasion(event),
            recipients=members(key.partner_id, (Role.OWNER,)),
            facts={"key": key.begins, "at": key.expires_at},
            subject=Subject("api_key", key.pk),
        )


@on("complaint.answered")
def tell_complaint_answered(event: OutboxEvent) -> None:
    """Tell whoever complained, and nobody else, that there is an answer; it is read in the app alone."""
    author = partners.complaint_author(id_in(event, "complaint"))
    recipients = people([author.person_id]) if author.person_id else []
    if author.partner_id:
        recipients = [to for to in members(author.partner_id, tuple(Role)) if to.member_id == author.member_id]
    notify(
        kind=Kind.COMPLAINT_ANSWERED,
        occasion=occasion(event),
        recipients=recipients,
        facts={},
        subject=Subject("complaint", id_in(event, "complaint")),
    )


def _tell_partner(event: OutboxEvent, kind: Kind, *, roles: Collection[Role] = (Role.OWNER,)) -> None:
    partner_id = id_in(event, "partner")
    notify(
        kind=kind,
        occasion=occasion(event),
        recipients=members(partner_id, roles),
        facts={"partner": partners.card(partner_id).name},
    )
