"""The chain: entries get numbers without a gap, and each link's hash covers the entry and the hash before.

Entries are written unchained, so that no two deeds ever wait for each other; the worker links them a moment later, in
batches, one worker at a time. The order is that of linking: an entry whose transaction took long stands where it was
seen. Both tables are only ever added to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from django.db import connection

from common.db import unit_of_work
from common.models import AuditLink, AuditPending

VERSION: Final = 1
GENESIS: Final = bytes(32)  # what the first link follows
BATCH: Final = 2000
LOCK: Final = "audit.chain"
# What of an entry the hash covers, in this order, all of it as text or whole numbers: `at` in microseconds since 1970.
COVERED: Final = (
    "e.id, (extract(epoch FROM e.at) * 1000000)::bigint, e.actor_kind, e.actor_id, coalesce(e.partner_id::text, ''),"
    " e.realm, e.deed, e.act, e.route, e.subject_kind, e.subject_id, e.reason, e.facts, e.outcome, e.request_id,"
    " e.network"
)
_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), check_circular=False).encode


def digest(number: int, previous: bytes, covered: Sequence[Any]) -> bytes:
    """Return a link's hash: SHA-256 over a JSON array of version, number, hash before and the entry's columns.

    The array has no spaces and writes everything beyond ASCII as \\u escapes, so that any language can repeat it.
    """
    return hashlib.sha256(_encode([VERSION, number, previous.hex(), *covered]).encode("ascii")).digest()


def link_pending(*, limit: int = BATCH) -> int:
    """Link up to `limit` entries that wait; return how many. Of several callers at once one does it."""
    with unit_of_work(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(
            f"SELECT {COVERED} FROM (SELECT entry_id FROM common_auditpending ORDER BY entry_id LIMIT %s) p"  # noqa: S608
            " JOIN common_auditentry e ON e.id = p.entry_id ORDER BY e.id",
            [limit],
        )
        rows = cursor.fetchall()
        number, previous = head()
        links = []
        for row in rows:
            number += 1
            here = digest(number, previous, row)
            links.append(AuditLink(number=number, entry_id=row[0], previous=previous, hash=here))
            previous = here
        AuditLink.objects.bulk_create(links)
        AuditPending.objects.filter(entry_id__in=[row[0] for row in rows]).delete()
    return len(links)


def run_due() -> int:
    """Link what waits, as the worker's errand. One poll without work costs one look at an empty table."""
    return link_pending() if AuditPending.objects.exists() else 0


def head() -> tuple[int, bytes]:
    """Return the newest link's number and hash; what was cut off counts, and nothing yet is 0."""
    with connection.cursor() as cursor:
        cursor.execute(
            "(SELECT number, hash FROM common_auditlink ORDER BY number DESC LIMIT 1)"
            " UNION ALL (SELECT through, hash FROM common_auditcut ORDER BY through DESC LIMIT 1)"
            " ORDER BY number DESC LIMIT 1"
        )
        row = cursor.fetchone()
    return (row[0], bytes(row[1])) if row else (0, GENESIS)
