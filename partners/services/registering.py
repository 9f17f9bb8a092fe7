"""Registering an organisation: a new one, or a listing of the directory that its bank claims."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db.models import Q

from common.db import command, lock_one, step
from common.phone import sms_allowed
from common.transitions import advance
from partners.directory.licenses import license_key, names_no_license
from partners.errors import LicenseInvalid, LicenseTaken
from partners.models import Member, Partner
from partners.operating import refuse_when_closed
from partners.services import history
from partners.states import TRANSITIONS, UNCLAIMED, PartnerKind, PartnerStatus, Role
from users.errors import PasswordWeak, PhoneNotServed
from users.services.accounts import check_password_strength

LONGEST_KEY = 80


@dataclass(frozen=True)
class Organisation:
    """What somebody says about the organisation they register."""

    name: str
    kind: PartnerKind
    license_number: str
    phone: str
    email: str
    address: str
    city: str
    state: str
    pincode: str
    lat: Decimal
    lng: Decimal


@dataclass(frozen=True)
class NewMember:
    """An account to be made; the phone is E.164, the password in clear."""

    name: str
    phone: str
    password: str
    language: str


@command
def register(*, organisation: Organisation, owner: NewMember) -> Member:
    """Register the organisation and its first owner; it waits for an administrator.

    A listing with the same licence, or a registration that was refused, is claimed: what the public sees of
    it stays as it is, and what the claimant says waits in `claimed_profile`.

    Locks:  the partner that is claimed.      Emits: partner.registered
    Raises: RegistrationClosed, LicenseInvalid, LicenseTaken, PhoneNotServed, PasswordWeak, MemberPhoneTaken
    """
    refuse_when_closed()
    key = license_key(organisation.license_number)
    if names_no_license(key) or len(key) > LONGEST_KEY:
        raise LicenseInvalid
    password = usable_password(owner, pointer="/owner")
    found = Partner.objects.filter(license_key=key).values_list("pk", flat=True).first()
    if found is None:
        partner = Partner.objects.create(license_key=key, **asdict(organisation))
    else:
        partner = _claim(found, organisation)
    _forget_refused(partner_id=partner.pk, phone=owner.phone)
    member = Member.objects.create(
        partner=partner,
        name=owner.name,
        phone=owner.phone,
        password=password,
        language=owner.language,
        role=Role.OWNER,
    )
    verb = "register" if found is None else "claim"
    history.record(partner, verb, actor=history.member_actor(member))
    history.tell("partner.registered", partner)
    return member


def usable_password(member: NewMember, *, pointer: str) -> str:
    """Return the hash of the password; slow on purpose, so call it before any lock.

    `pointer` leads to the member in the request's body. Raises: PhoneNotServed, PasswordWeak
    """
    if not sms_allowed(member.phone, settings.SMS_PREFIXES):
        raise PhoneNotServed(pointer=f"{pointer}/phone")
    try:
        check_password_strength(member.password)
    except PasswordWeak as exc:
        raise PasswordWeak(**exc.facts, pointer=f"{pointer}/password") from exc
    return make_password(member.password)


def _claim(partner_id: uuid.UUID, organisation: Organisation) -> Partner:
    partner = lock_one(Partner, partner_id)
    if (partner.status, "claim") not in TRANSITIONS:
        raise LicenseTaken
    partner.status = advance(TRANSITIONS, PartnerStatus(partner.status), "claim")
    said = asdict(organisation)
    del said["license_number"]  # the same licence; the directory's way to print it stays
    partner.claimed_profile = {name: str(value) for name, value in said.items()}
    partner.save(update_fields=["status", "claimed_profile", "updated_at"])
    return partner


@step
def _forget_refused(*, partner_id: uuid.UUID, phone: str) -> None:
    """Delete the accounts of refused claims: those of this partner, and those of this number anywhere.

    Such a partner was never live, so its members have done nothing that a row could point at.
    """
    refused = Q(partner_id=partner_id) | Q(phone=phone, partner__status__in=list(UNCLAIMED))
    Member.objects.filter(refused).delete()
