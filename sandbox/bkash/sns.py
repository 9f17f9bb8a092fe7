"""Amazon SNS as bKash uses it: an envelope signed by a key whose certificate anybody may fetch."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import uuid
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


@lru_cache(maxsize=2)
def key(name: str) -> rsa.RSAPrivateKey:
    """Return this process's key; one of another name signs what is forged."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@lru_cache(maxsize=1)
def certificate() -> bytes:
    """Return the certificate as PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.sandbox.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key("sns").public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
        .sign(key("sns"), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def certificate_name() -> str:
    """Return the name of the certificate's file: another certificate has another, so that nobody keeps an old one."""
    return f"SimpleNotificationService-{hashlib.sha256(certificate()).hexdigest()[:32]}"


def envelope(
    message: str, *, topic: str, cert_url: str, version: str = "2", is_forged: bool = False, **more: Any
) -> dict[str, Any]:
    """Return a signed envelope; `more` are fields beside the usual ones, or instead of them."""
    fields = {
        "Type": "Notification",
        "MessageId": str(uuid.uuid4()),
        "TopicArn": topic,
        "Message": message,
        "Timestamp": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        **more,
    }
    names = NOTIFICATION if fields["Type"] == "Notification" else CONFIRMATION
    signed = "".join(f"{name}\n{fields[name]}\n" for name in names if name in fields).encode()
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303 - as SNS does
    signature = key("forged" if is_forged else "sns").sign(signed, padding.PKCS1v15(), algorithm)
    return {
        **fields,
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": cert_url,
    }


def body_of(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields).encode()
