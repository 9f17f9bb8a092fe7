"""A partner's system, and what is sent to it."""

from __future__ import annotations

import json
import uuid
from typing import Any

from common import outbox
from common.db import unit_of_work
from common.models import OutboxEvent
from notifications.models import WebhookDelivery, WebhookEndpoint
from notifications.webhooks import sending
from notifications.webhooks.services import endpoints
from partners.models import Partner
from sandbox.server import Sandbox
from tests.partners.factories import make_partner

PUBLIC = "https://hooks.city-hospital.example/in"


class System:
    """A partner's system at the sandbox, which verifies what it is sent with the makers' own library."""

    def __init__(self, sandbox: Sandbox, name: str = "ward") -> None:
        self.sandbox, self.name = sandbox, name

    @property
    def url(self) -> str:
        return f"{self.sandbox.url}/receiver/{self.name}"

    def another(self, name: str) -> System:
        return System(self.sandbox, name)

    def settle(self, **wishes: Any) -> None:
        self.sandbox._ask("PUT", f"/receiver/{self.name}/settings", wishes)

    def received(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sandbox._ask("GET", f"/receiver/{self.name}/received")
        return found

    def ids(self) -> list[str]:
        return [one["headers"]["webhook-id"] for one in self.received()]

    def data(self) -> list[dict[str, Any]]:
        return [json.loads(one["body"])["data"] for one in self.received()]

    def open(self, partner: Partner | None = None, *event_types: str) -> WebhookEndpoint:
        """Open an endpoint of the partner here; the system knows its secret."""
        opened = endpoints.create(
            partner_id=(partner or make_partner()).pk,
            url=self.url,
            description="",
            event_types=event_types or ["*"],
        )
        self.settle(secrets=[opened.secret])
        return opened.endpoint


def happen(name: str, key: str, **payload: Any) -> OutboxEvent:
    """Let nothing but this have happened, and tell it."""
    OutboxEvent.objects.all().delete()
    with unit_of_work():
        outbox.emit(name, key=key, **payload)
    event = OutboxEvent.objects.get()
    outbox.drain()
    assert not outbox.open_events().exists(), list(OutboxEvent.objects.values_list("name", "last_error"))
    return event


def run_low(partner: Partner, *, key: str = "", available: int = 4) -> OutboxEvent:
    """Let the partner's stock run low."""
    return happen(
        "stock.low",
        key or f"partner:{partner.pk}",
        partner=str(partner.pk),
        component="red_cells",
        blood_group="O-",
        minimum=10,
        available=available,
    )


def send_all() -> int:
    return sending.run_due()


def delivery() -> WebhookDelivery:
    return WebhookDelivery.objects.get()


def statuses(endpoint: WebhookEndpoint) -> list[str]:
    rows = WebhookDelivery.objects.filter(endpoint=endpoint).order_by("number", "pk")
    return list(rows.values_list("status", flat=True))


def aggregate() -> str:
    return f"order:{uuid.uuid4()}"
