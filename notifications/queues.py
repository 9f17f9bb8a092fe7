"""Messages that were given up."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from common import clock
from common.ids import id_floor
from common.queues import Act, Case, Queue
from notifications import services
from notifications.models import Delivery
from notifications.states import DeliveryStatus

LOOKED_AT: Final = dt.timedelta(days=7)  # an older message helps nobody


def dead() -> QuerySet[Delivery]:
    since = clock.now() - LOOKED_AT
    rows = Delivery.objects.filter(pk__gte=id_floor(since), created_at__gte=since, status=DeliveryStatus.DEAD)
    return rows.select_related("notification").order_by("-pk")


def show_dead(row: Delivery) -> Case:
    return Case(
        str(row.pk),
        f"{row.notification.kind.replace('_', ' ')} by {row.channel} to {row.to}",
        row.created_at,
        [("Error", row.error_code or "none told"), ("Attempts", row.attempts), ("Useful until", row.valid_until)],
        reverse("admin:notifications_delivery_change", args=[row.pk]),
    )


def _replay(request: HttpRequest, pk: str, words: str) -> object:
    return services.replay(delivery_id=uuid.UUID(pk))


DEAD: Final = Queue(
    "dead-messages",
    "Messages given up",
    "Of the last seven days. The error is the provider's; a wrong number stays wrong, an outage is over some day.",
    "notifications.view_delivery",
    "notifications.change_delivery",
    dead,
    show_dead,
    (Act("replay", "Send once more", _replay),),
    words="",
)
