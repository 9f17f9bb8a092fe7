"""The QR code by which a donor shows a place in a camp.

A ticket names the enrolment and the camp and is signed with Ed25519, and holds nothing else: no name, no group. Nothing
of it is stored, so it can be shown again at any time. A scanner that holds the camp's `ticket_key` can tell a genuine
ticket of its camp in a hall without network; whether its place was left meanwhile only the server knows.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from dataclasses import dataclass
from functools import cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from common.crypto import keyed_digest

PREFIX: Final = "jeevansetu:camp:"
ID_BYTES: Final = 16
SIGNATURE_BYTES: Final = 64
LONGEST: Final = 200  # characters; a ticket has 144


@dataclass(frozen=True)
class Ticket:
    """What a genuine ticket says."""

    enrolment_id: uuid.UUID
    camp_id: uuid.UUID


def write_ticket(*, enrolment_id: uuid.UUID, camp_id: uuid.UUID) -> str:
    """Return the text of the QR code: `jeevansetu:camp:` and base64url of both ids and their signature."""
    named = enrolment_id.bytes + camp_id.bytes
    signature = _key(settings.CODE_KEY).sign(PREFIX.encode() + named)
    return PREFIX + base64.urlsafe_b64encode(named + signature).decode()


def read_ticket(text: str) -> Ticket | None:
    """Return what the ticket says; None for any other text."""
    encoded = text.strip().removeprefix(PREFIX)
    try:
        found = base64.b64decode(encoded.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        return None
    if len(found) != 2 * ID_BYTES + SIGNATURE_BYTES:
        return None
    named, signature = found[: 2 * ID_BYTES], found[2 * ID_BYTES :]
    try:
        _key(settings.CODE_KEY).public_key().verify(signature, PREFIX.encode() + named)
    except InvalidSignature:
        return None
    return Ticket(uuid.UUID(bytes=named[:ID_BYTES]), uuid.UUID(bytes=named[ID_BYTES:]))


def ticket_key() -> str:
    """Return the public key of the tickets: 32 bytes (RFC 8032) as base64url."""
    return base64.urlsafe_b64encode(_key(settings.CODE_KEY).public_key().public_bytes_raw()).decode()


@cache
def _key(secret: str) -> Ed25519PrivateKey:
    """Derive the signing key, so that there is no further secret to keep; with CODE_KEY all tickets change."""
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(keyed_digest(secret, "camp tickets", "ed25519")))
