"""An administrator's say over partners. Every verb is told in the partner's history."""

from __future__ import annotations

import uuid

from common import sessions
from common.db import command, lock_one, step
from common.transitions import advance
from partners.errors import FacilityCodeTaken
from partners.facility_codes import new_placeholder
from partners.models import MemberSession, Partner
from partners.services import history
from partners.states import TRANSITIONS, PartnerStatus

TRIES = 8  # with 3,000 partners one try in a hundred meets a code that is taken


@command
def approve_partner(*, partner_id: uuid.UUID, actor: str, reason: str = "") -> Partner:
    """Let a pending partner work; what its claimant said of a listing becomes public.

    Locks:  the partner.      Emits: partner.approved
    Raises: NotFound, IllegalTransition, FacilityCodeTaken
    """
    partner = _advanced(partner_id, "approve")
    partner.take_profile(partner.claimed_profile or {})
    partner.claimed_profile = None
    if partner.facility_code is None:
        partner.facility_code = free_placeholder()
    partner.save()
    return _told(partner, "approve", "partner.approved", actor=actor, reason=reason)


@command
def reject_partner(*, partner_id: uuid.UUID, actor: str, reason: str) -> Partner:
    """Refuse a registration; a claimed listing is a mere listing again. The licence can be claimed anew.

    Locks:  the partner.      Emits: partner.rejected      Raises: NotFound, IllegalTransition
    """
    partner = _advanced(partner_id, "reject", listing_verb="relist")
    partner.claimed_profile = None
    partner.save(update_fields=["status", "claimed_profile", "updated_at"])
    _sign_everybody_out(partner)
    return _told(partner, "reject", "partner.rejected", actor=actor, reason=reason)


@command
def suspend_partner(*, partner_id: uuid.UUID, actor: str, reason: str) -> Partner:
    """Stop a live partner; its members are signed out at once, and it is no longer shown.

    Locks:  the partner.      Emits: partner.suspended      Raises: NotFound, IllegalTransition
    """
    partner = _advanced(partner_id, "suspend")
    partner.save(update_fields=["status", "updated_at"])
    _sign_everybody_out(partner)
    return _told(partner, "suspend", "partner.suspended", actor=actor, reason=reason)


@command
def reinstate_partner(*, partner_id: uuid.UUID, actor: str, reason: str = "") -> Partner:
    """Let a suspended partner work again; its members sign in anew.

    Locks:  the partner.      Emits: partner.reinstated      Raises: NotFound, IllegalTransition
    """
    partner = _advanced(partner_id, "reinstate")
    partner.save(update_fields=["status", "updated_at"])
    return _told(partner, "reinstate", "partner.reinstated", actor=actor, reason=reason)


def _advanced(partner_id: uuid.UUID, verb: str, *, listing_verb: str = "") -> Partner:
    """Return the locked partner in its next state; `listing_verb` is for one of the directory."""
    partner = lock_one(Partner, partner_id)
    chosen = listing_verb if listing_verb and partner.in_directory else verb
    partner.status = advance(TRANSITIONS, PartnerStatus(partner.status), chosen)
    return partner


@step
def _sign_everybody_out(partner: Partner) -> None:
    sessions.end_sessions(MemberSession, account__partner_id=partner.pk)


@step
def _told(partner: Partner, verb: str, event: str, *, actor: str, reason: str) -> Partner:
    history.record(partner, verb, actor=actor, reason=reason)
    history.tell(event, partner)
    return partner


def free_placeholder() -> str:
    """Return a code that nobody has. Two approvals of one instant may draw the same; one is then refused."""
    for _ in range(TRIES):
        code = new_placeholder()
        if not Partner.objects.filter(facility_code=code).exists():
            return code
    raise FacilityCodeTaken
