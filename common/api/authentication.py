"""Who asks: a bearer token of one realm, checked against its session's row at every call."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from common.errors import Unauthenticated


class BearerAuthentication(BaseAuthentication):
    """Read the bearer token; subclasses turn it into an account with `account_of`."""

    realm = ""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        token = self.token_of(request)
        return None if token is None else self.account_of(token)

    def token_of(self, request: Request) -> str | None:
        """Return the bearer token, None without any credentials. Raises: Unauthenticated."""
        header = request.headers.get("Authorization", "")
        scheme, _, token = header.partition(" ")
        if not header:
            return None
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated
        return token.strip()

    def account_of(self, token: str) -> tuple[Any, Any]:
        """Return the account and its session. Raises: Unauthenticated's kinds."""
        raise NotImplementedError

    def authenticate_header(self, request: Request) -> str:
        return f'Bearer realm="{self.realm}"'
