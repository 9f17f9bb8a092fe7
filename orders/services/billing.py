"""Monthly bills of hospitals with contracts: what was delivered, and fees of what was not."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max

from common import clock
from common.db import command, lock
from common.money import Currency, Money
from orders import selectors
from orders.models import ContractBill, Order
from orders.services.answering import invoice_lines
from orders.services.records import note, tell_bill
from orders.states import OrderStatus
from partners import selectors as partners
from payments.parties import Party
from payments.services import purchasing
from payments.states import PurchaseKind


@command
def bill_month(*, bank_id: uuid.UUID, hospital_id: uuid.UUID, limit: int) -> ContractBill | None:
    """Bill the oldest month that is over and not billed yet; None when there is none.

    Locks: the orders, the purchase.      Emits: bill.due
    """
    zone = ZoneInfo(partners.zone_of(bank_id))
    this_month = clock.now().astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    due = selectors.orders_to_bill(bank_id, hospital_id).filter(ended_at__lt=this_month)
    orders = lock(Order, due.order_by("ended_at", "pk").values_list("pk", flat=True)[:limit])
    by_month: dict[tuple[dt.date, str], list[Order]] = defaultdict(list)
    for order in orders:
        if order.bill_id is None and order.ended_at is not None:
            by_month[order.ended_at.astimezone(zone).date().replace(day=1), order.currency].append(order)
    if not by_month:
        return None
    (month, currency), billed = min(by_month.items())
    amount = sum(_owed(order) for order in billed)
    before = ContractBill.objects.filter(bank_id=bank_id, hospital_id=hospital_id, month=month, currency=currency)
    bill = ContractBill.objects.create(
        bank_id=bank_id,
        hospital_id=hospital_id,
        month=month,
        number=(before.aggregate(last=Max("number"))["last"] or 0) + 1,
        amount_minor=amount,
        currency=currency,
    )
    Order.objects.filter(pk__in=[order.pk for order in billed]).update(bill=bill)
    for order in billed:
        note(order, "bill", role="system", actor="system", facts={"bill": str(bill.pk)})
    purchasing.register_purchase(
        kind=PurchaseKind.ORDER,
        reference=bill.pk,
        payer=Party.partner(hospital_id),
        payee=Party.partner(bank_id),
        amount=Money(amount, Currency(currency)),
        description=f"Blood orders of {month:%Y-%m}",
        lines=[line for order in billed for line in _lines(order)],
    )
    tell_bill(bill.pk)
    return bill


def _owed(order: Order) -> int:
    return order.total_minor - order.less_minor if order.state is OrderStatus.DELIVERED else order.fee_minor


def _lines(order: Order) -> list[dict[str, Any]]:
    if order.less_minor:
        words = f"Order {str(order.pk)[-12:]}, without bags that were withheld"
        return [{"description": words, "quantity": 1, "amount": _owed(order)}]
    if order.state is OrderStatus.DELIVERED:
        return list(invoice_lines(order))
    return [{"description": f"Fee for order {str(order.pk)[-12:]}", "quantity": 1, "amount": order.fee_minor}]
