"""Orders, as whoever needs blood for a patient sees them."""

from __future__ import annotations

from uuid import UUID

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import Request, Response, read, read_query
from common.errors import IllegalTransition, NotFound
from orders import errors, selectors
from orders.api import examples
from orders.api import serializers as shapes
from orders.api.shared_views import PRICING, Cancelling, Following, Quoting, RenewingCode, Showing
from orders.api.sides import PersonSide
from orders.api.wishes import order_in
from orders.services import placing
from users.errors import DocumentNotFound


class QuoteView(PersonSide, Quoting):
    pass


class OrderView(PersonSide, Showing):
    pass


class TimelineView(PersonSide, Following):
    pass


class CancelView(PersonSide, Cancelling):
    pass


class CodeView(PersonSide, RenewingCode):
    pass


class OrdersView(PersonSide):
    @operation(
        "List my orders",
        query=[shapes.OrderQuery],
        responses={200: shapes.OrderOut},
        paged=True,
        answer=examples.ROW,
    )
    def get(self, request: Request) -> Response:
        """Your own, newest first."""
        query = read_query(shapes.OrderQuery, request)
        return paged(selectors.filtered(selectors.orders_of_person(request.user.pk), **query), shapes.OrderOut, request)

    @operation(
        "Order blood",
        request=shapes.OrderIn,
        responses={201: shapes.OrderDetailOut},
        refusals=[*PRICING, DocumentNotFound],
        example=examples.WISH,
        answer=examples.DETAIL,
    )
    def post(self, request: Request) -> Response:
        """Ask a bank for bags for a patient. The price is the bank's; you pay once it has accepted, and it needs the
        doctor's requisition to accept."""
        body = read(shapes.OrderIn, request)
        order = placing.place_order(**order_in(body, buyer=self.party(request), actor=self.actor(request)))
        return self.shown(request, order.pk, status=201)


class RequisitionView(PersonSide):
    @operation(
        "Give the requisition",
        request=shapes.RequisitionIn,
        responses={200: shapes.OrderDetailOut},
        refusals=[NotFound, DocumentNotFound, IllegalTransition, errors.OrderOver],
        example={"document": examples.REQUISITION},
        answer={**examples.DETAIL, "requisition": examples.REQUISITION},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """Of an order that was placed without, or another one in its place: the bank sees it until the order has
        ended."""
        document_id = read(shapes.RequisitionIn, request)["document"]
        placing.give_requisition(
            order_id=order_id, buyer=self.party(request), actor=self.actor(request), document_id=document_id
        )
        return self.shown(request, order_id)
