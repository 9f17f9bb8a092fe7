"""The checksums of PhonePe's older API (v1), by which merchants that still have its salt key verify its callbacks.

https://developer.phonepe.com/v1/. Nothing is begun by v1 here; what its callbacks name is asked about by v2.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json

from common.webhooks import Malformed, SignatureInvalid
from payments.gateways.base import Notice, text


def callback_checksum(encoded: str, salt: str, index: str) -> str:
    """Return the X-VERIFY of a callback's base64 body."""
    return _checksum(encoded, salt, index)


def read_callback(given: str, body: bytes, salt: str, index: str) -> Notice:
    """Verify a v1 callback and read what it is about. Raises: SignatureInvalid, Malformed."""
    try:
        encoded = json.loads(body)["response"]
        wanted = callback_checksum(encoded, salt, index) if isinstance(encoded, str) else ""
    except (ValueError, KeyError, TypeError) as exc:
        raise SignatureInvalid from exc  # what carries nothing that is signed is signed by nobody
    if not wanted or not hmac.compare_digest(given.lower().encode(), wanted.encode()):
        raise SignatureInvalid
    try:
        told = json.loads(base64.b64decode(encoded, validate=True))
        data = told["data"]
        ref = text(data.get("merchantTransactionId"))
        return Notice(
            event_id=hashlib.sha256(body).hexdigest(),
            kind=f"v1 {text(told.get('code'))}",
            our_id=ref,
            refs=(ref,) if ref else (),
        )
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as exc:
        raise Malformed from exc


def _checksum(signed: str, salt: str, index: str) -> str:
    return f"{hashlib.sha256(f'{signed}{salt}'.encode()).hexdigest()}###{index}"
