"""A person's bearer token."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from common import sessions
from common.api.authentication import BearerAuthentication
from common.tokens import Realm
from users.models import Session, User


class PersonAuthentication(BearerAuthentication):
    """`request.user` is the person, `request.auth` the session."""

    realm = Realm.USER

    def account_of(self, token: str) -> tuple[User, Session]:
        session = sessions.authenticate(Session, access=token)
        if not session.account.is_active:
            raise sessions.SessionEnded
        return session.account, session


class PersonScheme(OpenApiAuthenticationExtension):
    target_class = "users.api.authentication.PersonAuthentication"
    name = "person"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A person's access token."}
