"""The bank's answer: it keeps bags for the order, or says why not."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import fields
from typing import Final

from common import clock
from common.blood import BloodGroup, Sex
from common.db import command, step
from common.money import BASIS_POINTS
from orders.errors import RequisitionMissing
from orders.models import Order, OrderBag, OrderLine
from orders.services.records import BANK, PURPOSE, hold_order, may, refuse_over, take_step, tell
from orders.states import EndReason, Terms
from partners import selectors as partners
from partners.errors import PartnerNotLive
from payments.parties import party_of
from payments.services import purchasing
from payments.states import PurchaseKind
from stock import services as stock
from stock.compatibility import UNKNOWN
from stock.components import Component

PAY_WITHIN: Final = dt.timedelta(minutes=30)  # from the bank's answer; policy, as long as most providers wait
# Money that arrives in time is told of a little later: so long bags and order wait for the news.
SETTLE_GRACE: Final = dt.timedelta(minutes=5)


@command
def accept(
    *, order_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, emergency: stock.Emergency | None = None
) -> Order:
    """Keep the best bags for every line. Prepaid, they are kept until it is paid, or `pay_by` has passed.

    What a person orders needs a doctor's requisition, or an emergency that two members answer for.

    Locks: the order, the bags, the purchase.      Emits: order.accepted, stock.low
    Raises: NotFound, PartnerNotLive, IllegalTransition, OrderOver, RequisitionMissing, AuthorisersInvalid,
    InsufficientStock
    """
    order = hold_order(order_id, bank_id=partner_id)
    if not partners.is_live(partner_id):  # it may have been suspended since it was let in
        raise PartnerNotLive
    refuse_over(order)
    facts = {} if emergency is None else stock.answered_for(partner_id, emergency)
    if may(order, "accept") and order.needs_requisition and emergency is None:
        raise RequisitionMissing
    actor = f"member:{member_id}"
    now = clock.now()
    waits = order.terms == Terms.PREPAID and order.total_minor > 0
    pay_by = now + PAY_WITHIN if waits else None
    due_at = pay_by + SETTLE_GRACE if pay_by else None
    take_step(
        order,
        "accept",
        role=BANK,
        actor=actor,
        facts=facts | ({"pay_by": pay_by.isoformat()} if pay_by else {}),
        holding=uuid.uuid4(),
        pay_by=pay_by,
        due_at=due_at,
        paid_at=now if order.terms == Terms.PREPAID and not waits else None,
    )
    keep_bags(order, list(order.lines.order_by("place")), actor=actor, until=due_at)
    if pay_by is not None:
        register(order)
    tell(order, "order.accepted", pay_by=pay_by.isoformat() if pay_by else None)
    return order


@command
def reject(*, order_id: uuid.UUID, partner_id: uuid.UUID, member_id: uuid.UUID, reason: str) -> Order:
    """Say no, and why.

    Locks: the order.      Emits: order.rejected      Raises: NotFound, IllegalTransition, OrderOver
    """
    order = hold_order(order_id, bank_id=partner_id)
    refuse_over(order)
    take_step(
        order,
        "reject",
        role=BANK,
        actor=f"member:{member_id}",
        facts={"reason": reason},
        end_reason=EndReason.REJECTED,
        ended_at=clock.now(),
    )
    tell(order, "order.rejected")
    return order


@step
def keep_bags(order: Order, rows: Sequence[OrderLine], *, actor: str, until: dt.datetime | None) -> None:
    """Reserve bags for these lines, and write down which.

    Locks: the bags.      Emits: stock.low      Raises: InsufficientStock
    """
    _, picked = stock.reserve_lines(
        partner_id=order.bank_id,
        actor=actor,
        purpose=PURPOSE.format(order.pk),
        lines=[line_of(order, row) for row in rows],
        until=until,
        good_until=max(clock.now(), order.needed_by),
        holding=order.holding,
    )
    OrderBag.objects.bulk_create(
        OrderBag(order=order, line=row, unit_id=bag.unit_id)
        for row, bags in zip(rows, picked, strict=True)
        for bag in bags
    )


@step
def register(order: Order) -> None:
    """Say what is to be paid, by whom, until when. Locks: the purchase.      Raises: PurchaseFixed, Busy"""
    purchasing.register_purchase(
        kind=PurchaseKind.ORDER,
        reference=order.pk,
        payer=party_of(order.buyer_user_id, order.buyer_partner_id),
        payee=party_of(None, order.bank_id),
        amount=order.total,
        description=f"Blood order {str(order.pk)[-12:]}",
        lines=invoice_lines(order),
        closes_at=order.pay_by,
    )


def line_of(order: Order, row: OrderLine, *, units: int | None = None) -> stock.Line:
    """Return a line as stock understands it: for the order's patient, if there is one."""
    needs = {field.name: getattr(row, field.name) for field in fields(stock.Needs)}
    return stock.Line(
        component=Component(row.component),
        blood_group=UNKNOWN if row.blood_group == UNKNOWN else BloodGroup(row.blood_group),
        units=units or row.units,
        needs=stock.Needs(**needs),
        sex=Sex(order.patient_sex) if order.patient_sex else None,
        age=order.patient_age,
    )


def invoice_lines(order: Order) -> list[dict[str, object]]:
    """Return the charges as an invoice has them; a charge of nothing is not on it."""
    return [
        {
            "description": f"{charge['kind']} {charge['component']}".replace("_", " ").strip().capitalize(),
            "quantity": charge["quantity"],
            "amount": charge["amount_minor"],
            "taxes": [
                {
                    "name": charge["tax_name"],
                    "rate": f"{charge['tax_bp'] * 100 / BASIS_POINTS:g}",
                    "amount": charge["tax_minor"],
                }
            ]
            if charge["tax_minor"]
            else [],
        }
        for charge in order.charges
        if charge["amount_minor"]
    ]
