"""A member's bearer token."""

from __future__ import annotations

from typing import cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.request import Request

from common import sessions
from common.api.authentication import BearerAuthentication
from common.tokens import Realm
from partners.models import Member, MemberSession
from partners.states import MAY_SIGN_IN


class MemberAuthentication(BearerAuthentication):
    """`request.user` is the member with its partner loaded, `request.auth` the session."""

    realm = Realm.PARTNER

    def account_of(self, token: str) -> tuple[Member, MemberSession]:
        session = sessions.authenticate(MemberSession, access=token, related="account__partner")
        member = session.account
        if not member.is_active or member.partner.status not in MAY_SIGN_IN:
            raise sessions.SessionEnded
        return member, session


def member_of(request: Request) -> Member:
    """Return the member who asks, where `MemberAuthentication` and a permission have let it in."""
    return cast(Member, request.user)


class MemberScheme(OpenApiAuthenticationExtension):
    target_class = "partners.api.authentication.MemberAuthentication"
    name = "member"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        description = "A partner member's access token."
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": description}
