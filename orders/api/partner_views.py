"""Orders, as hospitals place them and banks work them off."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import Request, Response, read, read_query
from common.errors import IllegalTransition, NotFound
from common.idempotency import IdempotencyKeyRequired
from orders import errors, selectors
from orders.api import examples
from orders.api import serializers as shapes
from orders.api.courier_serializers import courier_in
from orders.api.shared_views import PRICING, Cancelling, Following, Quoting, RenewingCode, Showing
from orders.api.sides import KeeperSide, MemberSide
from orders.api.wishes import order_in
from orders.services import answering, ending, packing, paying, placing, road
from orders.services.records import PURPOSE
from orders.states import Fault
from partners.api.permissions import MayKeepStock
from partners.errors import NotInTestMode
from stock import errors as stock_errors
from stock.services import Emergency
from users.api.document_serializers import LinkOut
from users.api.document_views import LINK
from users.services import documents

DETAIL = {**examples.DETAIL, "hospital": examples.CONTRACT["hospital"]}


def who(request: Request, order_id: UUID) -> dict[str, Any]:
    return {"order_id": order_id, "partner_id": request.user.partner_id, "member_id": request.user.pk}


def emergency_in(body: dict[str, Any]) -> Emergency | None:
    return Emergency(**body["emergency"]) if "emergency" in body else None


class PartnerQuoteView(MemberSide, Quoting):
    pass


class PartnerOrderView(MemberSide, Showing):
    reads_health = "order"


class PartnerTimelineView(MemberSide, Following):
    pass


class PartnerCodeView(MemberSide, RenewingCode):
    pass


class PartnerCancelView(MemberSide, Cancelling):
    def cancel(self, request: Request, order_id: UUID, reason: str) -> None:
        """Either side may be a partner: a bank calls off what was ordered of it."""
        if selectors.get_order(self.party(request), order_id).bank_id == request.user.partner_id:
            ending.cancel_as_bank(**who(request, order_id), reason=reason)
        else:
            super().cancel(request, order_id, reason)


class PartnerOrdersView(MemberSide):
    reads_health = "orders"

    @operation(
        "List our orders",
        query=[shapes.PartnerOrderQuery],
        responses={200: shapes.OrderOut},
        paged=True,
        answer={**examples.ROW, "hospital": examples.CONTRACT["hospital"]},
    )
    def get(self, request: Request) -> Response:
        """What you have ordered and what is ordered of you, newest first."""
        query = read_query(shapes.PartnerOrderQuery, request)
        rows = selectors.orders_of_partner(request.user.partner_id, query.pop("side", ""))
        return paged(selectors.filtered(rows, **query), shapes.OrderOut, request)

    @operation(
        "Order blood",
        request=shapes.PartnerOrderIn,
        responses={201: shapes.OrderDetailOut},
        refusals=PRICING,
        example={**examples.WISH, "requisition_number": "REQ-2026-0117"},
        answer=DETAIL,
    )
    def post(self, request: Request) -> Response:
        """Ask a bank for bags of many kinds at once. With a contract you pay once a month, else after its answer."""
        body = read(shapes.PartnerOrderIn, request)
        order = placing.place_order(**order_in(body, buyer=self.party(request), actor=self.actor(request)))
        return self.shown(request, order.pk, status=201)


class PartnerRequisitionView(MemberSide):
    permission_classes = [MayKeepStock]
    reads_health = "requisition"

    @operation("Get a link to a requisition", responses={200: LinkOut}, refusals=[NotFound], answer=LINK)
    def get(self, request: Request, order_id: UUID) -> Response:
        """For the bank: fetch the content from `url` within minutes; there is none once the order has ended."""
        order = selectors.order_of_bank(request.user.partner_id, order_id)
        link = documents.link_to(document_id=order.requisition or order.pk, purpose=PURPOSE.format(order.pk))
        return Response(LinkOut(link).data)


class AcceptView(KeeperSide):
    @operation(
        "Accept an order",
        request=shapes.AcceptIn,
        responses={200: shapes.OrderDetailOut},
        refusals=[
            NotFound,
            IllegalTransition,
            IdempotencyKeyRequired,
            errors.OrderOver,
            errors.RequisitionMissing,
            stock_errors.AuthorisersInvalid,
            stock_errors.InsufficientStock,
        ],
        example={},
        answer={**DETAIL, "status": "accepted", "pay_by": "2026-01-15T10:05:00Z"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """Keep the best bags for every line, or for none; prepaid, until it is paid or `pay_by` passes. What a person
        orders needs the doctor's requisition, or an `emergency`."""
        emergency = emergency_in(read(shapes.AcceptIn, request))
        answering.accept(**who(request, order_id), emergency=emergency)
        return self.shown(request, order_id)


class RejectView(MemberSide):
    permission_classes = [MayKeepStock]

    @operation(
        "Refuse an order",
        request=shapes.OrderReasonIn,
        responses={200: shapes.OrderDetailOut},
        refusals=[NotFound, IllegalTransition, errors.OrderOver],
        example={"reason": "We cannot deliver tonight."},
        answer={**DETAIL, "status": "rejected", "end_reason": "rejected"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """Say no, and why: the buyer reads it."""
        answering.reject(**who(request, order_id), **read(shapes.OrderReasonIn, request))
        return self.shown(request, order_id)


class FillUpView(KeeperSide):
    @operation(
        "Keep what is missing",
        responses={200: shapes.OrderDetailOut},
        refusals=[NotFound, IdempotencyKeyRequired, stock_errors.InsufficientStock],
        answer={**DETAIL, "status": "accepted"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """Bags kept for the order were lost and there were no others: keep some now."""
        paying.fill_up(**who(request, order_id))
        return self.shown(request, order_id)


class PackView(KeeperSide):
    @operation(
        "Pack bags into a box",
        request=shapes.PackIn,
        responses={200: shapes.OrderDetailOut},
        refusals=[
            NotFound,
            IllegalTransition,
            IdempotencyKeyRequired,
            errors.OrderOver,
            errors.OrderUnpaid,
            errors.BagNotInOrder,
            errors.BagNamedTwice,
            errors.BagPacked,
            errors.BoxMixesBands,
            errors.BoxInUse,
            stock_errors.UnitNotKept,
            stock_errors.UnitExpired,
            stock_errors.UnitAmbiguous,
            stock_errors.ReservationLapsed,
        ],
        example={"box": "BOX-7", "units": [{"unit": "=Z00012600004200"}, {"unit": "=Z00012600004300"}]},
        answer={**DETAIL, "status": "packed"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """Scan the kept bags into a box; an equal bag of yours may take the place of a kept one. What needs different
        temperatures needs different boxes. The order is packed when all of it is."""
        body = read(shapes.PackIn, request)
        scans = [packing.Scan(**scan) for scan in body["units"]]
        packing.pack(**who(request, order_id), box=body["box"], scans=scans)
        return self.shown(request, order_id)


class DispatchView(KeeperSide):
    @operation(
        "Send an order off",
        request=shapes.OrderDispatchIn,
        responses={200: shapes.OrderDetailOut},
        refusals=[
            NotFound,
            IllegalTransition,
            IdempotencyKeyRequired,
            errors.DispatchIncomplete,
            errors.CourierProviderUnavailable,
            NotInTestMode,
            errors.RiderUnknown,
            errors.ExpectedInPast,
            errors.BoxBreached,
            stock_errors.ReservationLapsed,
            stock_errors.UnitExpired,
            stock_errors.CrossmatchMissing,
            stock_errors.CrossmatchIncompatible,
            stock_errors.AuthorisersInvalid,
        ],
        example={"courier": "Ravi, city van", "vehicle": "MH12 AB 1234", "expected_at": "2026-01-15T17:00:00+05:30"},
        answer={**DETAIL, "status": "dispatched"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """The bags are issued and leave; the receiver, and nobody else, is sent a code for the hand-over. A courier of
        the provider is asked for after this answer; `courier.status` says whether one comes."""
        body = read(shapes.OrderDispatchIn, request)
        road.dispatch(**who(request, order_id), courier=courier_in(body), emergency=emergency_in(body))
        return self.shown(request, order_id)


class DeliverView(MemberSide):
    idempotency_required = True

    @operation(
        "Hand an order over",
        request=shapes.DeliverIn,
        responses={200: shapes.OrderDetailOut},
        refusals=[
            NotFound,
            IllegalTransition,
            IdempotencyKeyRequired,
            errors.BoxBreached,
            errors.BagsUnfit,
            errors.HandoverCodeWrong,
            errors.HandoverCodeLocked,
            errors.HandoverCodeExpired,
        ],
        example={"code": "049281"},
        answer={**DETAIL, "status": "delivered"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """With the receiver's code, which has five tries. No bag of a box that got too warm or too cold, none that is
        `unfit`: with `keep_back` you hand over the others, and the receiver does not pay for it."""
        road.deliver(**who(request, order_id), **read(shapes.DeliverIn, request))
        return self.shown(request, order_id)


class FailView(MemberSide):
    @operation(
        "Say that a delivery failed",
        request=shapes.FailIn,
        responses={200: shapes.OrderDetailOut},
        refusals=[NotFound, IllegalTransition],
        example={"reason": "Nobody was there.", "fault": "receiver"},
        answer={**DETAIL, "status": "failed"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """The boxes were not handed over; what was paid goes back. Then say how every bag came back."""
        body = read(shapes.FailIn, request)
        road.fail(**who(request, order_id), reason=body["reason"], fault=Fault(body["fault"]))
        return self.shown(request, order_id)


class ReturnView(KeeperSide):
    @operation(
        "Take bags back",
        request=shapes.ReturnIn,
        responses={200: shapes.OrderDetailOut},
        refusals=[
            NotFound,
            IllegalTransition,
            IdempotencyKeyRequired,
            errors.BagNotInOrder,
            errors.BagNamedTwice,
            errors.ReturnIncomplete,
        ],
        example={"units": [{"unit": "=Z00012600004200", "minutes_out": 5}]},
        answer={**DETAIL, "status": "returned"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """On the shelf again only with an unbroken log of temperatures and at most 30 minutes out of control; else
        quarantined or discarded."""
        body = read(shapes.ReturnIn, request)
        comebacks = [road.Comeback(item["unit"], item["minutes_out"], is_sound=item["sound"]) for item in body["units"]]
        road.take_back(**who(request, order_id), comebacks=comebacks)
        return self.shown(request, order_id)
