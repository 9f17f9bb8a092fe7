"""Partners' systems that take nothing any more."""

from __future__ import annotations

from typing import Final

from django.db.models import Q, QuerySet
from django.urls import reverse

from common.queues import Case, Queue
from notifications.models import WebhookEndpoint
from notifications.webhooks.states import DisabledReason, EndpointStatus
from partners import selectors as partners

# An owner who has switched an endpoint off, or whose system has said that it is gone, needs no call.
FAILS: Final = Q(status=EndpointStatus.ENABLED, failing_since__isnull=False) | Q(
    status=EndpointStatus.DISABLED, disabled_reason=DisabledReason.FAILING
)


def failing() -> QuerySet[WebhookEndpoint]:
    rows = partners.of_real(WebhookEndpoint.objects.filter(FAILS), "partner")
    return rows.select_related("partner").order_by("failing_since", "pk")


def show(row: WebhookEndpoint) -> Case:
    return Case(
        str(row.pk),
        f"{row.partner.name}: {row.url}",
        row.failing_since,
        [
            ("State", "switched off" if row.disabled_at else "still tried"),
            ("Switched off", row.disabled_at or "not yet"),
            ("Owners were told", row.warned_at or "not yet"),
            ("Telephone", row.partner.phone or "none told"),
        ],
        f"{reverse('admin:notifications_webhookdelivery_changelist')}?endpoint__id__exact={row.pk}",
    )


FAILING: Final = Queue(
    "webhooks",
    "Webhooks failing",
    "Nothing has been taken since. Owners are told by themselves; call where nobody mends it. The log says what fails.",
    "notifications.view_webhookendpoint",
    "notifications.change_webhookendpoint",
    failing,
    show,
)
