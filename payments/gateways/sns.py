"""Amazon SNS as a sender of webhooks: its envelope, and the signature of its certificate over it.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html. Anybody may have a topic at Amazon, so
a genuine signature says nothing before the topic is the expected one, and its certificate comes from where it must.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from common import clock
from common.webhooks import SignatureInvalid

TIMEOUT: Final = (3, 5)  # seconds; a certificate is fetched once by each process
OLDEST: Final = dt.timedelta(days=1)  # SNS repeats what was not taken for some hours
EARLY: Final = dt.timedelta(minutes=5)  # that a sender's clock may go before ours
NOTIFICATION: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
HASHES: Final[Mapping[str, type[hashes.HashAlgorithm]]] = {"1": hashes.SHA1, "2": hashes.SHA256}
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Topic:
    """The one topic that is listened to, and the origin at which SNS keeps its certificates."""

    arn: str
    origin: str


def origin_of(arn: str) -> str:
    """Return where SNS is for a topic: arn:aws:sns:<region>:<account>:<name>."""
    parts = arn.split(":")
    return f"https://sns.{parts[3]}.amazonaws.com" if len(parts) == 6 else ""  # noqa: PLR2004


def read_envelope(body: bytes, topic: Topic) -> Mapping[str, Any]:
    """Return the envelope whose signature, topic and age are right. Raises: SignatureInvalid"""
    try:
        envelope = json.loads(body)
        is_ours = bool(topic.arn) and envelope["TopicArn"] == topic.arn
        sent_at = dt.datetime.fromisoformat(envelope["Timestamp"])
        signed, signature = canonical(envelope), base64.b64decode(envelope["Signature"], validate=True)
        algorithm, url = HASHES[str(envelope["SignatureVersion"])], str(envelope["SigningCertURL"])
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as exc:
        raise SignatureInvalid from exc
    if not is_ours or sent_at.tzinfo is None or not clock.now() - OLDEST <= sent_at <= clock.now() + EARLY:
        raise SignatureInvalid
    key = _key_at(url, topic)
    try:
        key.verify(signature, signed, padding.PKCS1v15(), algorithm())
    except InvalidSignature as exc:
        raise SignatureInvalid from exc
    return dict(envelope)


def canonical(envelope: Mapping[str, Any]) -> bytes:
    """Return the bytes that are signed: names and values of some fields, in order, a line each."""
    names = NOTIFICATION if envelope["Type"] == "Notification" else CONFIRMATION
    return "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope).encode()


def confirm(envelope: Mapping[str, Any], topic: Topic) -> None:
    """Tell SNS that its messages are wanted here: once in the life of a subscription."""
    url = str(envelope.get("SubscribeURL"))
    if not is_at(url, topic.origin):
        raise SignatureInvalid
    try:
        requests.get(url, timeout=TIMEOUT, allow_redirects=False).raise_for_status()
    except requests.RequestException as exc:
        log.error("the subscription to SNS is not confirmed", extra={"cause": type(exc).__name__})


def is_at(url: str, origin: str) -> bool:
    """Whether the address is at this origin and nowhere else."""
    parts = urlsplit(url)
    return bool(origin) and f"{parts.scheme}://{parts.netloc}" == origin


def _key_at(url: str, topic: Topic) -> rsa.RSAPublicKey:
    if not is_at(url, topic.origin) or not urlsplit(url).path.endswith(".pem"):
        raise SignatureInvalid
    certificate = _certificate_at(url)
    key = certificate.public_key()
    is_valid = certificate.not_valid_before_utc <= clock.now() <= certificate.not_valid_after_utc
    if not is_valid or not isinstance(key, rsa.RSAPublicKey):
        raise SignatureInvalid
    return key


@lru_cache(maxsize=8)
def _certificate_at(url: str) -> x509.Certificate:
    try:
        reply = requests.get(url, timeout=TIMEOUT, allow_redirects=False)
        reply.raise_for_status()
        return x509.load_pem_x509_certificate(reply.content)
    except (requests.RequestException, ValueError) as exc:
        raise SignatureInvalid from exc
