"""Consents: given to a notice in its words, taken back as easily, and what taking back does."""

from __future__ import annotations

import uuid

from common import clock
from common.db import command, lock, lock_one, step
from common.transitions import advance
from users import selectors
from users.errors import AccountErased, ConsentNotGiven, ConsentWithdrawn, NoticeOutdated
from users.models import Consent, Donor, IdentityAssurance, IdentityAttestation, User
from users.selectors import ConsentState
from users.states import (
    ATTESTATION_TRANSITIONS,
    AssuranceLevel,
    AttestationFailure,
    AttestationStatus,
    ConsentPurpose,
    ConsentStatus,
)


@command
def give(*, user_id: uuid.UUID, purpose: ConsentPurpose, notice_version: int) -> ConsentState:
    """Agree to the current notice, in the language the person reads; agreeing again changes nothing.

    Locks: the person.      Raises: NotFound, AccountErased, NoticeOutdated
    """
    user = hold_person(user_id)
    grant(user, purpose, notice_version=notice_version)
    return selectors.consent_state(user, purpose)


@command
def withdraw(*, user_id: uuid.UUID, purpose: ConsentPurpose) -> ConsentState:
    """Take a consent back, with what was done by it: a donor is asked no more, a level of identity ends.

    Locks: the person, the attestations, the donor.      Raises: NotFound, ConsentNotGiven
    """
    user = hold_person(user_id)
    if not end(user, purpose):
        raise ConsentNotGiven
    if purpose is ConsentPurpose.DONOR_MATCHING:
        stop_asking(user)
    elif purpose is ConsentPurpose.IDENTITY_PROVIDER:
        end_attestations(user)
        end_assurances(user, AssuranceLevel.PROVIDER_ATTESTED)
    elif purpose is ConsentPurpose.IDENTITY:
        end_attestations(user)
        end_assurances(user, *AssuranceLevel)
    return selectors.consent_state(user, purpose)


@step
def hold_person(user_id: uuid.UUID) -> User:
    """Lock a person who is still somebody. Raises: NotFound, AccountErased."""
    user = lock_one(User, user_id)
    if user.erased_at is not None:
        raise AccountErased
    return user


@step
def grant(user: User, purpose: ConsentPurpose, *, notice_version: int | None = None) -> Consent:
    """Return the person's consent to the current notice, given now unless it was before.

    The caller holds the person. `notice_version` is the one that was read, where that is known.
    Raises: NoticeOutdated
    """
    notice = selectors.current_notice(purpose, user.language)
    if notice_version not in (None, notice.version):
        raise NoticeOutdated
    given = Consent.objects.filter(
        user=user, notice__purpose=purpose, notice__version=notice.version, withdrawn_at=None
    ).first()
    return given or Consent.objects.create(user=user, notice=notice, granted_at=clock.now())


@step
def end(user: User, *purposes: ConsentPurpose) -> int:
    """Write down that the consents are withdrawn; return how many were. The caller holds the person."""
    rows = Consent.objects.filter(user=user, notice__purpose__in=purposes, withdrawn_at=None)
    return rows.update(withdrawn_at=clock.now())


@step
def end_assurances(user: User, *levels: AssuranceLevel) -> None:
    """Take these levels back and forget digits and subject. The caller holds the person."""
    rows = IdentityAssurance.objects.filter(user=user, level__in=levels, ended_at=None)
    rows.update(ended_at=clock.now(), last4="", subject_digest="")


@step
def end_attestations(user: User) -> None:
    """Break off what is going on with a provider. Locks: the attestations. The caller holds the person."""
    mine = IdentityAttestation.objects.filter(user=user, closed_at=None)
    for row in lock(IdentityAttestation, mine.values_list("pk", flat=True)):
        close_attestation(row, AttestationFailure.WITHDRAWN)


@step
def close_attestation(row: IdentityAttestation, failure: AttestationFailure) -> None:
    """End an attestation without a level. The caller holds it."""
    row.status = advance(ATTESTATION_TRANSITIONS, AttestationStatus(row.status), "fail")
    row.failure, row.closed_at, row.called_at = failure, clock.now(), None
    row.save(update_fields=["status", "failure", "closed_at", "called_at"])


@step
def stop_asking(user: User) -> None:
    """Locks: the donor. The caller holds the person."""
    for donor in lock(Donor, [user.pk]):
        donor.available = donor.on_leaderboard = False
        donor.save(update_fields=["available", "on_leaderboard", "updated_at"])


@step
def agree_unless_withdrawn(user: User, purpose: ConsentPurpose, *, notice_version: int | None = None) -> None:
    """Take what the person does as agreeing, once; to a newer notice only where that is said to have been read.

    The caller holds the person. Raises: ConsentWithdrawn, NoticeOutdated
    """
    status = selectors.consent_state(user, purpose).status
    if status is ConsentStatus.WITHDRAWN:
        raise ConsentWithdrawn
    if status is ConsentStatus.NOT_GIVEN or notice_version is not None:
        grant(user, purpose, notice_version=notice_version)
