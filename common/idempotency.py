"""The same POST sent twice has one effect and one answer.

The key is claimed, the deed done and the reply stored in one transaction, so there is no moment at which a
crash leaves a deed without its reply. A twin that arrives while the first runs waits for that transaction (up to
the lock timeout, then it is told to come back). A refusal stores nothing: it had no effect.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from common import clock
from common.crypto import decrypt, encrypt, keyed_digest
from common.db import delete_in_batches, shared_unit_of_work
from common.errors import DomainError, Invalid, Mismatch
from common.models import IdempotentReply
from common.retention import retained

KEEP = dt.timedelta(hours=24)
CONTEXT = "common.idempotent_reply.body"
# draft-ietf-httpapi-idempotency-key-header: a string, quoted or bare.
KEY = re.compile(r'(")?([\x21\x23-\x7e]{1,255})(?(1)")')


class IdempotencyKeyInvalid(Invalid):
    code, message = "idempotency_key_invalid", "Idempotency-Key must be 1 to 255 visible ASCII characters."


class IdempotencyKeyRequired(Invalid):
    code, message = "idempotency_key_required", "This request moves units or money and needs an Idempotency-Key."


class IdempotencyMismatch(Mismatch):
    code, message = "idempotency_mismatch", "This Idempotency-Key was used with another body."


@dataclass(frozen=True)
class Reply:
    """A rendered answer: status, JSON bytes, and whether it was kept from an earlier call."""

    status: int
    body: bytes
    replayed: bool = False


def parse_key(header: str) -> str:
    """Return the key in the header's value. Raises: IdempotencyKeyInvalid."""
    found = KEY.fullmatch(header.strip())
    if not found:
        raise IdempotencyKeyInvalid
    return found.group(2)


def run_once(*, who: str, method: str, path: str, key: str, body: bytes, act: Callable[[], Reply]) -> Reply:
    """Return `act()`'s reply, or the reply it gave the first time.

    Raises: IdempotencyMismatch, Busy, and whatever `act` raises (which then stored nothing).
    """
    digest = _digest(who, method, path, key)
    # Keyed, because a body may hold a password or an identity number, which can be guessed by its bare digest.
    request_digest = keyed_digest(settings.BLIND_INDEX_KEY, "idempotent request", body)
    with shared_unit_of_work():
        if not _claim(digest, request_digest):
            return _replay(digest, request_digest)
        reply = _act_or_let_go(digest, act)
        IdempotentReply.objects.filter(pk=digest).update(status=reply.status, body=encrypt(reply.body, context=CONTEXT))
        return reply


@retained(
    "idempotent_replies",
    what="Sealed answers to calls with an Idempotency-Key",
    since="since the call",
    why="A repeated call gets its first answer, for as long as the API promises.",
    keep=KEEP,
    floor=KEEP,
    hourly=True,
)
def prune(keep: dt.timedelta) -> int:
    """Forget replies older than a day; return how many went."""
    return delete_in_batches(IdempotentReply.objects.filter(created_at__lt=clock.now() - keep))


def _act_or_let_go(digest: str, act: Callable[[], Reply]) -> Reply:
    try:
        return act()
    except DomainError as exc:
        if exc.keeps_writes:  # this transaction will commit, and must not keep the claim of a refused call
            IdempotentReply.objects.filter(pk=digest).delete()
        raise


def _claim(digest: str, request_digest: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO common_idempotentreply (digest, request_digest, status, body, created_at)"
            " VALUES (%s, %s, 0, '', %s) ON CONFLICT DO NOTHING RETURNING 1",
            [digest, request_digest, clock.now()],
        )
        return cursor.fetchone() is not None


def _replay(digest: str, request_digest: str) -> Reply:
    kept = IdempotentReply.objects.get(pk=digest)
    if kept.request_digest != request_digest:
        raise IdempotencyMismatch
    return Reply(kept.status, decrypt(bytes(kept.body), context=CONTEXT), replayed=True)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
