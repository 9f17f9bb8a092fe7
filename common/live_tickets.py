"""Leave to open one live stream, for browsers: their EventSource cannot send a header.

A ticket stands in an address, where proxies and histories see it: so it lives for a minute, opens one stream once, and
only its digest is kept.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

from django.db import connection

from common import clock
from common.db import command, delete_in_batches
from common.errors import Unauthenticated
from common.models import LiveTicket
from common.retention import retained
from common.secret_codes import new_token, token_digest

LIFETIME: Final = dt.timedelta(seconds=60)


class TicketInvalid(Unauthenticated):
    code, message = "ticket_invalid", "This ticket was used, or has expired. Ask for another."


@dataclass(frozen=True)
class Pass:
    """By what somebody may listen: a session or a key of one of the realms, and until when at the latest."""

    realm: str
    kind: str
    credential: uuid.UUID
    until: dt.datetime | None


@dataclass(frozen=True)
class Ticket:
    token: str
    expires_at: dt.datetime


@command
def issue(leave: Pass) -> Ticket:
    """Write a ticket for one stream; nobody can read its token again."""
    token, expires_at = new_token(), clock.now() + LIFETIME
    LiveTicket.objects.create(
        digest=token_digest(token),
        realm=leave.realm,
        kind=leave.kind,
        credential=leave.credential,
        access_until=leave.until,
        expires_at=expires_at,
    )
    return Ticket(token, expires_at)


@command
def redeem(token: str, *, realm: str) -> Pass:
    """Take the ticket away and return what it stood for; of simultaneous calls exactly one gets it.

    Raises: TicketInvalid
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM common_liveticket WHERE digest = %s AND realm = %s AND expires_at > %s"
            " RETURNING kind, credential, access_until",
            [token_digest(token), realm, clock.now()],
        )
        found = cursor.fetchone()
    if found is None:
        raise TicketInvalid
    kind, credential, until = found
    return Pass(realm, kind, credential, until)


@retained(
    "live_tickets",
    what="Leave to open a live stream, by the digest of a ticket",
    since="when nobody has used it within its minute",
    why="A ticket is good for one minute.",
    keep=None,
    hourly=True,
)
def prune(_keep: dt.timedelta) -> int:
    """Delete the tickets that nobody used; return how many went."""
    return delete_in_batches(LiveTicket.objects.filter(expires_at__lt=clock.now()))
