"""What a partner's system is told: ids, states and numbers, nothing of a person; and which partners are told."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from common.models import OutboxEvent
from donations import selectors as donations
from orders import selectors as orders
from payments import selectors as payments
from payments.parties import Party
from requests_app import selectors as requests
from stock import selectors as stock

MOST_LISTED: Final = 100  # ids in one message; how many there are stands beside them


@dataclass(frozen=True)
class Told:
    """The data of one message, and the partners whom it concerns."""

    partners: frozenset[uuid.UUID]
    data: Mapping[str, Any]


def of_request(event: OutboxEvent) -> Told:
    row = requests.get_request(_id(event, "request"))
    return _told(
        [row.partner_id],
        request_id=row.pk,
        status=row.status,
        blood_group=row.blood_group,
        component=row.component,
        urgency=row.urgency,
        units=row.units,
        units_left=row.units_left,
        needed_by=row.needed_by,
    )


def of_assignment(event: OutboxEvent) -> Told:
    row = requests.assignment_facts(_id(event, "assignment"))
    return _told([row.partner_id], assignment_id=row.id, request_id=row.request_id)


def of_family(event: OutboxEvent) -> Told:
    row = requests.family_facts(_id(event, "attender_request"))
    return _told(
        [row.partner_id],
        attender_request_id=row.id,
        urgency=row.urgency,
        units=row.units,
        units_given=row.units_given,
        needed_by=row.needed_by,
    )


def of_donation(event: OutboxEvent) -> Told:
    row = donations.donation_facts(_id(event, "donation"))
    return _told(
        [row.partner_id],
        donation_id=row.id,
        assignment_id=event.payload.get("assignment"),
        enrolment_id=event.payload.get("enrolment"),
        donated_at=row.donated_at,
    )


def of_camp(event: OutboxEvent) -> Told:
    row = donations.camp_facts(_id(event, "camp"))
    return _told([row.partner_id], camp_id=row.id, status=row.status, starts_at=row.starts_at, ends_at=row.ends_at)


def of_order(event: OutboxEvent) -> Told:
    told = of_order_at_bank(event)
    return Told(told.partners | _ids([told.data["buyer_partner_id"]]), told.data)


def of_order_at_bank(event: OutboxEvent) -> Told:
    row = orders.order_facts(_id(event, "order"))
    return _told(
        [row.bank_id],
        order_id=row.id,
        status=row.status,
        bank_id=row.bank_id,
        buyer_partner_id=row.buyer.partner_id,
        units=row.units,
        needed_by=row.needed_by,
        expected_at=row.expected_at,
    )


def of_unfit_bags(event: OutboxEvent) -> Told:
    told = of_order(event)
    numbers = event.payload["bags"]
    return Told(told.partners, {**told.data, "dins": numbers[:MOST_LISTED], "dins_total": len(numbers)})


def of_bill(event: OutboxEvent) -> Told:
    bill_id = _id(event, "bill")
    bank_id, hospital_id = orders.bill_sides(bill_id)
    return _told([bank_id, hospital_id], contract_bill_id=bill_id, bank_id=bank_id, hospital_id=hospital_id)


def of_transfer_of_asker(event: OutboxEvent) -> Told:
    row = stock.transfer_facts(_id(event, "transfer"))
    return _told(
        [row.partner_id],
        transfer_id=row.id,
        need_id=event.payload["need"],
        asker_id=row.partner_id,
        sender_id=event.payload.get("from_partner"),
        blood_group=row.blood_group,
        component=row.component,
        units=event.payload["units"],
        needed_by=row.needed_by,
    )


def of_transfer_of_asked(event: OutboxEvent) -> Told:
    return Told(_ids(event.payload["asked"]), of_transfer_of_asker(event).data)


def of_transfer(event: OutboxEvent) -> Told:
    told = of_transfer_of_asker(event)
    return Told(told.partners | _ids([event.payload["from_partner"]]), told.data)


def of_ended_transfer(event: OutboxEvent) -> Told:
    told, fact = of_transfer_of_asker(event), event.payload
    return Told(told.partners | _ids([fact["sender"], *fact["asked"]]), {**told.data, "reason": fact["reason"]})


def of_collected_unit(event: OutboxEvent) -> Told:
    row = stock.unit_facts(_id(event, "unit"))
    return _told(
        [row.partner_id],
        unit_id=row.id,
        din=row.din,
        component=row.component,
        status=row.status,
        expires_at=row.expires_at,
    )


def of_issued_unit(event: OutboxEvent) -> Told:
    fact = event.payload
    sides = _ids([fact["partner"], fact["to_partner"]])
    return _told(
        sides, unit_id=fact["unit"], din=fact["din"], partner_id=fact["partner"], to_partner_id=fact["to_partner"]
    )


def of_recalled_units(event: OutboxEvent) -> Told:
    units = event.payload["units"]
    return _told([_id(event, "partner")], unit_ids=units[:MOST_LISTED], units_total=len(units))


def of_low_stock(event: OutboxEvent) -> Told:
    names = ("component", "blood_group", "minimum", "available")
    return _told([_id(event, "partner")], **{name: event.payload[name] for name in names})


def of_partner(event: OutboxEvent) -> Told:
    partner_id = _id(event, "partner")
    return _told([partner_id], partner_id=partner_id)


def of_member(event: OutboxEvent) -> Told:
    partner_id = uuid.UUID(event.key.partition(":")[2])
    return _told([partner_id], partner_id=partner_id, member_id=event.payload["member"])


def of_payment(event: OutboxEvent) -> Told:
    row = payments.any_payment(_id(event, "payment"))
    return _told(
        _partners(row.purchase.payer, row.purchase.payee),
        payment_id=row.pk,
        status=row.status,
        kind=row.purchase.kind,
        reference_id=row.purchase.reference,
        amount=_money(event),
    )


def of_refund(event: OutboxEvent) -> Told:
    purchase = payments.any_payment(_id(event, "payment")).purchase
    names = {"refund_id": "refund", "payment_id": "payment", "kind": "kind", "reference_id": "reference"}
    facts = {name: event.payload[ours] for name, ours in names.items()}
    return _told(_partners(purchase.payer, purchase.payee), **facts, amount=_money(event))


def of_dispute(event: OutboxEvent) -> Told:
    payee = payments.any_payment(_id(event, "payment")).purchase.payee
    names = {"dispute_id": "dispute", "payment_id": "payment", "kind": "kind", "reference_id": "reference"}
    facts = {name: event.payload[ours] for name, ours in names.items()}
    return _told(_partners(payee), **facts, amount=_money(event))


def of_payout(event: OutboxEvent) -> Told:
    fact = event.payload
    about = {"kind": fact["kind"], "reference_id": fact["reference"]}
    return Told(_ids([fact["partner"]]), {"payout_id": fact["payout"], **about, "amount": _money(event)})


def of_payout_account(event: OutboxEvent) -> Told:
    return Told(_ids([event.payload["partner"]]), {"payout_account_id": event.payload["account"]})


def of_settlement(event: OutboxEvent) -> Told:
    fact = event.payload
    return Told(_ids([fact["partner"]]), {"settlement_id": fact["settlement"], "amount": _money(event)})


def _told(partners: Iterable[uuid.UUID], **data: Any) -> Told:
    return Told(frozenset(partners), {name: _plain(value) for name, value in data.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return moment(value)
    if value is None or isinstance(value, int | list | dict):
        return value
    return str(value)


def moment(value: dt.datetime) -> str:
    """Return a moment as messages write it: UTC, to the second or finer."""
    return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _id(event: OutboxEvent, name: str) -> uuid.UUID:
    return uuid.UUID(event.payload[name])


def _ids(values: Iterable[str | None]) -> frozenset[uuid.UUID]:
    return frozenset(uuid.UUID(value) for value in values if value)


def _partners(*parties: Party) -> frozenset[uuid.UUID]:
    return frozenset(party.partner_id for party in parties if party.partner_id is not None)


def _money(event: OutboxEvent) -> dict[str, Any]:
    return {"amount": event.payload["amount"], "currency": event.payload["currency"]}
