"""Level 2: a licensed provider says that a code to the telephone it knows came back, and that the name fits.

The person's number and code may not be kept, so no worker can carry them to the provider: the request itself does,
outside any transaction, between a row written before and what is written after. Whatever gets lost between
the two is asked for again under the attestation's id, which the provider charges once.
"""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.db.models import Q, QuerySet

from common import clock, throttle
from common.crypto import keyed_digest
from common.db import command, delete_in_batches, lock, lock_free, lock_one
from common.errors import Busy, DomainError, NotFound
from common.retention import retained
from common.transitions import advance
from users.errors import (
    AttestationOver,
    AttestationUsed,
    IdentityNotConfigured,
    IdentityTaken,
    LevelReached,
    NameDiffers,
    NoticeOutdated,
    ProviderCodeWrong,
    ProviderNumberRefused,
    ProviderUnavailable,
)
from users.identity import aadhaar
from users.identity.provider import (
    Attestation,
    CodeWrong,
    DialogueEnded,
    FateUnknown,
    NothingDone,
    NumberRefused,
    Provider,
    licensed,
)
from users.models import CALL_LEASE, IdentityAssurance, IdentityAttestation, User
from users.selectors import assurance_of, current_notice, get_user
from users.services.consents import close_attestation, grant, hold_person
from users.states import (
    ATTESTATION_TRANSITIONS,
    AssuranceLevel,
    AttestationFailure,
    AttestationStatus,
    ConsentPurpose,
    IdentityMethod,
)

LIFETIME = dt.timedelta(minutes=10)  # OWASP ASVS 5.0, 6.5.5
TRIES = 3
GIVE_UP = dt.timedelta(days=1)  # then a dialogue of which the provider has told nothing is over
KEEP = dt.timedelta(days=30)
RETRY_AFTER = int(CALL_LEASE.total_seconds())  # by then no earlier call waits for its answer any more


def start(*, user_id: uuid.UUID, number: str, notice_version: int, request_key: str) -> IdentityAttestation:
    """Have a code sent to the telephone that UIDAI knows for the number; the person has agreed to the notice.

    A repeated call with the same `request_key`, or after one whose answer got lost, goes on with what it began.
    Raises: IdentityNotConfigured, AadhaarInvalid, ProviderNumberRefused, ProviderUnavailable, AttestationOver, Busy,
    LevelReached, NoticeOutdated, TooMany, NotFound, AccountErased
    """
    provider = _offered()
    digits = aadhaar.number_or_virtual_id(number)
    for doubtful in _in_doubt().filter(user_id=user_id, status=AttestationStatus.CHECKING):
        _settle(provider, doubtful)  # or a second one is paid for beside one that may have succeeded
    begun = _begin(
        user_id=user_id,
        provider=provider.name,
        notice_version=notice_version,
        request_key=keyed_digest(settings.BLIND_INDEX_KEY, "attestation", str(user_id), request_key)
        if request_key
        else "",
    )
    if begun.status != AttestationStatus.STARTING:
        return begun
    try:
        provider.start(attestation_id=begun.pk, number=digits, name=get_user(user_id).name)
    except NumberRefused:
        _fail(attestation_id=begun.pk, failure=AttestationFailure.NUMBER_REFUSED)
        raise ProviderNumberRefused from None
    except DialogueEnded:
        _fail(attestation_id=begun.pk, failure=AttestationFailure.REFUSED)
        raise AttestationOver from None
    except NothingDone:
        _let_go(attestation_id=begun.pk)
        raise ProviderUnavailable(retry_after=RETRY_AFTER) from None
    except FateUnknown:
        raise ProviderUnavailable(retry_after=RETRY_AFTER) from None
    return _go_on(attestation_id=begun.pk)


def complete(*, user_id: uuid.UUID, attestation_id: uuid.UUID, code: str) -> IdentityAttestation:
    """Give the provider the code that came; if it and the name are right, the person has level 2.

    Raises: IdentityNotConfigured, NotFound, ProviderCodeWrong, ProviderUnavailable, AttestationOver, Busy,
    IllegalTransition, NameDiffers, IdentityTaken, AccountErased
    """
    provider = _offered()
    doubtful = _in_doubt().filter(user_id=user_id, pk=attestation_id).first()
    if doubtful is not None:
        _settle(provider, doubtful)
    row = _begin_check(user_id=user_id, attestation_id=attestation_id)
    if row.status == AttestationStatus.ATTESTED:
        return row
    try:
        said = provider.complete(attestation_id=row.pk, code=code)
    except CodeWrong:
        raise ProviderCodeWrong(tries_left=_go_on(attestation_id=row.pk).tries_left) from None
    except DialogueEnded:
        _fail(attestation_id=row.pk, failure=AttestationFailure.REFUSED)
        raise AttestationOver from None
    except NothingDone:
        _let_go(attestation_id=row.pk)
        raise ProviderUnavailable(retry_after=RETRY_AFTER) from None
    except FateUnknown:
        raise ProviderUnavailable(retry_after=RETRY_AFTER) from None
    return _conclude(row, said)


def settle_in_doubt(*, limit: int) -> int:
    """Ask the provider what became of dialogues whose answer got lost; return how many are settled."""
    provider, settled = licensed(), 0
    if provider is None:
        return settled
    for row in _in_doubt()[:limit]:
        try:
            _settle(provider, row)
        except ProviderUnavailable:
            break
        except DomainError:
            pass  # the row says why it failed; the person reads it there
        settled += 1
    return settled


@command
def expire_due(*, limit: int) -> int:
    """Close the attestations whose time is over; return how many."""
    now = clock.now()
    known = ~Q(status=AttestationStatus.CHECKING) | Q(expires_at__lte=now - GIVE_UP)
    due = IdentityAttestation.objects.filter(known, closed_at=None, expires_at__lte=now).order_by("expires_at")
    rows = lock_free(due, limit=limit)
    for row in rows:
        row.status = advance(ATTESTATION_TRANSITIONS, AttestationStatus(row.status), "expire")
        row.closed_at = now
        row.save(update_fields=["status", "closed_at"])
    return len(rows)


@retained(
    "identity_attestations",
    what="Dialogues with the provider of identities",
    since="since they ended",
    why="To account for what the provider charges.",
    keep=KEEP,
)
def prune(keep: dt.timedelta) -> int:
    """Delete attestations a month after they ended; the evidence of a level stands by itself."""
    return delete_in_batches(IdentityAttestation.objects.filter(closed_at__lt=clock.now() - keep))


@command
def _begin(*, user_id: uuid.UUID, provider: str, notice_version: int, request_key: str) -> IdentityAttestation:
    """Return the attestation whose start is now to be asked for, or what an earlier call under the key came to.

    Locks: the person, the attestations that are open or have the key.
    """
    user = hold_person(user_id)
    wanted = Q(closed_at=None) | Q(request_key=request_key) & ~Q(request_key="")
    rows = lock(IdentityAttestation, IdentityAttestation.objects.filter(wanted, user=user).values_list("pk", flat=True))
    now = clock.now()
    found = next((row for row in rows if request_key and row.request_key == request_key), None)
    if found is not None and found.status != AttestationStatus.STARTING:
        return found
    if current_notice(ConsentPurpose.IDENTITY_PROVIDER, user.language).version != notice_version:
        raise NoticeOutdated
    if assurance_of(user_id).level >= AssuranceLevel.PROVIDER_ATTESTED:
        raise LevelReached
    current = next((row for row in rows if row.closed_at is None), None)
    if current is not None and current.may_be_under_way(now):
        raise Busy
    if current is not None and current.status == AttestationStatus.STARTING and now < current.expires_at:
        current.called_at = now
        current.save(update_fields=["called_at"])
        return current
    if current is not None:
        close_attestation(current, AttestationFailure.REPLACED)
    return _open(user, provider, request_key, now)


def _open(user: User, provider: str, request_key: str, now: dt.datetime) -> IdentityAttestation:
    throttle.spend("attestation", str(user.pk))
    throttle.spend("attestation_resend", str(user.pk))
    return IdentityAttestation.objects.create(
        user=user,
        consent=grant(user, ConsentPurpose.IDENTITY_PROVIDER),
        provider=provider,
        request_key=request_key,
        tries_left=TRIES,
        called_at=now,
        created_at=now,
        expires_at=now + LIFETIME,
    )


@command
def _begin_check(*, user_id: uuid.UUID, attestation_id: uuid.UUID) -> IdentityAttestation:
    """Count a try before the provider is asked. Locks: the attestation."""
    row = next(iter(lock(IdentityAttestation, [attestation_id])), None)
    now = clock.now()
    if row is None or row.user_id != user_id:
        raise NotFound
    if row.status == AttestationStatus.ATTESTED:
        return row
    if row.closed_at is not None or row.expires_at <= now:
        raise AttestationOver
    if row.may_be_under_way(now):
        raise Busy
    row.status = advance(ATTESTATION_TRANSITIONS, AttestationStatus(row.status), "check")
    row.tries_left -= 1
    row.called_at = now
    row.save(update_fields=["status", "tries_left", "called_at"])
    return row


@command
def _go_on(*, attestation_id: uuid.UUID) -> IdentityAttestation:
    """Note that the provider waits for a code: the first, or another one unless no try is left.

    Locks: the attestation.      Raises: AttestationOver
    """
    row = lock_one(IdentityAttestation, attestation_id)
    if row.closed_at is not None:
        raise AttestationOver
    if row.tries_left == 0:
        close_attestation(row, AttestationFailure.TRIES_SPENT)
        return row
    _await_code(row)
    return row


@command
def _let_go(*, attestation_id: uuid.UUID) -> None:
    """Note that the provider has done nothing: what was begun may be asked for again, and no try was spent.

    Locks: the attestation.
    """
    row = lock_one(IdentityAttestation, attestation_id)
    if row.status == AttestationStatus.CHECKING:
        row.tries_left += 1
        _await_code(row)
    elif row.status == AttestationStatus.STARTING:
        row.called_at = None
        row.save(update_fields=["called_at"])


def _await_code(row: IdentityAttestation) -> None:
    if row.status != AttestationStatus.CODE_SENT:
        verb = "send" if row.status == AttestationStatus.STARTING else "retry"
        row.status = advance(ATTESTATION_TRANSITIONS, AttestationStatus(row.status), verb)
    row.called_at = None
    row.save(update_fields=["status", "tries_left", "called_at"])


@command
def _fail(*, attestation_id: uuid.UUID, failure: AttestationFailure) -> None:
    """Locks: the attestation."""
    row = lock_one(IdentityAttestation, attestation_id)
    if row.closed_at is None:
        close_attestation(row, failure)


def _conclude(row: IdentityAttestation, said: Attestation) -> IdentityAttestation:
    """Give the level, or note why not. Raises: NameDiffers, IdentityTaken, AttestationUsed, AttestationOver."""
    if not said.name_matches:
        _fail(attestation_id=row.pk, failure=AttestationFailure.NAME_DIFFERS)
        raise NameDiffers
    try:
        return _attest(user_id=row.user_id, attestation_id=row.pk, said=said)
    except IdentityTaken:
        _fail(attestation_id=row.pk, failure=AttestationFailure.IDENTITY_TAKEN)
        raise
    except AttestationUsed:
        _fail(attestation_id=row.pk, failure=AttestationFailure.REFUSED)
        raise


@command
def _attest(*, user_id: uuid.UUID, attestation_id: uuid.UUID, said: Attestation) -> IdentityAttestation:
    """Locks: the person, the attestation. Of two accounts for one person the database lets one pass."""
    user = hold_person(user_id)
    row = lock_one(IdentityAttestation, attestation_id)
    if row.status == AttestationStatus.ATTESTED:
        return row
    if row.closed_at is not None:
        raise AttestationOver
    now = clock.now()
    row.status = advance(ATTESTATION_TRANSITIONS, AttestationStatus(row.status), "attest")
    row.closed_at, row.called_at = now, None
    row.save(update_fields=["status", "closed_at", "called_at"])
    IdentityAssurance.objects.create(
        user=user,
        consent=row.consent,
        level=AssuranceLevel.PROVIDER_ATTESTED,
        method=IdentityMethod.LICENSED_PROVIDER,
        last4=said.last4,
        provider=said.provider,
        transaction_id=said.transaction_id,
        subject_digest=said.subject_digest,
        created_at=now,
    )
    return row


def _in_doubt() -> QuerySet[IdentityAttestation]:
    """Return the open attestations whose last call to the provider has had no answer, and gets none any more."""
    return IdentityAttestation.objects.filter(closed_at=None, called_at__lte=clock.now() - CALL_LEASE).order_by(
        "expires_at"
    )


def _settle(provider: Provider, row: IdentityAttestation) -> None:
    """Ask the provider how the dialogue stands, and write that down. Raises: ProviderUnavailable, what it came to."""
    try:
        standing = provider.find(attestation_id=row.pk)
    except DialogueEnded:
        if row.status == AttestationStatus.STARTING:
            _let_go(attestation_id=row.pk)  # the call never arrived
        else:
            _fail(attestation_id=row.pk, failure=AttestationFailure.REFUSED)
        return
    except (NothingDone, FateUnknown):
        raise ProviderUnavailable(retry_after=RETRY_AFTER) from None
    if standing.attestation is not None:
        _conclude(row, standing.attestation)
    elif standing.is_open:
        _go_on(attestation_id=row.pk)
    else:
        _fail(attestation_id=row.pk, failure=AttestationFailure.REFUSED)


def _offered() -> Provider:
    provider = licensed()
    if provider is None:
        raise IdentityNotConfigured
    return provider
