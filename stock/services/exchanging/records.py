"""How a transfer is held, how it takes a step, and who hears of it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from common import clock, outbox
from common.db import lock, step
from common.errors import NotFound
from common.transitions import advance
from stock.models import Transfer, TransferEvent
from stock.states import TRANSFER_TRANSITIONS, Urgency


@dataclass(frozen=True)
class Window:
    """How long an asked partner may think, and how long the asker may then think about the offer."""

    answer: dt.timedelta
    confirm: dt.timedelta


# Policy of this product; a family or a ward waits meanwhile. All at once or one by one, critical or not: an asked
# partner needs a quarter of an hour to look into its refrigerator.
WINDOWS: Final[Mapping[Urgency, Window]] = {
    Urgency.CRITICAL: Window(answer=dt.timedelta(minutes=15), confirm=dt.timedelta(minutes=15)),
    Urgency.URGENT: Window(answer=dt.timedelta(minutes=15), confirm=dt.timedelta(minutes=30)),
    Urgency.ROUTINE: Window(answer=dt.timedelta(minutes=60), confirm=dt.timedelta(minutes=120)),
}


def purpose_of(transfer: Transfer) -> str:
    """Return what a bag that is kept for the transfer is reserved for."""
    return f"transfer:{transfer.pk}"


def holding_of(transfer: Transfer) -> uuid.UUID:
    """Return what the sender keeps for an offered transfer; there is one: `transfer_offered_has_sender`."""
    return cast(uuid.UUID, transfer.holding)


@step
def hold_transfer(transfer_id: uuid.UUID) -> Transfer:
    """Lock the need that the transfer belongs to, and return the transfer fresh. Raises: NotFound."""
    need = Transfer.objects.filter(pk=transfer_id).values_list("need", flat=True).first()
    if need is None:
        raise NotFound
    return next(row for row in lock(Transfer, {need, transfer_id}) if row.pk == transfer_id)


@step
def take_step(
    transfer: Transfer,
    *,
    verb: str,
    actor: str,
    by: uuid.UUID | None,
    facts: Mapping[str, Any] | None = None,
    **changes: Any,
) -> None:
    """Take a held transfer one step and write it down; `changes` are further columns. Raises: IllegalTransition."""
    columns = {"due_at": None, **changes, "status": advance(TRANSFER_TRANSITIONS, transfer.state, verb)}
    change(transfer, **columns)
    record(transfer, verb=verb, actor=actor, by=by, facts=facts)


@step
def change(transfer: Transfer, **columns: Any) -> None:
    for name, value in columns.items():
        setattr(transfer, name, value)
    transfer.save(update_fields=list(columns))


@step
def record(
    transfer: Transfer, *, verb: str, actor: str, by: uuid.UUID | None, facts: Mapping[str, Any] | None = None
) -> None:
    """Note what a partner, or nobody but time, did to the transfer, and its state after it."""
    TransferEvent.objects.create(
        transfer=transfer,
        verb=verb,
        status=transfer.status,
        actor=actor,
        partner_id=by,
        facts=dict(facts or {}),
        created_at=clock.now(),
    )


@step
def tell(transfer: Transfer, name: str, *, units: int, **more: object) -> None:
    """Let others know what happened to the transfer."""
    outbox.emit(
        name,
        key=f"transfer:{transfer.pk}",
        transfer=str(transfer.pk),
        need=str(transfer.need),
        partner=str(transfer.partner_id),
        purpose=transfer.purpose,
        units=units,
        **more,
    )
