"""After a camp the partner's writes wait for its report: which ones, and how the schema says so.

The camp's hours decide and no sweep, so the writes stop in the moment the camp ends. What protects somebody's health is
never stopped by paper; `STILL_ALLOWED` is the whole list.
"""

from __future__ import annotations

import re
import uuid
from typing import Any, Final

from django.urls import Resolver404, resolve

from common.api.schema import add_refusals
from donations.errors import CampStockPending
from donations.selectors import camp_owing_report
from partners.api.permissions import IsMember

STILL_ALLOWED: Final = frozenset(
    {
        # What the report needs: the check-ins that were collected offline, and the report itself.
        "partner-camp-check-ins",
        "partner-camp-report",
        # One's own account.
        "partner-session",
        "partner-password-change",
        "partner-push-devices",
        "partner-push-device",
        "partner-notification-preferences",
        # Hearing what changes.
        "partner-stream-tickets",
        # A key that may be in wrong hands, and what is no stock of anybody.
        "partner-api-key-rotate",
        "partner-api-key-revoke",
        "partner-test-data-reset",
        # Asking the administrators, which moves nothing.
        "partner-support-tickets",
        "partner-support-messages",
        "partner-support-files",
        "partner-support-close",
        "partner-support-reopen",
        # A secret that became known, and a system that is to be told nothing more.
        "partner-webhook-rotate-secret",
        "partner-webhook-disable",
        # A donor who is at the door.
        "partner-arrival",
        "partner-verify",
        "partner-defer",
        # A bag that may do harm, and the look-back that a reactive result starts.
        "partner-stock-tests",
        "partner-stock-tests-many",
        "partner-stock-discard",
        "partner-stock-discard-many",
        # A patient whose family waits, and the bag that is given.
        "partner-attender-request-confirm",
        "partner-attender-request-refuse",
        "partner-attender-request-issue",
        "partner-stock-crossmatch",
        "partner-stock-transfuse",
        # Bags on the way between two partners, on which the other one counts.
        "partner-transfer-dispatch",
        "partner-transfer-receive",
        # An order's boxes that have left: a patient waits, and every one is handed over, or comes back and is counted.
        "partner-order-courier",
        "partner-order-pings",
        "partner-box-readings",
        "partner-order-code",
        "partner-order-deliver",
        "partner-order-fail",
        "partner-order-return",
        # Words between two who wait for each other, or for a bag.
        "partner-conversation-messages",
        "partner-conversation-message",
        "partner-conversation-files",
        "partner-conversation-read",
        "partner-conversation-typing",
        "partner-conversation-message-report",
    }
)
WRITES: Final = ("post", "put", "patch", "delete")
PLACEHOLDER: Final = re.compile(r"{[^}]+}")


def hold_writes(partner_id: uuid.UUID, route: str) -> None:
    """The gate of every partner's write; one query. Raises: CampStockPending."""
    if route in STILL_ALLOWED:
        return
    camp_id = camp_owing_report(partner_id)
    if camp_id is not None:
        raise CampStockPending(camp=str(camp_id))


def document_freeze(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """Add the refusal to every operation that the gate may stop: a hook of the schema's generator."""
    for path, item in result["paths"].items():
        if not _may_be_stopped(path):
            continue
        for method in WRITES:
            if method in item:
                add_refusals(item[method]["responses"], CampStockPending)
    return result


def _may_be_stopped(path: str) -> bool:
    try:
        found = resolve(PLACEHOLDER.sub(str(uuid.UUID(int=0)), path))
    except Resolver404:
        return False
    view = getattr(found.func, "cls", None)
    kinds = getattr(view, "permission_classes", ())
    return found.url_name not in STILL_ALLOWED and any(issubclass(kind, IsMember) for kind in kinds)
