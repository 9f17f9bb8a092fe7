"""A member who has forgotten the password gets a new one by a code sent to the number."""

from __future__ import annotations

import uuid

from django.contrib.auth.hashers import make_password

from common import sessions
from common.db import command, lock, lock_one
from partners.models import Member, MemberSession, Partner
from partners.services.signing_in import SignedInMember, open_for, refuse_stopped
from users.errors import CodeInvalid
from users.services import otp
from users.services.accounts import Device, check_password_strength
from users.services.otp import Challenge
from users.states import Purpose


def request_code(*, phone: str, language: str) -> Challenge:
    """Open a challenge for the number; the answer is the same whether or not a member signs in with it.

    Raises: PhoneNotServed, TooMany
    """
    member = Member.objects.people().filter(phone=phone, is_active=True).first()
    return otp.request_code(
        phone=phone,
        purpose=Purpose.PARTNER_RESET_PASSWORD,
        account_id=member.pk if member else None,
        language=member.language if member else language,
    )


@command
def reset_password(*, challenge_id: uuid.UUID, code: str, password: str, device: Device) -> SignedInMember:
    """Set a new password by the code; every other session ends.

    Locks:  the challenge, the partner, the member.
    Raises: PasswordWeak, CodeInvalid, PartnerSuspended, PartnerRejected
    """
    check_password_strength(password)
    challenge = otp.spend_code(challenge_id=challenge_id, code=code, purpose=Purpose.PARTNER_RESET_PASSWORD)
    employer = Member.objects.filter(pk__in=[challenge.account_id]).values_list("partner_id", flat=True).first()
    if employer is None:
        raise CodeInvalid
    partner = lock_one(Partner, employer)
    member = next(iter(lock(Member, [challenge.account_id])), None)
    if member is None or not member.is_active:
        raise CodeInvalid
    refuse_stopped(partner)
    member.password = make_password(password)
    member.save(update_fields=["password"])
    sessions.end_sessions(MemberSession, account_id=member.pk)
    return open_for(member, partner, device=device)
