"""The queues of the administration. To add one: write it in its app's `queues.py`, and name it here."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse

from appointments import queues as appointments
from chat import queues as chat
from common.queues import MANY, Queue
from config.waiting import events
from notifications import queues as notifications
from notifications import support_queue as support
from notifications.webhooks import queues as webhooks
from partners import queues as partners
from payments import queues as payments
from users import queues as users

REMEMBERED: Final = 15  # seconds: a badge may be as old, because it stands on every page


class Desk(NamedTuple):
    """Queues that one page shows, because the same people work on them."""

    key: str
    title: str
    icon: str
    queues: tuple[Queue, ...]


DESKS: Final = (
    Desk("approvals", "Approvals", "verified", (partners.APPLICATIONS, appointments.DOCTORS, users.IDENTITIES)),
    Desk("complaints", "Complaints", "feedback", (partners.COMPLAINTS, partners.FLAGGED)),
    Desk("support", "Questions", "support_agent", (support.TICKETS,)),
    Desk("chats", "Reported messages", "flag", (chat.REPORTS,)),
    Desk("emergencies", "Emergencies", "e911_emergency", (appointments.EMERGENCIES,)),
    Desk("money", "Money to look at", "currency_rupee", (payments.HELD, payments.REFUNDS, payments.PAYOUTS)),
    Desk("mismatches", "Mismatches", "balance", (payments.MISMATCHES,)),
    Desk("messages", "Messages given up", "sms_failed", (notifications.DEAD,)),
    Desk("webhooks", "Webhooks failing", "webhook", (webhooks.FAILING,)),
    Desk("events", "Events given up", "error", (events.DEAD,)),
)
# Asked on its own page only: it adds up the whole ledger.
UNCOUNTED: Final = frozenset({payments.MISMATCHES.key})


def desk_of(key: str) -> Desk | None:
    return next((desk for desk in DESKS if desk.key == key), None)


def seen_by(request: HttpRequest, desk: Desk) -> list[Queue]:
    """Return the queues of the desk that the administrator may see."""
    return [queue for queue in desk.queues if request.user.has_perm(queue.needs)]


def waiting(queue: Queue) -> int:
    """Return how many wait, as of a few seconds ago."""
    if queue.key in UNCOUNTED:
        return 0
    return cache.get_or_set(f"waiting.{queue.key}", queue.count, REMEMBERED) or 0


def forget(queue: Queue) -> None:
    """Count anew the next time: somebody has just acted."""
    cache.delete(f"waiting.{queue.key}")


def in_words(count: int) -> str:
    return f"{MANY - 1}+" if count >= MANY else f"{count}"


def strip(request: HttpRequest) -> list[dict[str, object]]:
    """Return what waits, for the top of the dashboard."""
    return [
        {"title": queue.title, "count": in_words(waiting(queue)), "link": f"{address(desk)}#{queue.key}"}
        for desk in DESKS
        for queue in seen_by(request, desk)
        if waiting(queue)
    ]


def address(desk: Desk) -> str:
    return reverse("admin:waiting", args=[desk.key])
