"""A partner's system that takes no messages: its owners are told, and when nothing is sent any more."""

from __future__ import annotations

from common.models import OutboxEvent
from common.outbox import on
from notifications.handlers.addressing import id_in, members, occasion
from notifications.kinds import Kind
from notifications.services import Subject, notify
from notifications.webhooks import selectors as webhooks
from partners import selectors as partners
from partners.states import Role

KINDS = {"webhook.failing": Kind.WEBHOOK_FAILING, "webhook.disabled": Kind.WEBHOOK_DISABLED}


@on("webhook.failing")
@on("webhook.disabled")
def tell_owners(event: OutboxEvent) -> None:
    """Name the host alone: the rest of an address may be secret."""
    endpoint = webhooks.endpoint_facts(id_in(event, "endpoint"))
    notify(
        kind=KINDS[event.name],
        occasion=occasion(event),
        recipients=members(endpoint.partner_id, (Role.OWNER,)),
        facts={"partner": partners.card(endpoint.partner_id).name, "host": endpoint.host},
        subject=Subject("webhook_endpoint", endpoint.id),
    )
