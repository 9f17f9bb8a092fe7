"""People as their telephones: what the tests of accounts share."""

from __future__ import annotations

import uuid
from typing import Any

from rest_framework.response import Response
from rest_framework.test import APIClient

from tests.factories import PASSWORD, make_user
from tests.partners.factories import client_with
from users import selectors
from users.models import User

AUTH = "/api/v1/auth"
NEW_PASSWORD = "paper boats in the rain"


def post(path: str, body: Any, *, token: str = "", **headers: str) -> Response:
    return client_with(token).post(f"{AUTH}/{path}", body, format="json", headers=headers)


def ask(phone: str, purpose: str = "login") -> uuid.UUID:
    """Ask for a code; return the challenge's id."""
    answer = post("otp", {"phone": phone, "purpose": purpose})
    assert answer.status_code == 202, answer.content
    return uuid.UUID(answer.json()["challenge_id"])


def code_of(challenge: uuid.UUID) -> str:
    """Return the code as the message would carry it."""
    found = selectors.code_to_send(challenge)
    assert found is not None
    return found.code


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def make_person(password: str = PASSWORD, **values: Any) -> User:
    user = make_user(**values)
    user.set_password(password)
    user.save()
    return user


def login(user: User, password: str = PASSWORD, **headers: str) -> Response:
    return post("login", {"phone": user.phone, "password": password}, **headers)


def me(token: str) -> Response:
    return APIClient().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
