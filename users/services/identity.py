"""Proofs of identity: looked at once, and kept only as the level they are worth."""

from __future__ import annotations

import uuid

from common import clock
from common.db import command
from users.errors import IdentityNotConfigured, OfflinePhoneDiffers
from users.identity import aadhaar, certificates, offline
from users.identity.offline import OfflineKyc
from users.models import IdentityAssurance
from users.services.consents import grant, hold_person
from users.states import AssuranceLevel, ConsentPurpose, IdentityMethod


def record_number(*, user_id: uuid.UUID, number: str, notice_version: int | None = None) -> IdentityAssurance:
    """Note that the person gave a number that could exist: level 1, which says nothing about the person.

    The person has agreed to the notice. Raises: AadhaarInvalid, NoticeOutdated, NotFound, AccountErased
    """
    return _record_number(user_id=user_id, last4=aadhaar.last_four(number), notice_version=notice_version)


def record_offline_file(
    *, user_id: uuid.UUID, file: bytes, share_code: str, notice_version: int | None = None
) -> IdentityAssurance:
    """Note that the issuer signed a fresh file about whoever has the account's telephone: level 3.

    The person has agreed to the notice; file and share code are not kept.
    Raises: IdentityNotConfigured, OfflineFileInvalid, ShareCodeWrong, OfflineSignatureInvalid, OfflineFileStale,
    OfflinePhoneDiffers, OfflineFileUsed, NoticeOutdated, NotFound, AccountErased
    """
    trusted = certificates.pinned()
    if not trusted:
        raise IdentityNotConfigured
    found = offline.read(offline.unpack(file, share_code), certificates=trusted, now=clock.now())
    return _record_offline_file(user_id=user_id, found=found, share_code=share_code, notice_version=notice_version)


@command
def _record_number(*, user_id: uuid.UUID, last4: str, notice_version: int | None) -> IdentityAssurance:
    """Locks: the person."""
    user = hold_person(user_id)
    return IdentityAssurance.objects.create(
        user=user,
        consent=grant(user, ConsentPurpose.IDENTITY, notice_version=notice_version),
        level=AssuranceLevel.FORMAT_VALID,
        method=IdentityMethod.AADHAAR_FORMAT,
        last4=last4,
        created_at=clock.now(),
    )


@command
def _record_offline_file(
    *, user_id: uuid.UUID, found: OfflineKyc, share_code: str, notice_version: int | None
) -> IdentityAssurance:
    """Locks: the person. Of two calls with one file the database lets one pass."""
    user = hold_person(user_id)
    if not offline.belongs_to(found, phone=user.phone, share_code=share_code):
        raise OfflinePhoneDiffers
    return IdentityAssurance.objects.create(
        user=user,
        consent=grant(user, ConsentPurpose.IDENTITY, notice_version=notice_version),
        level=AssuranceLevel.OFFLINE_EKYC,
        method=IdentityMethod.AADHAAR_OFFLINE_XML,
        last4=found.last4,
        reference_sha256=found.reference_sha256,
        certificate_sha256=found.certificate_sha256,
        created_at=clock.now(),
    )
