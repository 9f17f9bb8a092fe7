"""Signed marks on the chain: its head every quarter of an hour, and where an old part of it was cut off.

Who can write to every table can compute every hash anew, but has no key to sign the result, and cannot take back the
anchors that have left with the log or in an export. The key is Ed25519: whoever holds only the public half verifies.
"""

from __future__ import annotations

import datetime as dt
import logging
from functools import cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import connection

from common import clock
from common.audit.chain import LOCK, head
from common.crypto import parse_key
from common.db import command, take_turn
from common.models import AuditAnchor, AuditCut, AuditEntry, AuditLink
from common.retention import retained

BATCH: Final = 5000
log = logging.getLogger(__name__)


def anchor() -> int:
    """Sign the newest link and say it in the log, unless that was done already; return how many anchors were made."""
    number, here = head()
    if number == 0 or AuditAnchor.objects.filter(number__gte=number).exists():
        return 0
    now = clock.now()
    row = AuditAnchor(number=number, hash=here, at=now, key=public_key(), seal=_sign("anchor", number, here, now))
    AuditAnchor.objects.bulk_create([row], ignore_conflicts=True)
    # The log is kept elsewhere: that copy is what a rewritten chain is found by.
    log.info("audit anchor", extra={"anchor": as_line(row)})
    return 1


def as_line(row: AuditAnchor | AuditCut) -> str:
    """Return the mark as one line, as the log and an export hold it and `read_line` reads it."""
    kind, number = ("cut", row.through) if isinstance(row, AuditCut) else ("anchor", row.number)
    return f"{kind}:{number}:{bytes(row.hash).hex()}:{row.at.isoformat()}:{row.key}:{bytes(row.seal).hex()}"


def read_line(line: str) -> AuditAnchor | None:
    """Return the anchor in the line, if it has one; whether it is genuine, `is_genuine` says."""
    parts = line.rpartition("anchor:")[2].strip().strip('"}').split(":")
    try:
        number, here, *moment, key, seal = parts
        return AuditAnchor(
            number=int(number),
            hash=bytes.fromhex(here),
            at=dt.datetime.fromisoformat(":".join(moment)),
            key=key,
            seal=bytes.fromhex(seal),
        )
    except ValueError:
        return None


def is_genuine(row: AuditAnchor | AuditCut) -> bool:
    """Whether a key of ours signed the mark, the present one or one of AUDIT_OLD_KEYS."""
    if row.key not in {public_key(), *settings.AUDIT_OLD_KEYS}:
        return False
    kind, number = ("cut", row.through) if isinstance(row, AuditCut) else ("anchor", row.number)
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(row.key)).verify(
            bytes(row.seal), _signed(kind, number, bytes(row.hash), row.at)
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key() -> str:
    """Return, in hex, the key by which anybody verifies our marks."""
    return _key(settings.AUDIT_KEY).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


@retained(
    "audit_log",
    what="Who did what, and who read whose health data: ids, names of acts and of columns",
    since="since the deed",
    why="The DPDP Rules 2025 want such logs for a year at least (r. 6(1)(e), r. 8(3)), CERT-In for 180 days.",
    keep=dt.timedelta(days=1096),
    floor=dt.timedelta(days=366),
)
def prune(keep: dt.timedelta) -> int:
    """Cut off the beginning of the log whose time is over; return how many entries went."""
    return cut(before=clock.now() - keep)


def cut(*, before: dt.datetime) -> int:
    """Delete the chain's beginning, as far as all of it is older; return how many entries went.

    The hash that the rest goes on from stays, signed, so that the rest is verified as before.
    """
    through = _mark_cut(before=before)
    gone = 0
    while gone_now := _delete_before(through=through, limit=BATCH):
        gone += gone_now
    return gone


@command
def _mark_cut(*, before: dt.datetime) -> int:
    """Sign where the rest will go on from; return the last number that goes, 0 when none does."""
    take_turn(LOCK)
    already = AuditCut.objects.order_by("-through").values_list("through", flat=True).first() or 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.number - 1 FROM common_auditlink l JOIN common_auditentry e ON e.id = l.entry_id"
            " WHERE e.at >= %s ORDER BY l.number LIMIT 1",
            [before],
        )
        row = cursor.fetchone()
    through = row[0] if row else head()[0] - 1  # the newest link stays: the next one follows it
    last = AuditLink.objects.filter(number=through).first()
    if last is None or through <= already:
        return already
    now, here = clock.now(), bytes(last.hash)
    seal = _sign("cut", through, here, now)
    AuditCut.objects.create(through=through, hash=here, at=now, key=public_key(), seal=seal)
    return through


@command
def _delete_before(*, through: int, limit: int) -> int:
    known = AuditLink.objects.filter(number__lte=through).order_by("number").values_list("number", "entry_id")
    links = list(known[:limit])
    AuditLink.objects.filter(number__in=[number for number, _ in links]).delete()
    AuditEntry.objects.filter(pk__in=[entry for _, entry in links]).delete()
    return len(links)


def _sign(kind: str, number: int, here: bytes, at: dt.datetime) -> bytes:
    return _key(settings.AUDIT_KEY).sign(_signed(kind, number, here, at))


def _signed(kind: str, number: int, here: bytes, at: dt.datetime) -> bytes:
    moment = at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return f"jeevansetu audit {kind} v1 {number} {here.hex()} {moment}".encode("ascii")


@cache
def _key(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(parse_key(text))
