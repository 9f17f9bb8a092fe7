"""Links to private files: whoever has one sees the file, for a few minutes."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hmac
import uuid
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from common import clock
from common.crypto import keyed_digest
from common.errors import NotFound
from common.files import storages
from common.models import PrivateFile

LIFETIME: Final = dt.timedelta(minutes=5)  # long enough to open it, too short to be passed around
PURPOSE: Final = "private file link"  # so that no other digest under the key is a link
FILE_BYTES, TIME_BYTES, DIGEST_BYTES = 16, 8, 32


@dataclass(frozen=True)
class Link:
    url: str
    expires_at: dt.datetime


def link_to(file: PrivateFile) -> Link:
    """Return a link to the file, the storage's own where it has one. The caller has decided that it may be seen."""
    expires_at = (clock.now() + LIFETIME).replace(microsecond=0)
    url = None
    if file.stored_at is not None:
        url = storages.named(file.storage).link(file.key, name=file.name, expires_at=expires_at)
    return Link(url or f"{settings.PUBLIC_URL.rstrip('/')}/files/{_token(file.pk, expires_at)}", expires_at)


def file_of(token: str) -> uuid.UUID:
    """Return the id of the file that the token shows. Raises: NotFound, whatever is wrong with it."""
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise NotFound from None
    said, digest = raw[:-DIGEST_BYTES], raw[-DIGEST_BYTES:]
    if len(raw) != FILE_BYTES + TIME_BYTES + DIGEST_BYTES or not hmac.compare_digest(digest, _digest(said)):
        raise NotFound
    if clock.now().timestamp() >= int.from_bytes(said[FILE_BYTES:], "big"):
        raise NotFound
    return uuid.UUID(bytes=said[:FILE_BYTES])


def _token(file_id: uuid.UUID, expires_at: dt.datetime) -> str:
    said = file_id.bytes + int(expires_at.timestamp()).to_bytes(TIME_BYTES, "big")
    return base64.urlsafe_b64encode(said + _digest(said)).rstrip(b"=").decode("ascii")


def _digest(said: bytes) -> bytes:
    return bytes.fromhex(keyed_digest(settings.SECRET_KEY, PURPOSE, said))
