"""Members on their devices: sign in, change the password."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from common import sessions
from common.db import command, lock_one, step
from common.tokens import Pair
from partners.errors import PartnerRejected, PartnerSuspended
from partners.models import Member, MemberSession, Partner
from partners.states import MAY_SIGN_IN, PartnerStatus
from users.errors import CredentialsInvalid, PasswordWrong
from users.services.accounts import Device, check_password_strength


@dataclass(frozen=True)
class SignedInMember:
    """A member, with its partner loaded, and the tokens its device goes on with."""

    member: Member
    tokens: Pair


def sign_in(*, phone: str, password: str, device: Device) -> SignedInMember:
    """Sign a member in by password; an unknown number takes as long to refuse as a wrong password.

    Members of a pending partner may sign in.
    Raises: CredentialsInvalid, PartnerRejected, PartnerSuspended
    """
    member = Member.objects.people().filter(phone=phone, is_active=True).first()
    if member is None:
        make_password(password)
        raise CredentialsInvalid
    if not member.check_password(password):
        raise CredentialsInvalid
    return _open(partner_id=member.partner_id, member_id=member.pk, proven_hash=member.password, device=device)


@command
def _open(*, partner_id: uuid.UUID, member_id: uuid.UUID, proven_hash: str, device: Device) -> SignedInMember:
    """Look again under the locks: a suspension or a new password may have come since the check."""
    partner = lock_one(Partner, partner_id)
    member = lock_one(Member, member_id)
    if not member.is_active or member.password != proven_hash:
        raise CredentialsInvalid
    refuse_stopped(partner)
    return open_for(member, partner, device=device)


def refuse_stopped(partner: Partner) -> None:
    """Raises: PartnerSuspended, PartnerRejected when the partner's members may not sign in"""
    if partner.status == PartnerStatus.SUSPENDED:
        raise PartnerSuspended
    if partner.status not in MAY_SIGN_IN:
        raise PartnerRejected


@step
def open_for(member: Member, partner: Partner, *, device: Device) -> SignedInMember:
    """Sign the member in on the device. The caller holds both rows."""
    member.partner = partner
    _, tokens = sessions.open_session(MemberSession, account_id=member.pk, device=device.name, address=device.address)
    return SignedInMember(member, tokens)


@command
def change_password(*, member_id: uuid.UUID, session_id: uuid.UUID, current: str, password: str) -> None:
    """Replace the password; every session but the one that asks ends.

    Locks:  the member.      Raises: PasswordWrong, PasswordWeak
    """
    member = lock_one(Member, member_id)
    if not member.check_password(current):
        raise PasswordWrong
    check_password_strength(password)
    member.set_password(password)
    member.save(update_fields=["password"])
    sessions.end_sessions(MemberSession, account_id=member.pk, keep=session_id)
