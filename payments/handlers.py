from __future__ import annotations

from common.models import OutboxEvent
from common.outbox import on
from payments.services import notices


@on("payment.notified")
def ask_the_provider(event: OutboxEvent) -> None:
    """A webhook only says that there may be something to ask about."""
    notices.act_on(notice_id=event.payload["notice"])
