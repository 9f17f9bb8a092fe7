"""Bags between partners: whoever has to act next is told, and whoever waits."""

from __future__ import annotations

import datetime as dt
import uuid

from common.models import OutboxEvent
from common.outbox import on
from notifications.handlers.addressing import KEEPING, id_in, members, occasion
from notifications.kinds import Kind
from notifications.services import Subject, notify
from notifications.templates import Fact
from partners import selectors as partners
from stock import selectors as stock
from stock.selectors import TransferFacts


@on("transfer.candidate_asked")
def tell_transfer_asked(event: OutboxEvent) -> None:
    """Ask each partner once for the transfer, whatever is retried, as long as it may answer."""
    transfer = stock.transfer_facts(id_in(event, "transfer"))
    for ask in stock.asks_of(transfer.id, [uuid.UUID(asked) for asked in event.payload["asked"]]):
        _tell(
            event,
            Kind.TRANSFER_ASKED,
            transfer,
            to=ask.partner_id,
            other=transfer.partner_id,
            units=event.payload["units"],
            valid_until=ask.answer_by,
            needed_by=transfer.needed_by,
            distance=ask.distance_km,
            answer_by=ask.answer_by,
        )


@on("transfer.offered")
def tell_transfer_offered(event: OutboxEvent) -> None:
    """Have the asker confirm, unless that needs nobody."""
    transfer = stock.transfer_facts(id_in(event, "transfer"))
    if transfer.is_confirmed_by_itself or transfer.due_at is None:
        return
    _tell(
        event,
        Kind.TRANSFER_OFFERED,
        transfer,
        to=transfer.partner_id,
        other=id_in(event, "from_partner"),
        units=event.payload["units"],
        valid_until=transfer.due_at,
        confirm_by=transfer.due_at,
    )


@on("transfer.confirmed")
def tell_transfer_confirmed(event: OutboxEvent) -> None:
    transfer = stock.transfer_facts(id_in(event, "transfer"))
    _tell(
        event,
        Kind.TRANSFER_CONFIRMED,
        transfer,
        to=id_in(event, "from_partner"),
        other=transfer.partner_id,
        units=event.payload["units"],
        valid_until=transfer.needed_by,
        needed_by=transfer.needed_by,
    )


@on("transfer.dispatched")
def tell_transfer_dispatched(event: OutboxEvent) -> None:
    transfer = stock.transfer_facts(id_in(event, "transfer"))
    _tell(
        event,
        Kind.TRANSFER_DISPATCHED,
        transfer,
        to=transfer.partner_id,
        other=id_in(event, "from_partner"),
        units=event.payload["units"],
        box=transfer.box,
    )


@on("transfer.overdue")
def tell_transfer_overdue(event: OutboxEvent) -> None:
    """Have both sides look for a box that nobody has received."""
    transfer, sender = stock.transfer_facts(id_in(event, "transfer")), id_in(event, "from_partner")
    for to, other in ((transfer.partner_id, sender), (sender, transfer.partner_id)):
        told = event.payload["units"]
        _tell(event, Kind.TRANSFER_OVERDUE, transfer, to=to, other=other, units=told, box=transfer.box)


@on("transfer.received")
def tell_transfer_received(event: OutboxEvent) -> None:
    transfer = stock.transfer_facts(id_in(event, "transfer"))
    _tell(
        event,
        Kind.TRANSFER_RECEIVED,
        transfer,
        to=id_in(event, "from_partner"),
        other=transfer.partner_id,
        units=event.payload["units"],
        sent=event.payload["sent"],
    )


@on("transfer.ended")
def tell_transfer_ended(event: OutboxEvent) -> None:
    """Tell the other side that it is over, and the asker when time, not somebody, has ended it without a bag."""
    transfer, by = stock.transfer_facts(id_in(event, "transfer")), event.payload["by"]
    if by is None and event.payload["units"]:
        _tell(
            event,
            Kind.TRANSFER_UNMET,
            transfer,
            to=transfer.partner_id,
            other=transfer.partner_id,
            units=event.payload["units"],
        )
    concerned = {event.payload["sender"], *event.payload["asked"]} - {None, by}
    for partner_id in sorted(concerned):
        _tell(event, Kind.TRANSFER_ENDED, transfer, to=uuid.UUID(partner_id), other=transfer.partner_id)
    if by is not None and by == event.payload["sender"]:
        _tell(event, Kind.TRANSFER_ENDED, transfer, to=transfer.partner_id, other=uuid.UUID(by))


def _tell(
    event: OutboxEvent,
    kind: Kind,
    transfer: TransferFacts,
    *,
    to: uuid.UUID,
    other: uuid.UUID,
    valid_until: dt.datetime | None = None,
    **facts: Fact,
) -> None:
    """Tell the stock keepers of a partner; `other` is the partner that the text names."""
    notify(
        kind=kind,
        occasion=occasion(event),
        recipients=members(to, KEEPING),
        facts={
            "partner": partners.card(other).name,
            "group": transfer.blood_group,
            "component": transfer.component.short_code,
            **facts,
        },
        subject=Subject("transfer", transfer.id),
        valid_until=valid_until,
        is_critical=transfer.is_critical,
    )
