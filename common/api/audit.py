"""The edge of the audit log: who calls, and what is recorded of the call when it is over."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from common.api.address import rough_network
from common.audit import context
from common.audit.context import Acting, Actor
from common.audit.recording import record, record_read
from common.audit.states import ActorKind, AuditRealm, Deed
from common.tokens import Realm

if TYPE_CHECKING:
    from common.api.views import APIView

PARTNERS: Final = "/api/v1/partner/"  # whatever is called below is a partner's, signed in or not
# Refusals that say something of whoever tried: a role, somebody else's row, a step that was not open, a lock.
TELLING: Final = frozenset((403, 404, 409, 423))
OK: Final = 200
FIRST_REFUSAL: Final = 400


def begin(view: APIView, request: Request) -> None:
    """Say who acts in this call; a partner's writes are recorded, a person's where the view says so."""
    actor = _actor(request)
    is_partners = actor.kind in (ActorKind.MEMBER, ActorKind.API_KEY) or request.path.startswith(PARTNERS)
    context.begin(
        Acting(
            actor=actor,
            realm=AuditRealm.PARTNER if is_partners else AuditRealm.USER,
            route=f"{request.method} {_route(request)}",
            network=rough_network(request),
            writes=request.method not in SAFE_METHODS and (is_partners or view.audited),
        )
    )


def settle(view: APIView, response: Any) -> None:
    """Record what no command has: a read of health data, a refusal, a write without a command."""
    acting = context.current()
    if acting is None:
        return
    if not acting.writes:
        if view.reads_health and response.status_code == OK and acting.entries == 0:
            kind, pk = _subject(view.kwargs)
            record_read(view.reads_health, subject=(kind, pk), ids=_ids(getattr(response, "data", None)))
        return
    if acting.entries or "Idempotency-Replayed" in response:
        return
    if response.status_code < FIRST_REFUSAL:
        record(deed=Deed.WRITE, act=acting.route, subject=_subject(view.kwargs))
    elif response.status_code in TELLING and acting.actor.kind != ActorKind.NOBODY:
        data = getattr(response, "data", None)
        code = str(data.get("code", "")) if isinstance(data, Mapping) else ""
        record(deed=Deed.REFUSED, act=acting.route, subject=_subject(view.kwargs), outcome=code or "refused")


def _actor(request: Request) -> Actor:
    if request.user is None:
        return Actor(ActorKind.NOBODY)
    authenticator: Any = request.successful_authenticator
    auth: Any = request.auth
    partner_id = getattr(request.user, "partner_id", None)
    if getattr(auth, "actor_kind", None) == ActorKind.API_KEY:
        return Actor(ActorKind.API_KEY, str(auth.pk), partner_id)
    if getattr(authenticator, "realm", "") == Realm.PARTNER:
        return Actor(ActorKind.MEMBER, str(request.user.pk), partner_id)
    return Actor(ActorKind.PERSON, str(request.user.pk))


def _route(request: Request) -> str:
    match = request.resolver_match
    return (match.url_name if match else "") or ""


def _subject(kwargs: Mapping[str, Any]) -> tuple[str, str]:
    """Return what the address names by an id of ours; a text in an address may be anything, and is not kept."""
    for name, value in kwargs.items():
        if isinstance(value, uuid.UUID | int):
            return (name.removesuffix("_id") if name != "pk" else "row", str(value))
    return ("", "")


def _ids(data: Any) -> Iterator[str]:
    """Yield the ids of the rows in a page or a list."""
    rows = data.get("results") if isinstance(data, Mapping) else data
    if isinstance(rows, list):
        yield from (str(row["id"]) for row in rows if isinstance(row, Mapping) and "id" in row)
