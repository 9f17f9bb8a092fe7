from __future__ import annotations

import uuid

from common.models import OutboxEvent
from common.outbox import on
from payments import asking, selectors
from payments.services import erasing, notices, subscribing
from payments.states import PurchaseKind


@on("payment.notified")
def ask_the_provider(event: OutboxEvent) -> None:
    """A webhook only says that there may be something to ask about."""
    notices.act_on(notice_id=event.payload["notice"])


@on("payment.questioned", outside=True)
def look_behind(event: OutboxEvent) -> None:
    """A provider speaks of a refund or a dispute of money that has come: it is asked what there is."""
    asking.look_behind(uuid.UUID(event.payload["payment"]), event.payload["refs"])


@on("payee.questioned", outside=True)
def check_account(event: OutboxEvent) -> None:
    asking.check_account(uuid.UUID(event.payload["account"]))


@on("payment.succeeded")
def start_what_is_paid(event: OutboxEvent) -> None:
    """A plan is the one thing that payments sell themselves. Late money goes back by itself."""
    if event.payload["kind"] == PurchaseKind.SUBSCRIPTION and not event.payload["late"]:
        subscribing.record_paid(charge_id=uuid.UUID(event.payload["reference"]))


@on("refund.succeeded")
def end_what_was_refunded(event: OutboxEvent) -> None:
    if event.payload["kind"] != PurchaseKind.SUBSCRIPTION:
        return
    payment = selectors.any_payment(uuid.UUID(event.payload["payment"]))
    if payment.is_applied and not payment.refundable_minor:
        subscribing.record_refunded(charge_id=uuid.UUID(event.payload["reference"]))


@on("account.erased")
def end_subscription(event: OutboxEvent) -> None:
    erasing.end_account(user_id=uuid.UUID(event.payload["user"]))
