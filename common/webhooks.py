"""Whose a webhook is: verified on its raw body.

A provider with signatures of its own verifies them in its adapter; `sign` and `verify` are Standard Webhooks 1.0.0
(https://www.standardwebhooks.com).
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final

from common import clock

TOLERANCE: Final = dt.timedelta(minutes=5)  # between the moment that was signed and ours, either way
PREFIX: Final = "whsec_"
VERSION: Final = "v1"
MOMENT: Final = re.compile(r"[0-9]{1,11}", re.ASCII)  # Unix time
LONGEST_ID: Final = 120  # characters of an event's id


class SignatureInvalid(Exception):
    """A webhook that is not the provider's."""


class Malformed(Exception):
    """A signed webhook that cannot be read."""


def sign(secret: str, *, event_id: str, moment: int, body: bytes) -> str:
    """Return the signature header of a webhook that is sent at this Unix time. Raises: ValueError on a bad secret"""
    content = f"{event_id}.{moment}.".encode() + body
    digest = hmac.new(key_of(secret), content, hashlib.sha256).digest()
    return f"{VERSION},{base64.b64encode(digest).decode()}"


def verify(headers: Mapping[str, str], body: bytes, *, secret: str) -> str:
    """Return the event's id if one of the signatures is right and the moment is near. Raises: SignatureInvalid"""
    event_id, moment = headers.get("Webhook-Id", ""), headers.get("Webhook-Timestamp", "")
    if not event_id or len(event_id) > LONGEST_ID or not MOMENT.fullmatch(moment):
        raise SignatureInvalid
    if abs(clock.now().timestamp() - int(moment)) > TOLERANCE.total_seconds():
        raise SignatureInvalid
    wanted = sign(secret, event_id=event_id, moment=int(moment), body=body).encode()
    given = headers.get("Webhook-Signature", "").encode().split()
    if not any(hmac.compare_digest(one, wanted) for one in given):
        raise SignatureInvalid
    return event_id


def key_of(secret: str) -> bytes:
    """Return the bytes behind `whsec_` and base64. Raises: ValueError"""
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as exc:
        raise ValueError("The secret of a webhook is whsec_ and base64.") from exc
