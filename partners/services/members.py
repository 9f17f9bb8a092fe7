"""An owner's say over who works for the partner, and as what."""

from __future__ import annotations

import uuid
from typing import Any

from common import outbox, sessions
from common.db import command, lock, lock_one
from common.errors import NotFound
from partners.errors import LastOwner, PartnerNotLive, RoleNotAllowed
from partners.models import Member, MemberSession, Partner
from partners.services import history
from partners.services.registering import NewMember, usable_password
from partners.states import Role


@command
def add_member(*, partner_id: uuid.UUID, actor_id: uuid.UUID, new: NewMember, role: Role) -> Member:
    """Make an account for somebody who works for the partner.

    Locks:  the partner, the owner who asks.      Emits: member.added
    Raises: PartnerNotLive, RoleNotAllowed, PhoneNotServed, PasswordWeak, MemberPhoneTaken
    """
    password = usable_password(new, pointer="")
    partner = live_partner(partner_id)
    actor = owner_among(lock(Member, [actor_id]), actor_id)
    member = Member.objects.create(
        partner=partner, name=new.name, phone=new.phone, password=password, language=new.language, role=role
    )
    history.record(partner, "add_member", actor=history.member_actor(actor), reason=f"{member.pk} as {role}")
    outbox.emit("member.added", key=f"partner:{partner.pk}", member=str(member.pk))
    return member


@command
def change_member(
    *, partner_id: uuid.UUID, member_id: uuid.UUID, actor_id: uuid.UUID, changes: dict[str, Any]
) -> Member:
    """Change `name`, `language`, `role` or `is_active` of a member; another role, or none, ends its sessions.

    The partner is locked, so that of two owners who leave at one moment the second sees that the first has.

    Locks:  the partner, both members.
    Raises: NotFound, PartnerNotLive, RoleNotAllowed, LastOwner, MemberPhoneTaken
    """
    partner = live_partner(partner_id)
    rows = lock(Member, {member_id, actor_id})
    actor = owner_among(rows, actor_id)
    member = next((row for row in rows if row.pk == member_id and _works_for(row, partner)), None)
    if member is None:
        raise NotFound
    before = (member.role, member.is_active)
    for name, value in changes.items():
        setattr(member, name, value)
    if before == (Role.OWNER, True) and (member.role, member.is_active) != before:
        _refuse_the_last_owner(member)
    member.save(update_fields=list(changes))
    if (member.role, member.is_active) != before:
        sessions.end_sessions(MemberSession, account_id=member.pk)
        now = f"{member.pk} is {member.role}{'' if member.is_active else ', inactive'}"
        history.record(partner, "change_member", actor=history.member_actor(actor), reason=now)
    return member


def _works_for(member: Member, partner: Partner) -> bool:
    return member.partner_id == partner.pk and not member.is_system


def live_partner(partner_id: uuid.UUID) -> Partner:
    partner = lock_one(Partner, partner_id)
    if not partner.is_live:
        raise PartnerNotLive
    return partner


def owner_among(rows: list[Member], actor_id: uuid.UUID) -> Member:
    """Return the actor, who was an owner when the request came and has to be one still; no key is one."""
    actor = next((row for row in rows if row.pk == actor_id), None)
    if actor is None or not actor.is_active or actor.is_system or actor.role != Role.OWNER:
        raise RoleNotAllowed
    return actor


def _refuse_the_last_owner(member: Member) -> None:
    others = Member.objects.people().filter(partner_id=member.partner_id, role=Role.OWNER, is_active=True)
    if not others.exclude(pk=member.pk).exists():
        raise LastOwner
