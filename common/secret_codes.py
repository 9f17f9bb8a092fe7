"""Six-digit codes that people type, and opaque tokens that programs carry. Only digests of them are kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

from django.conf import settings

from common.crypto import keyed_digest

CODE_DIGITS: Final = 6
_LEAST_TOKEN_BYTES: Final = 16  # 128 bits: OWASP ASVS 5.0, 7.2.3


def new_code() -> str:
    """Return six random decimal digits, zeros in front included (20 bits: OWASP ASVS 5.0, 6.5.4)."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def code_digest(code: str, *, purpose: str, subject: str) -> str:
    """Return 64 hex digits that stand for the code; nobody can try guesses on them without CODE_KEY.

    `purpose` says what it opens, `subject` is the id of the one row it belongs to (challenge, assignment), so
    equal codes of two rows have unlike digests and neither opens the other.

    Raises: common.crypto.KeysInvalid when the key is empty.
    """
    return keyed_digest(settings.CODE_KEY, "code", purpose, subject, code)


def code_matches(code: str, digest: str, *, purpose: str, subject: str) -> bool:
    """Whether `digest` was made of this code, in constant time. Any text is a code, if a wrong one."""
    return hmac.compare_digest(code_digest(code, purpose=purpose, subject=subject), digest)


def new_token(size: int = 32) -> str:
    """Return `size` random bytes as URL-safe base64 without padding.

    Raises: ValueError below 16 bytes.
    """
    if size < _LEAST_TOKEN_BYTES:
        raise ValueError(f"A token has at least {_LEAST_TOKEN_BYTES} bytes.")
    return secrets.token_urlsafe(size)


def token_digest(token: str) -> str:
    """Return the SHA-256 of the token as 64 hex digits, to be looked up by.

    Not keyed: nobody guesses 128 random bits, and tokens outlive a change of CODE_KEY.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
