"""What administrators do: every command of a page, every form that is saved, every page that shows health data."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from common.api.address import rough_network
from common.audit import context
from common.audit.context import Acting, Actor
from common.audit.health import SHOWN_IN_ADMIN
from common.audit.recording import record, record_read
from common.audit.states import ActorKind, AuditRealm, Deed

PREFIX: Final = "/admin/"
SAFE: Final = frozenset(("GET", "HEAD", "OPTIONS"))
VERBS: Final = {ADDITION: "add", CHANGE: "change", DELETION: "delete"}
OK: Final = 200


class AuditMiddleware:
    """Knows which administrator acts below /admin/; stands behind the authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        with context.watching():
            context.begin(
                Acting(
                    actor=_actor(request),
                    realm=AuditRealm.ADMIN,
                    route=f"{request.method} {request.path}"[:120],
                    network=rough_network(request),
                    writes=request.method not in SAFE,
                )
            )
            response = self.get_response(request)
            _settle(request, response)
            return response


def _actor(request: HttpRequest) -> Actor:
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return Actor(ActorKind.NOBODY)
    return Actor(ActorKind.ADMINISTRATOR, str(user.pk))


def _settle(request: HttpRequest, response: HttpResponse) -> None:
    """Record a page of health data, and whatever was sent and has left no entry, such as a form that was refused."""
    acting = context.current()
    if acting is None or acting.actor.kind != ActorKind.ADMINISTRATOR:
        return
    page, pk = _page(request)
    if acting.writes and not acting.entries:
        act = request.POST.get("action", "") if request.method == "POST" else ""
        name = f"admin.{act}" if act.isidentifier() else "admin.post"
        record(deed=Deed.WRITE, act=name, subject=(page, pk), outcome=f"http_{response.status_code}")
    elif not acting.writes and response.status_code == OK and page in SHOWN_IN_ADMIN:
        rows = getattr(getattr(response, "context_data", None) or {}, "get", lambda _: None)("cl")
        record_read(f"admin.{page}", subject=(page, pk), ids=[row.pk for row in rows.result_list] if rows else [])


def _page(request: HttpRequest) -> tuple[str, str]:
    """Return the model that an admin's page is about, as «users.donor», and the row, if it is one row's."""
    match = request.resolver_match
    pk = str(match.kwargs.get("object_id", ""))[:64] if match else ""
    app, _, rest = (match.url_name or "").partition("_") if match else ("", "", "")
    parts = request.path.removeprefix(PREFIX).split("/")
    is_model = len(parts) > 1 and bool(rest)
    return (f"{parts[0]}.{parts[1]}", pk) if is_model and app else ("", pk)


@receiver(post_save, sender=LogEntry)
def record_form(sender: object, instance: LogEntry, **_: Any) -> None:
    """Record what the admin's own forms save, in their transaction: names of columns, never what stands in them."""
    acting = context.current()
    if acting is None or instance.content_type is None:
        return
    record(
        deed=Deed.WRITE,
        act=f"admin.{VERBS.get(instance.action_flag, 'act')}",
        subject=(".".join(instance.content_type.natural_key()), str(instance.object_id)[:64]),
        facts={"given": fields} if (fields := _fields(instance.change_message)) else None,
    )


def _fields(message: str) -> list[str]:
    """Return the names of the columns that a message of the admin tells of."""
    try:
        told = json.loads(message or "[]")
    except ValueError:
        return []
    changes = [
        change for item in told if isinstance(item, dict) for change in item.values() if isinstance(change, dict)
    ]
    return sorted({str(name) for change in changes for name in change.get("fields", [])})


@receiver(user_logged_in)
def record_sign_in(sender: object, request: HttpRequest, user: Any, **_: Any) -> None:
    if context.current() is None:
        return
    context.known_as(ActorKind.ADMINISTRATOR, user.pk)
    record(deed=Deed.WRITE, act="admin.sign_in", subject=("person", str(user.pk)))


@receiver(user_logged_out)
def record_sign_out(sender: object, request: HttpRequest, user: Any, **_: Any) -> None:
    if user is not None and context.current() is not None:
        record(deed=Deed.WRITE, act="admin.sign_out", subject=("person", str(user.pk)))


@receiver(user_login_failed)
def record_failure(sender: object, request: HttpRequest | None = None, **_: Any) -> None:
    """Record that somebody tried; not as whom, which a stranger may choose."""
    if request is not None and context.current() is not None:
        record(deed=Deed.REFUSED, act="admin.sign_in", outcome="credentials_invalid")
