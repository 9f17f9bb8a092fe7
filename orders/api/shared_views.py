"""What whoever orders may do, person or hospital, and what a bank may do alike: each is mounted once for a side."""

from __future__ import annotations

from uuid import UUID

from common.api.schema import operation
from common.api.views import Request, Response, read
from common.errors import IllegalTransition, NotFound
from orders import errors, selectors
from orders.api import examples
from orders.api import serializers as shapes
from orders.api.sides import Side
from orders.api.wishes import quote_in
from orders.services import codes, ending
from orders.tracking import eta_of
from partners.errors import NoPriceList

PRICING = [
    NotFound,
    NoPriceList,
    errors.BankIsBuyer,
    errors.NeededByInvalid,
    errors.NotOffered,
    errors.DeliveryTooFar,
    errors.LinesDouble,
]


class Quoting(Side):
    @operation(
        "Ask for a price",
        request=shapes.OrderQuoteIn,
        responses={200: shapes.OrderQuoteOut},
        refusals=PRICING,
        example={"bank": examples.BANK_ID, "lines": [examples.LINE], "deliver_to": {"lat": 18.5089, "lng": 73.8329}},
        answer=examples.QUOTE,
    )
    def post(self, request: Request) -> Response:
        """What the bank would charge you, a hospital by its contract; nothing is ordered or kept."""
        priced = quote_in(read(shapes.OrderQuoteIn, request), self.party(request))
        shown = {
            "charges": priced.charges(),
            "total": priced.quote.total,
            "distance_km": priced.quote.distance_km,
            "terms": "prepaid" if priced.contract_id is None else "monthly",
        }
        return Response(shapes.OrderQuoteOut(shown).data)


class Showing(Side):
    @operation(
        "Read an order",
        responses={200: shapes.OrderDetailOut},
        refusals=[NotFound],
        answer=examples.DETAIL,
    )
    def get(self, request: Request, order_id: UUID) -> Response:
        """One that you have a side in, with its bags and boxes."""
        return self.shown(request, order_id)


class Following(Side):
    @operation(
        "Follow an order",
        responses={200: shapes.OrderTimelineOut},
        refusals=[NotFound],
        answer={
            "steps": [examples.STEP],
            "eta": {"expected_at": None, "basis": "", "remaining_km": None, "seen_at": None},
        },
    )
    def get(self, request: Request, order_id: UUID) -> Response:
        """Every step with its time in your zone, who, and what proves it; and when it should arrive."""
        zone = self.zone(request)
        steps = selectors.timeline_of(self.party(request), order_id, zone=zone)
        return Response(shapes.OrderTimelineOut({"steps": steps, "eta": eta_of(order_id, zone=zone)}).data)


class Cancelling(Side):
    @operation(
        "Cancel an order",
        request=shapes.OrderReasonIn,
        responses={200: shapes.OrderDetailOut},
        refusals=[NotFound, IllegalTransition, errors.OrderOver],
        example={"reason": "The operation was put off."},
        answer={**examples.DETAIL, "status": "cancelled", "end_reason": "buyer"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """Before the bags leave. The buyer may owe a fee once bags were kept; the rest of what was paid goes back. A
        bank that cancels gives all back."""
        reason = read(shapes.OrderReasonIn, request)["reason"]
        self.cancel(request, order_id, reason)
        return self.shown(request, order_id)

    def cancel(self, request: Request, order_id: UUID, reason: str) -> None:
        party, actor = self.party(request), self.actor(request)
        ending.cancel_as_buyer(order_id=order_id, buyer=party, actor=actor, reason=reason)


class RenewingCode(Side):
    @operation(
        "Get a new hand-over code",
        responses={200: shapes.HandoverCodeOut},
        refusals=[NotFound, errors.NoHandoverCode],
        answer={"code": "049281"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """For an order that you receive: six digits for whoever brings the bags; the code you had before opens nothing
        any more."""
        code = codes.renew_code(order_id=order_id, buyer=self.party(request), actor=self.actor(request))
        return Response(shapes.HandoverCodeOut({"code": code}).data)
