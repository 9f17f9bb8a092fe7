"""Who may listen, and for how long: asked when a stream opens, and again of all open streams at once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from common.api.address import client_network
from common.errors import Unauthenticated
from common.live_tickets import Pass, redeem
from common.sessions import AbstractSession, Seat, SessionEnded
from common.tokens import Realm
from partners import selectors as partners
from partners.api.authentication import MemberAuthentication
from partners.errors import MembersOnly
from users import selectors as users
from users.api.authentication import PersonAuthentication

Header = tuple[bytes, bytes]

# How each of the two streams is signed in to: as the other addresses of its realm.
AUTHENTICATION: Final[Mapping[str, list[type[BaseAuthentication]]]] = {
    Realm.USER: [PersonAuthentication],
    Realm.PARTNER: [MemberAuthentication],
}
# What one listens by, and the function that says which of many still hold.
SEATS: Final[Mapping[str, Callable[[Collection[uuid.UUID]], dict[uuid.UUID, Seat]]]] = {
    "person": users.seats_of,
    "member": partners.seats_of,
}
KINDS: Final = {Realm.USER: "person", Realm.PARTNER: "member"}


@dataclass(frozen=True)
class Caller:
    """A request to open a stream, as far as it says who asks."""

    realm: str
    headers: Iterable[Header]
    address: str
    ticket: str

    def as_django(self) -> HttpRequest:
        """Return it as the functions of the API read it."""
        request = HttpRequest()
        request.method = "GET"
        request.META["REMOTE_ADDR"] = self.address
        for name, value in self.headers:
            request.META[f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"] = value.decode("latin-1")
        return request

    @property
    def network(self) -> str:
        """Whom a limit by address counts."""
        return client_network(self.as_django())


def pass_of(auth: Any) -> Pass:
    """Return by what a signed-in request may listen; `auth` is its session."""
    return Pass(realm=auth.realm, kind=KINDS[auth.realm], credential=auth.pk, until=auth.access_until)


def let_in(caller: Caller) -> tuple[Pass, Seat]:
    """Return by what and to what the caller listens. A ticket goes before a header, and is used up.

    Raises: Unauthenticated's kinds; MembersOnly for an API key
    """
    if caller.ticket:
        leave = redeem(caller.ticket, realm=caller.realm)
    else:
        request = Request(caller.as_django(), authenticators=[kind() for kind in AUTHENTICATION[Realm(caller.realm)]])
        if request.user is None:
            raise Unauthenticated
        if not isinstance(request.auth, AbstractSession):
            raise MembersOnly  # a stream tells more than one scope of a key opens; systems have webhooks
        leave = pass_of(request.auth)
    seat = SEATS[leave.kind]([leave.credential]).get(leave.credential)
    if seat is None:
        raise SessionEnded
    return leave, seat


def no_longer(leaves: Collection[Pass]) -> set[Pass]:
    """Return those of the passes that open no stream any more; a query for each kind there is."""
    over: set[Pass] = set()
    for kind, seats in SEATS.items():
        mine = {leave for leave in leaves if leave.kind == kind}
        held = seats({leave.credential for leave in mine}) if mine else {}
        over |= {leave for leave in mine if leave.credential not in held}
    return over
