"""Encryption of single database fields, and the keyed digests that stand beside them.

A sealed value is `version (1) | length of key id (1) | key id | nonce (12) | ciphertext | tag (16)`:
AES-256-GCM, with the head and the context as associated data, so a value moved to another column or given
another key id does not open. The length of the plaintext is visible. Keys come from `settings.FIELD_KEYS`
(id -> 32 bytes): the first seals, all of them open. Nonces are random, so one key may seal 2**32 values (NIST
SP 800-38D §8.3); put a new key in front before.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

KEY_BYTES: Final = 32
_VERSION: Final = 1
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_KEY_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")


class KeysInvalid(ValueError):
    """A setting that holds keys is empty or wrong. The message names key ids, never keys."""


class CannotDecrypt(ValueError):
    """The value was changed, cut, sealed for another context, or with another key."""


class UnknownKey(CannotDecrypt):
    """The value names a key id that is not in `settings.FIELD_KEYS`."""


def parse_key(text: str) -> bytes:
    """Return the 32 bytes written as base64, plain or URL-safe.

    Raises: KeysInvalid.
    """
    try:
        key = base64.b64decode(text.strip().translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        raise KeysInvalid("A key is not base64.") from None
    if len(key) != KEY_BYTES:
        raise KeysInvalid(f"A key has {len(key)} bytes instead of {KEY_BYTES}.")
    return key


def parse_keys(text: str) -> dict[str, bytes]:
    """Read `id:base64,id:base64`, the current key first. Blank text holds no keys, and nothing can be sealed.

    Raises: KeysInvalid on a wrong id or length, an id or a key given twice.
    """
    keys: dict[str, bytes] = {}
    if not text.strip():
        return keys
    for item in text.split(","):
        key_id, colon, encoded = item.strip().partition(":")
        if not colon or not _KEY_ID.fullmatch(key_id):
            raise KeysInvalid("Keys are written as id:base64, separated by commas.")
        if key_id in keys:
            raise KeysInvalid(f"The key id {key_id} is given twice.")
        try:
            key = parse_key(encoded)
        except KeysInvalid as error:
            raise KeysInvalid(f"{key_id}: {error}") from None
        if key in keys.values():
            raise KeysInvalid(f"The key {key_id} is the same as another one.")
        keys[key_id] = key
    return keys


def encrypt(plaintext: str | bytes, *, context: str | bytes) -> bytes:
    """Seal the value with the current key, for this context (`"users.person.name"`) only.

    Raises: KeysInvalid when there is no key.
    """
    key_id, key = _current_key()
    head = bytes([_VERSION, len(key_id)]) + key_id.encode("ascii")
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return head + nonce + AESGCM(key).encrypt(nonce, _as_bytes(plaintext), head + _as_bytes(context))


def decrypt(blob: bytes, *, context: str | bytes) -> bytes:
    """Open what `encrypt` sealed for the same context.

    Raises: UnknownKey, CannotDecrypt.
    """
    key_id, body_at = _read_head(blob)
    key = _field_keys().get(key_id)
    if key is None:
        raise UnknownKey(f"The key {key_id} is not in FIELD_KEYS.")
    head, nonce, sealed = (
        blob[:body_at],
        blob[body_at : body_at + _NONCE_BYTES],
        blob[body_at + _NONCE_BYTES :],
    )
    try:
        return AESGCM(key).decrypt(nonce, sealed, head + _as_bytes(context))
    except InvalidTag:
        raise CannotDecrypt("The value was changed, or sealed for another context or key.") from None


def decrypt_text(blob: bytes, *, context: str | bytes) -> str:
    """`decrypt`, for what was a `str`."""
    return decrypt(blob, context=context).decode("utf-8", "surrogatepass")


def rotate(blob: bytes, *, context: str | bytes) -> bytes:
    """Return the value sealed with the current key; the same bytes if it already is.

    Raises: UnknownKey, CannotDecrypt.
    """
    key_id, _ = _read_head(blob)
    if key_id == _current_key()[0]:
        return blob
    return encrypt(decrypt(blob, context=context), context=context)


def keyed_digest(key: str | bytes, *parts: str | bytes) -> str:
    """Return the HMAC-SHA256 of the parts as 64 hex digits. Each goes in behind its length; none runs over.

    Raises: KeysInvalid on an empty key, which anybody could guess.
    """
    if not key:
        raise KeysInvalid("The key of a digest is empty.")
    digest = hmac.new(_as_bytes(key), digestmod=hashlib.sha256)
    for part in map(_as_bytes, parts):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def blind_index(value: str, *, context: str) -> str:
    """Return 64 hex digits by which an encrypted value is found again; without the key they tell nothing.

    Equal values give equal indexes: bring `value` to its one normal form before.

    Raises: KeysInvalid when `settings.BLIND_INDEX_KEY` is empty.
    """
    return keyed_digest(settings.BLIND_INDEX_KEY, "blind index", context, value)


def _field_keys() -> Mapping[str, bytes]:
    keys: Mapping[str, bytes] = settings.FIELD_KEYS
    return keys


def _current_key() -> tuple[str, bytes]:
    for key_id, key in _field_keys().items():
        return key_id, key
    raise KeysInvalid("FIELD_KEYS is empty.")


def _read_head(blob: bytes) -> tuple[str, int]:
    """Return the key id and where the nonce begins."""
    if len(blob) < 2 or blob[0] != _VERSION:  # noqa: PLR2004 - version and length, see the module's docstring
        raise CannotDecrypt("This is not a sealed value of a known version.")
    body_at = 2 + blob[1]
    if len(blob) < body_at + _NONCE_BYTES + _TAG_BYTES:
        raise CannotDecrypt("The sealed value is cut short.")
    try:
        return blob[2:body_at].decode("ascii"), body_at
    except UnicodeDecodeError:
        raise CannotDecrypt("The sealed value names no readable key.") from None


def _as_bytes(value: str | bytes) -> bytes:
    # JSON may carry half a surrogate pair; a wrong code is then a wrong code and not a crash.
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
