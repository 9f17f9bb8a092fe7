"""Ordering: the price is the bank's own, at this moment."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import Decimal

from common.blood import Sex
from common.db import command
from common.errors import IllegalTransition, NotFound
from common.geo import Point
from orders.models import Order, OrderLine
from orders.quoting import in_column, offer
from orders.services.ending import is_buyer
from orders.services.records import PURPOSE, RECEIVER, hold_order, note, refuse_over, tell
from orders.states import OPEN, Terms
from payments.parties import Party
from stock.services import Line, Needs
from users.errors import DocumentNotFound
from users.services import documents


@dataclass(frozen=True)
class Patient:
    """For whom it is; a hospital may order for its own shelf and say nothing."""

    name: str = ""
    age: int | None = None
    sex: Sex | None = None
    hospital: str = ""
    ward: str = ""


@dataclass(frozen=True)
class Destination:
    address: str
    point: Point


@command
def place_order(
    *,
    buyer: Party,
    actor: str,
    bank_id: uuid.UUID,
    lines: Sequence[Line],
    patient: Patient,
    destination: Destination | None,
    needed_by: dt.datetime,
    requisition: uuid.UUID | None = None,
    requisition_number: str = "",
    note_to_bank: str = "",
) -> Order:
    """Ask a bank for bags at its price; without a destination they are fetched. Nothing is kept until it accepts.

    Locks: the document.      Emits: order.placed
    Raises: NotFound, DocumentNotFound, BankIsBuyer, NeededByInvalid, LinesDouble, NoPriceList, NotOffered,
    DeliveryTooFar
    """
    point = None if destination is None else destination.point
    priced = offer(buyer=buyer, bank_id=bank_id, lines=lines, destination=point, needed_by=needed_by)
    order = Order.objects.create(
        bank_id=bank_id,
        **buyer.columns("buyer"),
        terms=Terms.PREPAID if priced.contract_id is None else Terms.MONTHLY,
        contract_id=priced.contract_id,
        patient_name=patient.name or None,
        patient_age=patient.age,
        patient_sex=patient.sex or "",
        hospital_name=patient.hospital,
        ward=patient.ward or None,
        requisition=requisition,
        requisition_number=requisition_number,
        is_pickup=destination is None,
        address=None if destination is None else destination.address,
        lat=None if point is None else in_degrees(point.lat),
        lng=None if point is None else in_degrees(point.lng),
        distance_km=in_column(priced.quote.distance_km),
        needed_by=needed_by,
        due_at=needed_by,
        note=note_to_bank,
        charges=priced.charges(),
        total_minor=priced.quote.total.minor,
        currency=priced.quote.currency,
        cancel_accepted_minor=priced.tariff.cancel_accepted_minor,
        cancel_packed_minor=priced.tariff.cancel_packed_minor,
    )
    OrderLine.objects.bulk_create(_row(order, place, line) for place, line in enumerate(lines))
    if requisition is not None and buyer.user_id is not None:
        _attach(order.pk, owner_id=buyer.user_id, document_id=requisition)
    note(order, "place", role=RECEIVER, actor=actor, facts={"total": order.total_minor, "currency": order.currency})
    tell(order, "order.placed", bank=str(bank_id), units=sum(line.units for line in lines))
    return order


@command
def give_requisition(*, order_id: uuid.UUID, buyer: Party, actor: str, document_id: uuid.UUID) -> Order:
    """Give the doctor's requisition of an order that was placed without, or another one.

    Locks: the document, the order.      Emits: order.documented
    Raises: NotFound, DocumentNotFound, IllegalTransition, OrderOver
    """
    if buyer.user_id is None:
        raise NotFound
    _attach(order_id, owner_id=buyer.user_id, document_id=document_id)
    order = hold_order(order_id)
    if not is_buyer(order, buyer):
        raise NotFound
    refuse_over(order)
    if order.state not in OPEN:
        raise IllegalTransition(state=order.status, verb="give_requisition", open=[])
    order.requisition = document_id
    order.save(update_fields=["requisition", "updated_at"])
    note(order, "requisition", role=RECEIVER, actor=actor)
    tell(order, "order.documented")
    return order


def _attach(order_id: uuid.UUID, *, owner_id: uuid.UUID, document_id: uuid.UUID) -> None:
    """Let the bank see the document until the order has ended. Locks: the document.      Raises: DocumentNotFound"""
    try:
        documents.attach_documents(owner_id=owner_id, document_ids=[document_id], purpose=PURPOSE.format(order_id))
    except DocumentNotFound:
        raise DocumentNotFound(pointers=["/requisition"]) from None


def _row(order: Order, place: int, line: Line) -> OrderLine:
    needs = {field.name: getattr(line.needs, field.name) for field in fields(Needs)}
    return OrderLine(
        order=order,
        place=place,
        component=line.component,
        blood_group=line.blood_group,
        units=line.units,
        **needs,
    )


def in_degrees(value: float) -> Decimal:
    """Return degrees as the columns keep them: six decimals, 11 cm."""
    return round(Decimal(str(value)), 6)
