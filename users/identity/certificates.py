"""The certificates that are trusted to sign offline files: those that the operator named, and no others."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.conf import settings
from django.core.checks import CheckMessage, Error, register


def pinned() -> tuple[x509.Certificate, ...]:
    """Return the certificates of the settings. Raises: OSError, ValueError, which the start-up check finds before."""
    return _read(tuple(settings.UIDAI_CERTIFICATES))


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of the certificate as 64 hex digits."""
    return certificate.fingerprint(hashes.SHA256()).hex()


@lru_cache(maxsize=4)
def _read(paths: tuple[str, ...]) -> tuple[x509.Certificate, ...]:
    return tuple(_load(Path(path).read_bytes()) for path in paths)


def _load(content: bytes) -> x509.Certificate:
    if content.lstrip().startswith(b"-----BEGIN"):
        return x509.load_pem_x509_certificate(content)
    return x509.load_der_x509_certificate(content)


@register()
def check_certificates(**_options: object) -> list[CheckMessage]:
    """Find certificates that cannot be read before anybody needs them."""
    faults: list[CheckMessage] = []
    for path in settings.UIDAI_CERTIFICATES:
        try:
            _load(Path(path).read_bytes())
        except (OSError, ValueError):
            faults.append(Error(f"UIDAI_CERTIFICATES: {path} is no readable certificate.", id="users.E001"))
    return faults
