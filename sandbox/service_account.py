"""The service account of the stand-in: its key is made once on this machine, and is worth nothing anywhere else."""

from __future__ import annotations

import json
import os
import tempfile
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from sandbox.envfile import PROJECT

KEY_FILE = PROJECT / ".run" / "sandbox-fcm.pem"
PROJECT_ID = "jeevansetu-sandbox"
CLIENT_EMAIL = f"push@{PROJECT_ID}.iam.gserviceaccount.test"


def credentials(url: str) -> str:
    """Return the account's JSON for a product that finds the sandbox at `url`."""
    return json.dumps(
        {
            "type": "service_account",
            "project_id": PROJECT_ID,
            "private_key_id": "sandbox",
            "private_key": pem().decode(),
            "client_email": CLIENT_EMAIL,
            "client_id": "100000000000000000000",
            "token_uri": f"{url.rstrip('/')}/fcm/token",
        }
    )


@cache
def key() -> RSAPrivateKey:
    """Return the key with which the account signs."""
    found = serialization.load_pem_private_key(pem(), password=None)
    if not isinstance(found, RSAPrivateKey):
        raise TypeError(f"{KEY_FILE} holds no RSA key")
    return found


@cache
def pem() -> bytes:
    """Return the key as text; whoever comes first makes it, and the others take that one."""
    if not KEY_FILE.exists():
        KEY_FILE.parent.mkdir(parents=True, exist_ok=True)
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with tempfile.NamedTemporaryFile(dir=KEY_FILE.parent, delete=False) as draft:
            draft.write(made)
        try:
            os.link(draft.name, KEY_FILE)
        except FileExistsError:
            pass  # somebody else was first
        finally:
            Path(draft.name).unlink()
    return KEY_FILE.read_bytes()
