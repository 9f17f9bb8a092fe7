"""Orders, as whoever needs blood for a patient sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.errors import IllegalTransition, NotFound
from orders import errors, selectors
from orders.api import examples
from orders.api import serializers as shapes
from orders.api.wishes import order_in, quote_in
from orders.services import codes, ending, placing
from orders.tracking import eta_of
from partners.errors import NoPriceList
from payments.parties import Party
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson
from users.errors import DocumentNotFound

TAG = "Orders"
PRICING = [
    NotFound,
    NoPriceList,
    errors.NeededByInvalid,
    errors.NotOffered,
    errors.DeliveryTooFar,
    errors.LinesDouble,
]
PACKED = {**examples.DETAIL, "status": "packed"}


def me(request: Request) -> Party:
    return Party.person(request.user.pk)


def quoted(priced: Any) -> Mapping[str, Any]:
    """Return a quote as it is shown."""
    terms = "prepaid" if priced.contract_id is None else "monthly"
    shown = {
        "charges": priced.charges(),
        "total": priced.quote.total,
        "distance_km": priced.quote.distance_km,
        "terms": terms,
    }
    return shapes.OrderQuoteOut(shown).data


def shown(party: Party, order_id: UUID, *, status: int = 200) -> Response:
    return Response(shapes.OrderDetailOut(selectors.get_order(party, order_id)).data, status=status)


def timeline(party: Party, order_id: UUID, zone: str) -> Response:
    steps = selectors.timeline_of(party, order_id, zone=zone)
    eta = eta_of(order_id, zone=zone)
    return Response(shapes.OrderTimelineOut({"steps": steps, "eta": eta}).data)


class QuoteView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Ask for a price",
        tag=TAG,
        request=shapes.OrderQuoteIn,
        responses={200: shapes.OrderQuoteOut},
        refusals=PRICING,
        example={"bank": examples.BANK_ID, "lines": [examples.LINE], "deliver_to": {"lat": 18.5089, "lng": 73.8329}},
        answer=examples.QUOTE,
    )
    def post(self, request: Request) -> Response:
        """What the bank would charge; nothing is ordered or kept."""
        return Response(quoted(quote_in(read(shapes.OrderQuoteIn, request), me(request))))


class OrdersView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "List my orders",
        tag=TAG,
        query=[shapes.OrderQuery],
        responses={200: shapes.OrderOut},
        paged=True,
        answer=examples.ROW,
    )
    def get(self, request: Request) -> Response:
        """Your own, newest first."""
        query = read_query(shapes.OrderQuery, request)
        rows = selectors.filtered(selectors.orders_of_person(request.user.pk), **query)
        return paged(rows, shapes.OrderOut, request)

    @operation(
        "Order blood",
        tag=TAG,
        request=shapes.OrderIn,
        responses={201: shapes.OrderDetailOut},
        refusals=[*PRICING, DocumentNotFound],
        example=examples.WISH,
        answer=examples.DETAIL,
    )
    def post(self, request: Request) -> Response:
        """Ask a bank for bags for a patient. The price is the bank's; you pay once it has accepted."""
        body = read(shapes.OrderIn, request)
        order = placing.place_order(**order_in(body, buyer=me(request), actor=f"user:{request.user.pk}"))
        return shown(me(request), order.pk, status=201)


class OrderView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Read an order",
        tag=TAG,
        responses={200: shapes.OrderDetailOut},
        refusals=[NotFound],
        answer=examples.DETAIL,
    )
    def get(self, request: Request, order_id: UUID) -> Response:
        """One of your orders, with its bags and boxes."""
        return shown(me(request), order_id)


class TimelineView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Follow an order",
        tag=TAG,
        responses={200: shapes.OrderTimelineOut},
        refusals=[NotFound],
        answer={
            "steps": [examples.STEP],
            "eta": {"expected_at": None, "basis": "", "remaining_km": None, "seen_at": None},
        },
    )
    def get(self, request: Request, order_id: UUID) -> Response:
        """Every step with its time in your zone, who, and what proves it; and when it should arrive."""
        return timeline(me(request), order_id, request.user.zone)


class CancelView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Cancel an order",
        tag=TAG,
        request=shapes.OrderReasonIn,
        responses={200: shapes.OrderDetailOut},
        refusals=[NotFound, IllegalTransition, errors.OrderOver],
        example={"reason": "The operation was put off."},
        answer={**examples.DETAIL, "status": "cancelled", "end_reason": "buyer"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """Before the bags leave. Once bags were kept for you the bank may keep a fee; the rest of what you paid goes
        back."""
        body = read(shapes.OrderReasonIn, request)
        actor = f"user:{request.user.pk}"
        ending.cancel_as_buyer(order_id=order_id, buyer=me(request), actor=actor, **body)
        return shown(me(request), order_id)


class CodeView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Get a new hand-over code",
        tag=TAG,
        responses={200: shapes.HandoverCodeOut},
        refusals=[NotFound, errors.NoHandoverCode],
        answer={"code": "049281"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """Six digits for whoever brings the bags; the code you had before opens nothing any more."""
        code = codes.renew_code(order_id=order_id, buyer=me(request), actor=f"user:{request.user.pk}")
        return Response(shapes.HandoverCodeOut({"code": code}).data)
