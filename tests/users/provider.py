"""A licensed provider for tests: the sandbox's, on a port of its own."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pytest_django import Settings
from stdnum import verhoeff

from sandbox.server import Sandbox, running
from tests.factories import make_user, person_client
from users.models import CALL_LEASE, IdentityAttestation, User
from users.services import attesting

URL = "/api/v1/me/identity/attestations"
LATER = (CALL_LEASE + dt.timedelta(seconds=1)).total_seconds()


def number(first: str) -> str:
    """Return a number that could exist and begins so."""
    body = f"{first}{'12345678901'[len(first) :]}"
    return body + verhoeff.calc_check_digit(body)


ASHAS = number("45")


@pytest.fixture(scope="module", name="sandbox")
def shared_sandbox() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


@pytest.fixture(name="provider")
def quiet_provider(sandbox: Sandbox, settings: Settings) -> Sandbox:
    """The provider without memories and faults, and the product pointed at it, without limits."""
    sandbox.reset()
    settings.IDENTITY_PROVIDER_URL = f"{sandbox.url}/identity"
    settings.THROTTLES = dict.fromkeys(settings.THROTTLES, "1000000/s")
    return sandbox


def know(provider: Sandbox, digits: str = ASHAS, *, name: str = "Asha Kulkarni", phone: str = "+919000000001") -> str:
    """Let a number belong to somebody; return the telephone that the code goes to."""
    told = {"number": digits, "name": name, "phone": phone}
    requests.put(f"{provider.url}/identity/people", json=told, timeout=5).raise_for_status()
    return phone


def asha(**values: Any) -> User:
    return make_user(**{"name": "Asha Kulkarni", **values})


def start(user: User, digits: str = ASHAS, *, version: int = 1, consent: bool = True, **headers: str) -> Any:
    body = {"number": digits, "consent": consent, "notice_version": version}
    return person_client(user).post(URL, body, format="json", headers=headers)


def complete(user: User, attestation: str, code: str) -> Any:
    return person_client(user).post(f"{URL}/{attestation}/code", {"code": code}, format="json")


def code_at(provider: Sandbox, phone: str = "+919000000001") -> str:
    found = re.match(r"\d{6}", provider.wait_for(1, to=phone)[0]["body"])
    assert found is not None
    return found[0]


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def charges(provider: Sandbox) -> list[str]:
    """What the provider would put on the bill."""
    found = requests.get(f"{provider.url}/identity/charges", timeout=5).json()
    return sorted(row["for"] for row in found)


def status_of(attestation: str) -> tuple[str, str]:
    row = IdentityAttestation.objects.get(pk=attestation)
    return row.status, row.failure


def level_of(user: User) -> int:
    return int(person_client(user).get("/api/v1/me/identity").json()["level"])


def begin(user: User, digits: str = ASHAS) -> uuid.UUID:
    """Start by the service, for races."""
    return attesting.start(user_id=user.pk, number=digits, notice_version=1, request_key="").pk
