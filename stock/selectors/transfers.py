"""What partners ask of each other, as each side may see it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import (
    Case,
    Count,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    prefetch_related_objects,
)

from common import clock
from common.errors import NotFound
from common.sweeps import keys_after
from payments import selectors as payments
from payments.states import PurchaseKind
from stock.components import Component
from stock.models import Transfer, TransferAsk, TransferEvent, TransferUnit
from stock.states import SENDS, Fate, TransferStatus, Urgency

OURS_ASKED: Final = "ours_asked"
ASKED_OF_US: Final = "asked_of_us"
BETWEEN_OTHERS: Final = ("ask", "refuse", "disclaim")
MOST_DUE: Final = 1000  # transfers in one run of the sweep; it comes every minute


@dataclass(frozen=True)
class TransferFacts:
    """What others may know of a transfer."""

    id: uuid.UUID
    partner_id: uuid.UUID
    blood_group: str
    component: Component
    needed_by: dt.datetime
    due_at: dt.datetime | None
    box: str
    is_critical: bool
    is_confirmed_by_itself: bool
    status: TransferStatus


@dataclass(frozen=True)
class TransferState:
    """Where one of the transfers of a need stands."""

    id: uuid.UUID
    status: TransferStatus
    units: int
    end_reason: str


def transfers_of_need(need: uuid.UUID) -> list[TransferState]:
    """Return the transfers by which one need is met, in their order; `units` are those that each still promises."""
    bags = Count("bags", filter=Q(bags__fate__in=[Fate.OFFERED, Fate.SENT]))
    rows = Transfer.objects.filter(need=need).annotate(promised=bags).order_by("pk")
    return [
        TransferState(
            id=row.pk,
            status=TransferStatus(row.status),
            units=row.units if row.status == TransferStatus.REQUESTED else row.promised,
            end_reason=row.end_reason,
        )
        for row in rows
    ]


def transfers_of(partner_id: uuid.UUID, *, side: str | None = None, status: str | None = None) -> QuerySet[Any]:
    """Return what the partner has asked for, sends, has sent, or is asked for at this moment.

    Each row says on which `side` the partner is, and for one that is asked until when it may answer and how far it is.
    """
    now = clock.now()
    open_asks = TransferAsk.objects.filter(partner_id=partner_id, answer="", answer_by__gt=now)
    ours = Transfer.objects.filter(partner_id=partner_id).values_list("pk")
    theirs = [
        Transfer.objects.filter(sender_id=partner_id).values_list("pk"),
        open_asks.values_list("transfer_id"),
    ]
    ids = theirs[0].union(*theirs[1:]) if side == ASKED_OF_US else ours.union(*([] if side else theirs))
    own_ask = TransferAsk.objects.filter(transfer=OuterRef("pk"), partner_id=partner_id)
    found = Transfer.objects.filter(pk__in=ids)
    if status is not None:
        found = found.standing(TransferStatus(status), now)
    return found.select_related("partner", "sender").annotate(
        side=Case(When(partner_id=partner_id, then=Value(OURS_ASKED)), default=Value(ASKED_OF_US)),
        answer_by=Subquery(own_ask.filter(answer="").values("answer_by")[:1]),
        distance_km=Subquery(own_ask.values("distance_km")[:1]),
    )


def get_transfer_for(partner_id: uuid.UUID, transfer_id: uuid.UUID) -> Transfer:
    """Return a transfer that the partner may see, with its bags and what of its history is the partner's business.

    `fee_paid` says whether the fee that is due has been paid.

    Raises: NotFound
    """
    history, asks = TransferEvent.objects.order_by("pk"), TransferAsk.objects.order_by("pk").select_related("partner")
    found = transfers_of(partner_id).filter(pk=transfer_id).first()
    if found is None:
        raise NotFound
    if found.side != OURS_ASKED:
        # Who else was asked, and what it said, is between them and the asker.
        history, asks = history.exclude(verb__in=BETWEEN_OTHERS), asks.filter(partner_id=partner_id)
    bags = TransferUnit.objects.order_by("pk").select_related("unit")
    prefetch_related_objects([found], Prefetch("events", history), Prefetch("asks", asks), Prefetch("bags", bags))
    found.fee_paid = found.fee_due is not None and payments.is_paid(PurchaseKind.TRANSFER, found.pk)
    return found


def transfer_facts(transfer_id: uuid.UUID) -> TransferFacts:
    """Return what others may know of a transfer. Raises: NotFound."""
    found = Transfer.objects.filter(pk=transfer_id).first()
    if found is None:
        raise NotFound
    return TransferFacts(
        id=found.pk,
        partner_id=found.partner_id,
        blood_group=found.blood_group,
        component=Component(found.component),
        needed_by=found.needed_by,
        due_at=found.due_at,
        box=found.box,
        is_critical=found.urgency == Urgency.CRITICAL,
        is_confirmed_by_itself=found.purpose != "",
        status=TransferStatus(found.status),
    )


def asks_of(transfer_id: uuid.UUID, partner_ids: Iterable[uuid.UUID]) -> list[TransferAsk]:
    """Return what these partners were asked, of those that have not answered yet."""
    asks = TransferAsk.objects.filter(transfer=transfer_id, partner__in=list(partner_ids), answer="")
    return list(asks.order_by("pk"))


def transfers_due(now: dt.datetime) -> list[uuid.UUID]:
    """Return the transfers that time has something to do with, the longest due first, as many as one run may take."""
    rows = Transfer.objects.filter(due_at__lte=now).order_by("due_at", "pk")
    return list(rows.values_list("pk", flat=True)[:MOST_DUE])


def transfers_overdue(now: dt.datetime) -> list[uuid.UUID]:
    """Return the transfers on the road that both sides are to be asked after, as many as one run may take."""
    rows = Transfer.objects.filter(overdue_at__lte=now).order_by("overdue_at", "pk")
    return list(rows.values_list("pk", flat=True)[:MOST_DUE])


def offered_transfers_after(after: uuid.UUID | None) -> list[uuid.UUID]:
    """Return the next transfers with a sender whose bags have not arrived, in the order of their keys."""
    return keys_after(Transfer.objects.filter(status__in=SENDS - {TransferStatus.RECEIVED}), after)
