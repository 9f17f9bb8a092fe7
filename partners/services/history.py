"""Who did what to a partner, and why."""

from __future__ import annotations

from common import outbox
from common.db import step
from partners.models import Member, Partner, PartnerEvent


@step
def record(partner: Partner, verb: str, *, actor: str, reason: str = "") -> None:
    """Write one line of the partner's history; `actor` is an account's id or the name of a command."""
    PartnerEvent.objects.create(partner=partner, verb=verb, actor=actor[:120], reason=reason)


@step
def tell(name: str, partner: Partner) -> None:
    """Emit an event about the partner."""
    outbox.emit(name, key=f"partner:{partner.pk}", partner=str(partner.pk))


def member_actor(member: Member) -> str:
    """How a member is named in the history."""
    return f"member {member.pk}"
