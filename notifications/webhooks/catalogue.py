"""Every type of message that partners' systems are sent: what it means, and an example of its data.

Types are added; none changes its meaning or loses a member of its data.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from common.models import OutboxEvent
from notifications.webhooks import payloads
from notifications.webhooks.payloads import Told

Build = Callable[[OutboxEvent], Told]
EVERYTHING: Final = "*"
TEST: Final = "webhook.test"
TEST_MEANING: Final = "You asked for a test: sent whatever the filters are."
TEST_DATA: Final[Mapping[str, Any]] = {"endpoint_id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d01"}


@dataclass(frozen=True)
class PublicType:
    """One type of message, and the event of the product that it tells of."""

    name: str
    meaning: str
    event: str
    build: Build
    example: Mapping[str, Any]

    @property
    def family(self) -> str:
        return self.name.partition(".")[0]


_ID: Final = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d"
_AT: Final = "2026-11-21T10:05:00Z"
_REQUEST: Final = {
    "request_id": f"{_ID}02",
    "status": "open",
    "blood_group": "O-",
    "component": "whole_blood",
    "urgency": "critical",
    "units": 3,
    "units_left": 2,
    "needed_by": _AT,
}
_ASSIGNMENT: Final = {"assignment_id": f"{_ID}03", "request_id": f"{_ID}02"}
_FAMILY: Final = {
    "attender_request_id": f"{_ID}04",
    "urgency": "urgent",
    "units": 2,
    "units_given": 0,
    "needed_by": _AT,
}
_DONATION: Final = {
    "donation_id": f"{_ID}05",
    "assignment_id": f"{_ID}03",
    "enrolment_id": None,
    "donated_at": _AT,
}
_CAMP: Final = {"camp_id": f"{_ID}06", "status": "scheduled", "starts_at": _AT, "ends_at": _AT}
_ORDER: Final = {
    "order_id": f"{_ID}07",
    "status": "accepted",
    "bank_id": f"{_ID}08",
    "buyer_partner_id": f"{_ID}09",
    "units": 2,
    "needed_by": _AT,
    "expected_at": None,
}
_UNFIT: Final = {**_ORDER, "status": "delivered", "dins": ["Z000126000042"], "dins_total": 1}
_BILL: Final = {"contract_bill_id": f"{_ID}10", "bank_id": f"{_ID}08", "hospital_id": f"{_ID}09"}
_TRANSFER: Final = {
    "transfer_id": f"{_ID}11",
    "need_id": f"{_ID}11",
    "asker_id": f"{_ID}09",
    "sender_id": f"{_ID}08",
    "blood_group": "B+",
    "component": "red_cells",
    "units": 4,
    "needed_by": _AT,
}
_UNIT: Final = {
    "unit_id": f"{_ID}12",
    "din": "Z000126000042",
    "component": "whole_blood",
    "status": "quarantined",
    "expires_at": _AT,
}
_ISSUED: Final = {
    "unit_id": f"{_ID}12",
    "din": "Z000126000042",
    "partner_id": f"{_ID}08",
    "to_partner_id": f"{_ID}09",
}
_RECALLED: Final = {"unit_ids": [f"{_ID}12"], "units_total": 1}
_LOW: Final = {"component": "red_cells", "blood_group": "O-", "minimum": 10, "available": 4}
_PARTNER: Final = {"partner_id": f"{_ID}08"}
_MEMBER: Final = {"partner_id": f"{_ID}08", "member_id": f"{_ID}13"}
_MONEY: Final = {"amount": 125000, "currency": "INR"}
_BOUGHT: Final = {"kind": "order", "reference_id": f"{_ID}07", "amount": _MONEY}
_PAYMENT: Final = {"payment_id": f"{_ID}14", "status": "succeeded", **_BOUGHT}
_REFUND: Final = {"refund_id": f"{_ID}15", "payment_id": f"{_ID}14", **_BOUGHT}
_DISPUTE: Final = {"dispute_id": f"{_ID}16", "payment_id": f"{_ID}14", **_BOUGHT}
_PAYOUT: Final = {"payout_id": f"{_ID}17", **_BOUGHT}
_ACCOUNT: Final = {"payout_account_id": f"{_ID}18"}
_SETTLEMENT: Final = {"settlement_id": f"{_ID}19", "amount": _MONEY}

Row = tuple[str, str] | tuple[str, str, str]  # the type, what it means, and the event where that has another name


def _types(build: Build, example: Mapping[str, Any], *rows: Row) -> Iterator[PublicType]:
    for name, meaning, *event in rows:
        yield PublicType(name, meaning, event[0] if event else name, build, example)


TYPES: Final[tuple[PublicType, ...]] = (
    *_types(
        payloads.of_request,
        _REQUEST,
        ("request.opened", "You have posted a request for donors."),
        ("request.filled", "Every unit of a request is promised."),
        ("request.reopened", "A full request has a free place again."),
        ("request.fulfilled", "Every unit of a request is given."),
        ("request.cancelled", "You need the blood no longer."),
        ("request.expired", "The hour by which the blood was needed has passed."),
    ),
    *_types(
        payloads.of_assignment,
        _ASSIGNMENT,
        ("assignment.accepted", "A donor has promised to come."),
        ("assignment.arrived", "The donor is at your place."),
        ("assignment.cancelled", "The donor has taken the promise back."),
        ("assignment.missed", "The donor did not come."),
        ("assignment.released", "The donor need not come."),
        ("assignment.closed", "The visit ended without a donation.", "assignment.deferred"),
    ),
    *_types(
        payloads.of_family,
        _FAMILY,
        ("attender_request.asked", "A family asks your hospital for blood.", "family.asked"),
        ("attender_request.confirmed", "Your hospital has said yes to a family.", "family.confirmed"),
        ("attender_request.refused", "Your hospital has said no to a family.", "family.refused"),
        ("attender_request.served", "Some of the units of a family's request are given.", "family.served"),
        ("attender_request.fulfilled", "Every unit of a family's request is given.", "family.fulfilled"),
        ("attender_request.cancelled", "The family needs the blood no longer.", "family.cancelled"),
        ("attender_request.expired", "The hour by which the family needed blood has passed.", "family.expired"),
    ),
    *_types(payloads.of_donation, _DONATION, ("donation.verified", "You have verified a donation.")),
    *_types(
        payloads.of_camp,
        _CAMP,
        ("camp.published", "Your camp can be seen, and donors enrol."),
        ("camp.cancelled", "Your camp is called off."),
        ("camp.finished", "Your camp is over, and its report is due."),
        ("camp.reported", "The report of your camp is in."),
    ),
    *_types(
        payloads.of_order,
        _ORDER,
        ("order.accepted", "The bank keeps bags for an order."),
        ("order.rejected", "The bank will not serve an order."),
        ("order.paid", "An order is paid."),
        ("order.packed", "Every bag of an order is in a box."),
        ("order.dispatched", "An order is handed to whoever brings it."),
        ("order.left", "The provider's courier has the boxes of an order."),
        ("order.late", "An order should have arrived."),
        ("order.breached", "A box was out of its temperature for too long."),
        ("order.delivered", "An order was handed over."),
        ("order.failed", "An order could not be handed over."),
        ("order.returned", "The bags of an order are back at the bank."),
        ("order.cancelled", "An order has ended before its bags left."),
        ("order.goes_on", "A side of an order on the road was suspended; the order goes on."),
    ),
    *_types(
        payloads.of_order_at_bank,
        _ORDER,
        ("order.placed", "Somebody orders blood of you."),
        ("order.documented", "The requisition of an order at you was given."),
        ("order.short", "Bags kept for an order at you were lost, and there are no others."),
        ("order.courier_lost", "The provider's courier does not come, or could not bring an order.", "courier.lost"),
        ("order.courier_there", "The provider's courier says that it has handed an order over.", "courier.there"),
    ),
    *_types(
        payloads.of_unfit_bags,
        _UNFIT,
        ("order.bags_unfit", "Bags of an order that have left may not be used: their numbers, 100 at most."),
    ),
    *_types(payloads.of_bill, _BILL, ("bill.due", "A hospital with a contract owes a bank for a month.")),
    *_types(
        payloads.of_transfer_of_asker, _TRANSFER, ("transfer.requested", "You have asked other partners for bags.")
    ),
    *_types(
        payloads.of_transfer_of_asked,
        _TRANSFER,
        ("transfer.asked", "Another partner asks you for bags.", "transfer.candidate_asked"),
    ),
    *_types(
        payloads.of_transfer,
        _TRANSFER,
        ("transfer.offered", "The sender offers bags."),
        ("transfer.confirmed", "The asker has accepted the bags offered."),
        ("transfer.dispatched", "The bags are on the road."),
        ("transfer.overdue", "Nobody has received the bags in time."),
        ("transfer.received", "The bags have arrived; `units` are those that were taken in."),
    ),
    *_types(
        payloads.of_ended_transfer,
        {**_TRANSFER, "sender_id": None, "reason": "expired"},
        ("transfer.ended", "A transfer is over before any bag has left."),
    ),
    *_types(payloads.of_collected_unit, _UNIT, ("unit.collected", "A bag is in your quarantine.")),
    *_types(payloads.of_issued_unit, _ISSUED, ("unit.issued", "A bag of yours, or for you, was handed out.")),
    *_types(
        payloads.of_recalled_units,
        _RECALLED,
        ("unit.recalled", "Bags that you have or had are to be looked for: their ids, 100 at most."),
    ),
    *_types(payloads.of_low_stock, _LOW, ("stock.low", "You have fewer units of a kind than you want to have.")),
    *_types(
        payloads.of_partner,
        _PARTNER,
        ("partner.suspended", "An administrator has stopped your organisation."),
        ("partner.reinstated", "Your organisation works again."),
    ),
    *_types(payloads.of_member, _MEMBER, ("partner.member_added", "You have a new member.", "member.added")),
    *_types(
        payloads.of_payment,
        _PAYMENT,
        ("payment.succeeded", "Money that you pay, or are paid, has arrived."),
        ("payment.failed", "A payment has failed, or what arrived goes back."),
        ("payment.cancelled", "A payment was called off."),
        ("payment.expired", "The time to pay has passed."),
        ("payment.held", "Another amount arrived than was due: an administrator decides."),
    ),
    *_types(
        payloads.of_refund,
        _REFUND,
        ("refund.succeeded", "Money has gone back."),
        ("refund.failed", "The provider will not give money back."),
    ),
    *_types(
        payloads.of_dispute,
        _DISPUTE,
        ("dispute.opened", "A payer of yours has asked the bank for the money back."),
        ("dispute.won", "Money that was disputed stays."),
        ("dispute.lost", "The payer's bank has taken the money back for good."),
    ),
    *_types(
        payloads.of_payout,
        _PAYOUT,
        ("payout.succeeded", "What was owed to you has been paid out."),
        ("payout.failed", "What was paid out to you has not arrived."),
    ),
    *_types(
        payloads.of_payout_account,
        _ACCOUNT,
        ("payout_account.ready", "You are paid to an account from now on.", "payee.ready"),
        ("payout_account.refused", "You cannot be paid to an account.", "payee.refused"),
    ),
    *_types(payloads.of_settlement, _SETTLEMENT, ("settlement.made", "A month is settled with you.")),
)
BY_EVENT: Final[Mapping[str, PublicType]] = {one.event: one for one in TYPES}
BY_NAME: Final[Mapping[str, PublicType]] = {one.name: one for one in TYPES}
FAMILIES: Final[tuple[str, ...]] = tuple(dict.fromkeys(one.family for one in TYPES))
FILTERS: Final = frozenset({EVERYTHING, *BY_NAME, *(f"{family}.*" for family in FAMILIES)})


def is_wanted(name: str, filters: Collection[str]) -> bool:
    """Whether one of the filters lets messages of this type through."""
    return name in filters or EVERYTHING in filters or f"{name.partition('.')[0]}.*" in filters


def message(name: str, *, at: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message as it is sent."""
    return {"type": name, "timestamp": at, "data": dict(data)}
