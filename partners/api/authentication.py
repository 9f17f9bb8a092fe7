"""A member's bearer token, or an API key of the partner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.request import Request

from common import sessions, throttle
from common.api.address import client_address
from common.api.authentication import BearerAuthentication
from common.audit.states import ActorKind
from common.throttle import Left, Rate
from common.tokens import Realm
from partners.models import ApiKey, Member, MemberSession
from partners.services import key_use
from partners.states import MAY_SIGN_IN

MODE_HEADER: Final = "Jeevansetu-Mode"
PART_HEADER: Final = "Jeevansetu-Test-Part"  # a test key may act for another partner of its test data
_POLICY: Final = "key"  # the name of a key's rate in the RateLimit headers


class KeyInUse:
    """`request.auth` of a call by key: what the kernel asks of it, and the key itself."""

    actor_kind: Final = ActorKind.API_KEY  # as whom the audit log names the call; the id is the key's

    def __init__(self, key: ApiKey) -> None:
        self.key = key
        self.pk = key.pk
        self.rate = Rate.parse(f"{key.calls_per_minute}/m")
        self._left: Left | None = None

    @property
    def is_test(self) -> bool:
        return self.key.is_test

    def spend(self) -> None:
        """Count a call, of whatever method. Raises: TooMany."""
        self._left = throttle.spend_of(self.rate, "api_key", str(self.pk))

    def answer_headers(self) -> Mapping[str, str]:
        """What every answer to the key says: its limit (draft-ietf-httpapi-ratelimit-headers-11) and its mode."""
        seconds = int(self.rate.period.total_seconds())
        headers = {"RateLimit-Policy": f'"{_POLICY}";q={self.rate.count};w={seconds}'}
        if self._left is not None:
            headers["RateLimit"] = f'"{_POLICY}";r={self._left.calls};t={self._left.full_in}'
        if self.is_test:
            headers[MODE_HEADER] = "test"
        return headers


class MemberAuthentication(BearerAuthentication):
    """`request.user` is the member with its partner loaded, `request.auth` the session or the key in use.

    A key acts as a member of its own, so that what a view asks of `member_of` holds for both.
    """

    realm = Realm.PARTNER

    def authenticate(self, request: Request) -> tuple[Member, MemberSession | KeyInUse] | None:
        token = self.token_of(request)
        if token is None:
            return None
        if token.startswith(key_use.BEGINS):
            key = key_use.authenticate(token, address=client_address(request))
            part = request.headers.get(PART_HEADER, "")
            return key_use.account_in_test(key, part) if part else key.member, KeyInUse(key)
        return self.account_of(token)

    def account_of(self, token: str) -> tuple[Member, MemberSession]:
        session = sessions.authenticate(MemberSession, access=token, related="account__partner")
        member = session.account
        if not member.is_active or member.partner.status not in MAY_SIGN_IN:
            raise sessions.SessionEnded
        return member, session


def member_of(request: Request) -> Member:
    """Return the member who asks, where `MemberAuthentication` and a permission have let it in."""
    return cast(Member, request.user)


def key_of(request: Request) -> ApiKey | None:
    """Return the key by which the call comes, or None for a member's own."""
    return request.auth.key if isinstance(request.auth, KeyInUse) else None


class MemberScheme(OpenApiAuthenticationExtension):
    target_class = "partners.api.authentication.MemberAuthentication"
    name = "member"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        description = "A partner member's access token."
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": description}
