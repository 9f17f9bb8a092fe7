"""Writes entries: of a command in its own transaction, of a read before its answer leaves."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from django.db import connection, models

from common import clock
from common.audit import context
from common.audit.context import Acting
from common.audit.states import ActorKind, AuditRealm, Deed
from common.db import DONE, witness
from common.logs import redact_text, request_id

MOST_IDS: Final = 200  # of a list, in one entry
LONGEST_REASON: Final = 300
LONGEST_NAME: Final = 120
# Ids that say who acts or for whom, not what is acted upon.
ACTING_IDS: Final = frozenset(("partner_id", "actor_id", "admin_id", "member_id", "session_id", "user_id"))
# One statement, so that a deed costs one round trip more; the queue's row is what the chain is made from.
INSERT: Final = """
WITH entry AS (
    INSERT INTO common_auditentry (at, actor_kind, actor_id, partner_id, realm, deed, act, route, subject_kind,
        subject_id, reason, facts, outcome, request_id, network)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    RETURNING id
)
INSERT INTO common_auditpending (entry_id) SELECT id FROM entry
"""


def record(
    *,
    deed: Deed,
    act: str,
    subject: tuple[str, str] = ("", ""),
    facts: Mapping[str, Any] | None = None,
    reason: str = "",
    outcome: str = DONE,
    partner_id: uuid.UUID | None = None,
) -> None:
    """Write one entry of whoever acts, in the transaction that is open, if one is; without an actor, of the product.

    Nothing secret, sealed or about health may stand in it: ids, names of columns, states, reasons of administrators.
    """
    acting = context.current() or Acting(context.Actor(ActorKind.SYSTEM), AuditRealm.SYSTEM, "", "", writes=False)
    acting.entries += 1
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT,
            [
                clock.now(),
                acting.actor.kind,
                acting.actor.id,
                acting.actor.partner_id or partner_id,
                acting.realm,
                deed,
                act[:LONGEST_NAME],
                acting.route[:LONGEST_NAME],
                subject[0],
                subject[1],
                redact_text(reason)[:LONGEST_REASON],
                json.dumps(facts, sort_keys=True, separators=(",", ":")) if facts else "",
                outcome,
                request_id.get(),
                acting.network,
            ],
        )


def record_read(
    what: str, *, subject: tuple[str, str], ids: Iterable[Any] = (), facts: Mapping[str, Any] | None = None
) -> None:
    """Write down that whoever acts reads health data of somebody: `what` it is, and of which rows."""
    listed = [str(pk) for pk in ids][:MOST_IDS]
    record(
        deed=Deed.READ,
        act=what,
        subject=subject,
        facts={**(facts or {}), **({"rows": listed} if listed else {})} or None,
    )


@witness
def record_command(name: str, given: Mapping[str, Any], result: Any, outcome: str) -> None:
    """Write the entry of a command, when whoever acts is one whose writes are recorded."""
    acting = context.current()
    if acting is None or not acting.writes:
        return
    ids = {key: value for key, value in given.items() if isinstance(value, uuid.UUID)}
    about = _subject(acting, ids, result)
    own = {acting.actor.id, str(acting.actor.partner_id), about[1]}
    facts: dict[str, Any] = {}
    if others := {key: str(value) for key, value in ids.items() if str(value) not in own}:
        facts["ids"] = others
    if names := _names(given):
        facts["given"] = names
    if acting.steps:
        facts["steps"] = [list(step) for step in acting.steps]
        acting.steps.clear()
    record(
        deed=Deed.WRITE,
        act=shown_name(name),
        subject=about,
        facts=facts or None,
        reason=_reason(acting, given),
        outcome=outcome,
        partner_id=ids.get("partner_id"),
    )


def shown_name(name: str) -> str:
    """Return a command's name as the log shows it: «partners.members.add_member»."""
    return ".".join(part.lstrip("_") for part in name.split(".") if part != "services")


def _subject(acting: Acting, ids: Mapping[str, uuid.UUID], result: Any) -> tuple[str, str]:
    own = {acting.actor.id, str(acting.actor.partner_id)}
    others = {key: value for key, value in ids.items() if str(value) not in own}
    key = next((key for key in others if key not in ACTING_IDS), next(iter(others), None))
    if key is not None:
        return key.removesuffix("_id"), str(others[key])
    if isinstance(result, models.Model) and result.pk is not None:
        return str(result._meta.model_name), str(result.pk)
    if acting.actor.partner_id is not None:
        return "partner", str(acting.actor.partner_id)
    return "", ""


def _names(given: Mapping[str, Any]) -> list[str]:
    """Return what a command was given besides ids: names of values and of columns, never a value."""
    names = []
    for key, value in given.items():
        if value is None or isinstance(value, uuid.UUID):
            continue
        if isinstance(value, Mapping) and all(isinstance(inner, str) and inner.isidentifier() for inner in value):
            names += [f"{key}.{inner}" for inner in value]
        else:
            names.append(key)
    return sorted(names)


def _reason(acting: Acting, given: Mapping[str, Any]) -> str:
    """Return the reason that was given: whatever an administrator says, of others only a choice from a closed set."""
    reason = given.get("reason")
    if isinstance(reason, StrEnum):
        return str(reason)
    if isinstance(reason, str) and acting.actor.kind == ActorKind.ADMINISTRATOR:
        return reason
    return ""
