"""Licensed providers of identities: whoever may send a code in UIDAI's name and say whether it came back.

An authentication user agency needs UIDAI's licence, so this product holds no such code: it has a gateway to a
provider that does. `HttpProvider` speaks the protocol of docs/identity.md; another provider is another class with
the same three calls. Each carries the attestation's id, by which the provider answers a repeated call as it answered
the first, and charges it once.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from dataclasses import dataclass
from typing import Any, Final, Protocol

import jwt
import orjson
import requests
from django.conf import settings
from requests.auth import HTTPBasicAuth
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError

from common.crypto import blind_index, keyed_digest

TIMEOUT: Final = (3, 10)  # seconds: to connect, to wait for an answer; CALL_LEASE is more than both
LARGEST_ANSWER: Final = 64 * 1024  # bytes; an answer with its assertion has some hundreds
LEEWAY: Final = dt.timedelta(seconds=30)  # how far the provider's clock may be from ours
CLAIMS: Final = ("iss", "aud", "sub", "jti", "txn", "iat", "exp", "last4", "name_match")
LONGEST_ID: Final = 80
SUBJECT: Final = "users.identityassurance.subject_digest"
# Statuses that come before anything was done with a request (RFC 9110, RFC 6585).
NOTHING_DONE: Final = frozenset({401, 403, 429, 503})
DONE: Final = (200, 201)
NOT_US: Final = (401, 403)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attestation:
    """What a licensed provider says of a person: nothing but what may be kept or must be compared."""

    provider: str
    transaction_id: str
    subject_digest: str
    last4: str
    name_matches: bool


@dataclass(frozen=True)
class Standing:
    """How a dialogue stands at the provider: still open, ended, or attested."""

    is_open: bool
    attestation: Attestation | None


class ProviderError(Exception):
    """A call that did not end as it should."""


class NothingDone(ProviderError):
    """The provider has certainly done nothing: it could not be reached, or said so."""


class FateUnknown(ProviderError):
    """The provider may have done what it was asked: nothing is decided before it has been asked again."""


class NumberRefused(ProviderError):
    """No code can be sent for this number."""


class CodeWrong(ProviderError):
    """The code was looked at, and is another."""


class DialogueEnded(ProviderError):
    """The provider does not go on with this dialogue."""


class Provider(Protocol):
    name: str

    def start(self, *, attestation_id: uuid.UUID, number: str, name: str) -> None:
        """Have a code sent to the telephone that UIDAI knows for the number; `name` is to be compared.

        Raises: NumberRefused, NothingDone, FateUnknown
        """

    def complete(self, *, attestation_id: uuid.UUID, code: str) -> Attestation:
        """Return what the provider says to the code. Raises: CodeWrong, DialogueEnded, NothingDone, FateUnknown"""

    def find(self, *, attestation_id: uuid.UUID) -> Standing:
        """Return what became of a dialogue. Raises: DialogueEnded when there is none; NothingDone, FateUnknown"""


class HttpProvider:
    """A provider behind `IDENTITY_PROVIDER_URL`, which signs what it says with the secret that both sides know."""

    def __init__(self, *, base: str, name: str, client_id: str, secret: str) -> None:
        self.name = name
        self._base = base.rstrip("/")
        self._client_id = client_id
        self._secret = secret

    def start(self, *, attestation_id: uuid.UUID, number: str, name: str) -> None:
        wish = {"id": str(attestation_id), "number": number, "name": name}
        status, answer = self._ask("POST", "", str(attestation_id), wish)
        if status == 422:  # noqa: PLR2004
            raise NumberRefused
        if status not in DONE or answer.get("status") != "code_sent":
            raise FateUnknown

    def complete(self, *, attestation_id: uuid.UUID, code: str) -> Attestation:
        # The same code is the same try, however often it is sent; the digest tells nobody the code.
        key = f"{attestation_id}-{keyed_digest(settings.CODE_KEY, 'provider try', str(attestation_id), code)[:32]}"
        status, answer = self._ask("POST", f"/{attestation_id}/code", key, {"code": code})
        if status == 422:  # noqa: PLR2004
            raise CodeWrong
        if status in {404, 409, 410}:
            raise DialogueEnded
        if status not in DONE:
            raise FateUnknown
        return self._read(answer, attestation_id)

    def find(self, *, attestation_id: uuid.UUID) -> Standing:
        status, answer = self._ask("GET", f"/{attestation_id}", "", None)
        if status == 404:  # noqa: PLR2004
            raise DialogueEnded
        if status not in DONE:
            raise FateUnknown
        if answer.get("status") == "verified":
            return Standing(is_open=False, attestation=self._read(answer, attestation_id))
        return Standing(is_open=answer.get("status") == "code_sent", attestation=None)

    def _ask(self, method: str, path: str, key: str, body: dict[str, str] | None) -> tuple[int, dict[str, Any]]:
        url = f"{self._base}/v1/verifications{path}"
        try:
            with requests.Session() as session:
                session.trust_env = False  # no .netrc, no other certificates; a proxy of the environment still holds
                with session.request(
                    method,
                    url,
                    json=body,
                    headers={"Idempotency-Key": key} if key else {},
                    auth=HTTPBasicAuth(self._client_id, self._secret),
                    proxies=get_environ_proxies(url),
                    timeout=TIMEOUT,
                    allow_redirects=False,  # the body holds a number that is for nobody else
                    stream=True,
                ) as reply:
                    status, content = reply.status_code, reply.raw.read(LARGEST_ANSWER + 1, decode_content=True)
        except requests.ConnectTimeout as exc:
            raise NothingDone from exc
        except requests.ConnectionError as exc:
            raise (NothingDone if _never_connected(exc) else FateUnknown) from exc
        except (requests.RequestException, HTTPError) as exc:
            raise FateUnknown from exc
        if status in NOT_US:
            log.error("the provider of identities refuses our credentials")
        if status in NOTHING_DONE:
            raise NothingDone
        if len(content) > LARGEST_ANSWER:
            raise FateUnknown
        try:
            answer = orjson.loads(content)
        except orjson.JSONDecodeError as exc:
            raise FateUnknown from exc
        return status, answer if isinstance(answer, dict) else {}

    def _read(self, answer: dict[str, Any], attestation_id: uuid.UUID) -> Attestation:
        """Return what the signed assertion says of this very dialogue. Raises: DialogueEnded, for any other."""
        try:
            said = jwt.decode(
                str(answer.get("assertion", "")),
                self._secret,
                algorithms=["HS256"],
                issuer=self.name,
                audience=self._client_id,
                leeway=LEEWAY,
                options={"require": list(CLAIMS), "verify_iat": True},
            )
        except jwt.PyJWTError as exc:
            log.error("an assertion of the provider of identities does not hold", extra={"cause": type(exc).__name__})
            raise DialogueEnded from exc
        last4, transaction, subject = (str(said[claim]) for claim in ("last4", "jti", "sub"))
        is_ours = said["txn"] == str(attestation_id)
        fits = len(last4) == 4 and last4.isdecimal() and last4.isascii() and 0 < len(transaction) <= LONGEST_ID  # noqa: PLR2004
        if not (is_ours and fits and subject):
            raise DialogueEnded
        return Attestation(
            provider=self.name,
            transaction_id=transaction,
            subject_digest=blind_index(f"{self.name} {subject}", context=SUBJECT),
            last4=last4,
            name_matches=said["name_match"] is True,
        )


def licensed() -> Provider | None:
    """Return the provider that the settings name; None where level 2 is not offered."""
    if not settings.IDENTITY_PROVIDER_URL:
        return None
    return HttpProvider(
        base=settings.IDENTITY_PROVIDER_URL,
        name=settings.IDENTITY_PROVIDER_NAME,
        client_id=settings.IDENTITY_PROVIDER_CLIENT_ID,
        secret=settings.IDENTITY_PROVIDER_SECRET,
    )


def _never_connected(exc: requests.ConnectionError) -> bool:
    cause = exc.args[0] if exc.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
