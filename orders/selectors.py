"""What may be read of orders, by whom."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Prefetch, Q, QuerySet

from common import clock
from common.errors import NotFound
from common.sweeps import keys_after
from orders.models import Box, ContractBill, Order, OrderBag, OrderEvent, OrderLine, Rider
from orders.models.ordering import OrderQuerySet
from orders.states import OPEN, OrderStatus, Terms
from payments.parties import Party, party_of

PLACED: Final = "placed"
RECEIVED: Final = "received"


@dataclass(frozen=True)
class OrderFacts:
    """What others may know of an order, to tell people of it."""

    id: uuid.UUID
    bank_id: uuid.UUID
    buyer: Party
    units: int
    status: OrderStatus
    total: Any
    needed_by: dt.datetime
    pay_by: dt.datetime | None
    expected_at: dt.datetime | None
    due_at: dt.datetime | None
    end_reason: str
    courier: str


@dataclass(frozen=True)
class Step:
    """One line of a timeline: when, by the account's clock, what, who, and what proves it."""

    at: dt.datetime
    local: str
    verb: str
    status: str
    by: str
    facts: dict[str, Any]


def orders_of_person(user_id: uuid.UUID) -> OrderQuerySet:
    return Order.objects.filter(buyer_user_id=user_id)


def orders_of_partner(partner_id: uuid.UUID, side: str = "") -> OrderQuerySet:
    """Return what the partner has ordered (`placed`), what is ordered of it (`received`), or both."""
    placed, received = Q(buyer_partner_id=partner_id), Q(bank_id=partner_id)
    return Order.objects.filter({PLACED: placed, RECEIVED: received}.get(side, placed | received))


def orders_of(party: Party) -> OrderQuerySet:
    """Return the orders that the person or partner has a side in."""
    if party.user_id is not None:
        return orders_of_person(party.user_id)
    return orders_of_partner(party.partner_id or uuid.UUID(int=0))


def filtered(
    rows: OrderQuerySet,
    *,
    status: str = "",
    bank: uuid.UUID | None = None,
    placed_from: dt.datetime | None = None,
    placed_to: dt.datetime | None = None,
    updated_since: dt.datetime | None = None,
) -> QuerySet[Order]:
    """Return the rows that fit, with what a list shows."""
    if status:
        rows = rows.standing(OrderStatus(status), clock.now())
    wanted = {
        "bank_id": bank,
        "created_at__gte": placed_from,
        "created_at__lt": placed_to,
        "updated_at__gte": updated_since,
    }
    return _shown(rows.filter(**{name: value for name, value in wanted.items() if value is not None}))


def get_order(party: Party, order_id: uuid.UUID) -> Order:
    """Return an order with its bags and boxes, to either of its sides. Raises: NotFound"""
    bags = OrderBag.objects.select_related("unit", "box").order_by("pk")
    rows = _shown(orders_of(party)).prefetch_related(
        Prefetch("bags", bags), Prefetch("boxes", Box.objects.order_by("pk")), "bookings"
    )
    found = rows.select_related("rider").filter(pk=order_id).first()
    if found is None:
        raise NotFound
    return found


def order_of_bank(bank_id: uuid.UUID, order_id: uuid.UUID) -> Order:
    """Return an order to the bank it was placed with. Raises: NotFound"""
    found = Order.objects.filter(pk=order_id, bank_id=bank_id).first()
    if found is None:
        raise NotFound
    return found


def timeline_of(party: Party, order_id: uuid.UUID, *, zone: str) -> list[Step]:
    """Return every step of an order, oldest first, by the clock of `zone`; two queries. Raises: NotFound"""
    if not orders_of(party).filter(pk=order_id).exists():
        raise NotFound
    rows = OrderEvent.objects.filter(order_id=order_id).order_by("pk")
    return [_step(row, ZoneInfo(zone)) for row in rows]


def open_orders_of(partner_id: uuid.UUID) -> list[uuid.UUID]:
    """Return what is still going on with the partner on either side."""
    return list(orders_of_partner(partner_id).filter(status__in=OPEN).order_by("pk").values_list("pk", flat=True))


def open_orders_after(after: uuid.UUID | None) -> list[uuid.UUID]:
    """Return the next orders that are still going on, in the order of their keys."""
    return keys_after(Order.objects.filter(status__in=OPEN), after)


def has_open_order(user_id: uuid.UUID) -> bool:
    """Whether the person waits for blood; what time has ended counts no more."""
    over = Q(due_at__isnull=False, due_at__lte=clock.now())
    return orders_of_person(user_id).filter(status__in=OPEN).exclude(over).exists()


def order_facts(order_id: uuid.UUID) -> OrderFacts:
    """Return what others are told of. Raises: NotFound"""
    row = Order.objects.filter(pk=order_id).prefetch_related("lines").first()
    if row is None:
        raise NotFound
    return OrderFacts(
        id=row.pk,
        bank_id=row.bank_id,
        buyer=party_of(row.buyer_user_id, row.buyer_partner_id),
        units=sum(line.units for line in row.lines.all()),
        status=row.state,
        total=row.total,
        needed_by=row.needed_by,
        pay_by=row.pay_by,
        expected_at=row.expected_at,
        due_at=row.due_at,
        end_reason=row.end_reason,
        courier=row.courier,
    )


def bill_sides(bill_id: uuid.UUID) -> tuple[uuid.UUID, uuid.UUID]:
    """Return the bank and the hospital of a monthly bill. Raises: NotFound"""
    found = ContractBill.objects.filter(pk=bill_id).values_list("bank_id", "hospital_id").first()
    if found is None:
        raise NotFound
    return found


def code_to_send(order_id: uuid.UUID) -> str | None:
    """Return the hand-over code until the receiver has been told of it."""
    row = Order.objects.filter(pk=order_id, status=OrderStatus.DISPATCHED).first()
    return None if row is None else row.code_sealed


def orders_due(now: dt.datetime, *, limit: int) -> list[uuid.UUID]:
    """Return the orders whose moment has passed, the longest first."""
    due = Order.objects.filter(due_at__lte=now).order_by("due_at", "pk")
    return list(due.values_list("pk", flat=True)[:limit])


def orders_late(now: dt.datetime, *, limit: int) -> list[uuid.UUID]:
    """Return the orders that should have arrived, and of which nobody was told so."""
    late = Order.objects.filter(status=OrderStatus.DISPATCHED, late_told_at=None, expected_at__lte=now)
    return list(late.order_by("expected_at").values_list("pk", flat=True)[:limit])


def riders_of(partner_id: uuid.UUID) -> QuerySet[Rider]:
    """Return the bank's riders with the boxes they carry at the moment."""
    carries = Count("orders", filter=Q(orders__status=OrderStatus.DISPATCHED))
    return Rider.objects.filter(partner_id=partner_id).annotate(load=carries)


def loads_of(rider_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Return how many orders each of these riders carries at the moment; who carries none is left out."""
    carried = Order.objects.filter(rider__in=list(rider_ids), status=OrderStatus.DISPATCHED)
    return {pk: units for pk, units in carried.values_list("rider").annotate(Count("pk")) if pk is not None}


def bills_of(partner_id: uuid.UUID) -> QuerySet[ContractBill]:
    """Return the monthly bills of the partner, on either side."""
    rows = ContractBill.objects.select_related("bank", "hospital").annotate(order_count=Count("orders"))
    return rows.filter(Q(bank_id=partner_id) | Q(hospital_id=partner_id))


def orders_to_bill(bank_id: uuid.UUID, hospital_id: uuid.UUID) -> QuerySet[Order]:
    """Return what has ended between the two, is owed by contract, and is on no bill yet."""
    return _unbilled().filter(bank_id=bank_id, buyer_partner_id=hospital_id)


def pairs_to_bill() -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Return the banks and hospitals with something to bill, whatever the month."""
    pairs = _unbilled().values_list("bank_id", "buyer_partner_id").distinct().order_by("bank_id", "buyer_partner_id")
    return [(bank, hospital) for bank, hospital in pairs if hospital is not None]


def _unbilled() -> QuerySet[Order]:
    owed = Q(status=OrderStatus.DELIVERED, total_minor__gt=F("less_minor")) | Q(fee_minor__gt=0)
    return Order.objects.filter(owed, terms=Terms.MONTHLY, bill=None, ended_at__isnull=False)


def _shown(rows: QuerySet[Order]) -> QuerySet[Order]:
    lines = Prefetch("lines", OrderLine.objects.order_by("place"))
    return rows.select_related("bank", "buyer_partner").prefetch_related(lines)


def _step(row: OrderEvent, zone: ZoneInfo) -> Step:
    at = row.created_at.astimezone(zone)
    return Step(
        at=at,
        local=f"{at:%Y-%m-%d %H:%M:%S}",
        verb=row.verb,
        status=row.status,
        by=row.role,
        facts=dict(row.facts),
    )
