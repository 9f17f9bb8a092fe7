"""Banks with prices and bags, people and hospitals who order, and short words for what is done."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from common import clock
from common.blood import Sex
from common.geo import Point
from common.money import Currency
from common.outbox import drain
from orders.models import Order, OrderBag
from orders.services import answering, packing, placing, road
from partners.services import prices
from payments.gateways.base import ChargeState, Found
from payments.models import Payment, Purchase
from payments.parties import Party
from payments.services import paying as payments
from payments.services import settling
from payments.states import Provider, PurchaseKind
from stock.components import Component
from stock.services import Line, Needs
from tests.factories import make_hospital, make_user
from tests.partners.factories import make_member, make_partner
from tests.stock.scenes import make_unit

HOME = Point(18.5089, 73.8329)
CHARGE, DELIVERY = 145_000, 15_000
TAX = 2_700
TOTAL = 2 * CHARGE + DELIVERY + TAX
PATIENT = placing.Patient(name="Meera Joshi", age=42, sex=Sex.FEMALE, hospital="Deenanath Hospital", ward="3B")


def make_bank(*, bags: int = 0, priced: bool = True, **values: Any) -> Any:
    """A live blood bank in Pune with prices; returns its owner."""
    place = {"city": "Pune", "lat": Decimal("18.520400"), "lng": Decimal("73.856700"), "facility_code": None}
    owner = make_member(make_partner(**{"kind": "blood_bank", **place, **values}))
    if priced:
        set_prices(owner)
    for _ in range(bags):
        make_unit(owner.partner)
    return owner


def set_prices(owner: Any, **values: Any) -> Any:
    wish = {
        "currency": Currency.INR,
        "processing": {"red_cells": CHARGE, "platelets_random": 50_000, "fresh_frozen_plasma": 60_000},
        "delivery": {Decimal("5.00"): DELIVERY, Decimal("20.00"): 40_000},
        "tax_name": "GST",
        "processing_tax_bp": 0,
        "delivery_tax_bp": 1800,
        "cancel_accepted_minor": 5_000,
        "cancel_packed_minor": 20_000,
    }
    return prices.set_price_list(partner_id=owner.partner_id, member_id=owner.pk, **{**wish, **values})


def make_contract(bank: Any, hospital: Any, **values: Any) -> Any:
    wish = {"processing": {"red_cells": 120_000}, "starts_on": clock.today("Asia/Kolkata"), "ends_on": None}
    return prices.make_contract(
        bank_id=bank.partner_id, member_id=bank.pk, hospital_id=hospital.partner_id, **{**wish, **values}
    )


def line(units: int = 2, group: str = "B+", component: Component = Component.RED_CELLS, **needs: bool) -> Line:
    return Line(component=component, blood_group=group, units=units, needs=Needs(**needs))


def place(
    bank: Any,
    *,
    buyer: Party | None = None,
    lines: list[Line] | None = None,
    is_documented: bool = True,
    **values: Any,
) -> Order:
    who = buyer or Party.person(make_user().pk)
    wish = {
        "bank_id": bank.partner_id,
        "patient": PATIENT,
        "destination": placing.Destination("5 Karve Road, Pune", HOME),
        "needed_by": clock.now() + dt.timedelta(hours=6),
    }
    order = placing.place_order(buyer=who, actor="test", lines=lines or [line()], **{**wish, **values})
    if who.user_id is not None and order.requisition is None and is_documented:
        document(order)
    return order


def document(order: Order) -> None:
    """Say that there is a requisition, without the cost of a file."""
    Order.objects.filter(pk=order.pk).update(requisition=uuid.uuid4())


def of(order: Order, bank: Any) -> dict[str, Any]:
    return {"order_id": order.pk, "partner_id": bank.partner_id, "member_id": bank.pk}


def accepted(bank: Any, **values: Any) -> Order:
    order = place(bank, **values)
    return fresh(answering.accept(**of(order, bank)))


def pay(order: Order, *, provider: Provider = Provider.STRIPE) -> Payment:
    """Let the buyer's money arrive at the provider, as its answer would say; nobody here is told yet."""
    payment = begin(order, provider=provider)
    return arrive(payment)


def begin(order: Order, *, provider: Provider = Provider.STRIPE) -> Payment:
    return payments.begin(
        payer=Purchase.objects.get(kind=PurchaseKind.ORDER, reference=order.pk).payer,
        kind=PurchaseKind.ORDER,
        reference=order.pk,
        provider=provider,
        return_url="",
        key=None,
    ).payment


def arrive(payment: Payment) -> Payment:
    found = Found(state=ChargeState.PAID, received=payment.amount, payment_ref=f"pi_{payment.pk}")
    settling.settle(payment_id=payment.pk, found=found)
    payment.refresh_from_db()
    return payment


def paid(bank: Any, **values: Any) -> Order:
    order = accepted(bank, **values)
    pay(order)
    drain()
    return fresh(order)


def packed(bank: Any, *, box: str = "", **values: Any) -> Order:
    order = paid(bank, **values)
    return pack_all(order, bank, box=box)


def pack_all(order: Order, bank: Any, *, box: str = "") -> Order:
    scans = [packing.Scan(str(bag.unit_id)) for bag in kept(order)]
    return fresh(packing.pack(**of(order, bank), box=box or f"BOX-{uuid.uuid4().hex[:6]}", scans=scans))


def dispatched(bank: Any, **values: Any) -> Order:
    return send(packed(bank, **values), bank)


def send(order: Order, bank: Any, **values: Any) -> Order:
    expected = clock.now() + dt.timedelta(hours=1)
    courier = values.pop("courier", None) or road.Courier(name="Ravi", vehicle="MH12 AB 1234", expected_at=expected)
    return fresh(road.dispatch(**of(order, bank), courier=courier, **values))


def kept(order: Order) -> list[OrderBag]:
    return list(OrderBag.objects.filter(order=order, fate="kept").order_by("pk"))


def fresh(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def verbs(order: Order) -> list[str]:
    return list(order.events.order_by("pk").values_list("verb", flat=True))


def make_buyer() -> Any:
    """A hospital that orders; returns its owner."""
    return make_hospital(facility_code=None)
