"""Orders, as hospitals place them and banks work them off."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.errors import IllegalTransition, NotFound
from common.idempotency import IdempotencyKeyRequired
from orders import errors, selectors
from orders.api import examples
from orders.api import serializers as shapes
from orders.api.courier_serializers import courier_in
from orders.api.views import PRICING, quoted, shown, timeline
from orders.api.wishes import order_in, quote_in
from orders.services import answering, codes, ending, packing, paying, placing, road
from orders.services.records import PURPOSE
from orders.states import Fault
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember, MayKeepStock
from payments.parties import Party
from stock import errors as stock_errors
from stock.services import Emergency
from users.api.document_serializers import LinkOut
from users.api.document_views import LINK
from users.services import documents

TAG = "Partners: orders"
DETAIL = {**examples.DETAIL, "hospital": examples.CONTRACT["hospital"]}


def us(request: Request) -> Party:
    return Party.partner(request.user.partner_id)


def who(request: Request, order_id: UUID) -> dict[str, Any]:
    return {"order_id": order_id, "partner_id": request.user.partner_id, "member_id": request.user.pk}


class PartnerQuoteView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    @operation(
        "Ask for a price",
        tag=TAG,
        request=shapes.OrderQuoteIn,
        responses={200: shapes.OrderQuoteOut},
        refusals=[*PRICING, errors.BankIsBuyer],
        example={"bank": examples.BANK_ID, "lines": [examples.LINE], "deliver_to": {"lat": 18.5089, "lng": 73.8329}},
        answer={**examples.QUOTE, "terms": "monthly"},
    )
    def post(self, request: Request) -> Response:
        """What the bank would charge you, by your contract where there is one; nothing is ordered or kept."""
        return Response(quoted(quote_in(read(shapes.OrderQuoteIn, request), us(request))))


class PartnerOrdersView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    @operation(
        "List our orders",
        tag=TAG,
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
        tag=TAG,
        request=shapes.PartnerOrderIn,
        responses={201: shapes.OrderDetailOut},
        refusals=[*PRICING, errors.BankIsBuyer],
        example={**examples.WISH, "requisition_number": "REQ-2026-0117"},
        answer=DETAIL,
    )
    def post(self, request: Request) -> Response:
        """Ask a bank for bags of many kinds at once. With a contract you pay once a month, else after its answer."""
        body = read(shapes.PartnerOrderIn, request)
        order = placing.place_order(**order_in(body, buyer=us(request), actor=f"member:{request.user.pk}"))
        return shown(us(request), order.pk, status=201)


class PartnerOrderView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    @operation("Read an order", tag=TAG, responses={200: shapes.OrderDetailOut}, refusals=[NotFound], answer=DETAIL)
    def get(self, request: Request, order_id: UUID) -> Response:
        """An order of yours, or of you, with its bags and boxes."""
        return shown(us(request), order_id)


class RequisitionView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]

    @operation("Get a link to a requisition", tag=TAG, responses={200: LinkOut}, refusals=[NotFound], answer=LINK)
    def get(self, request: Request, order_id: UUID) -> Response:
        """For the bank: fetch the content from `url` within minutes; there is none once the order has ended."""
        order = selectors.order_of_bank(request.user.partner_id, order_id)
        link = documents.link_to(document_id=order.requisition or order.pk, purpose=PURPOSE.format(order.pk))
        return Response(LinkOut(link).data)


class PartnerTimelineView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

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
        """Every step with its time in your organisation's zone, who, and what proves it; and when it should arrive."""
        return timeline(us(request), order_id, request.user.partner.zone)


class AcceptView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]
    idempotency_required = True

    @operation(
        "Accept an order",
        tag=TAG,
        responses={200: shapes.OrderDetailOut},
        refusals=[
            NotFound,
            IllegalTransition,
            IdempotencyKeyRequired,
            errors.OrderOver,
            stock_errors.InsufficientStock,
        ],
        answer={**DETAIL, "status": "accepted", "pay_by": "2026-01-15T10:05:00Z"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """Keep the best bags for every line, or for none; prepaid, until it is paid or `pay_by` passes."""
        answering.accept(**who(request, order_id))
        return shown(us(request), order_id)


class RejectView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]

    @operation(
        "Refuse an order",
        tag=TAG,
        request=shapes.OrderReasonIn,
        responses={200: shapes.OrderDetailOut},
        refusals=[NotFound, IllegalTransition, errors.OrderOver],
        example={"reason": "We cannot deliver tonight."},
        answer={**DETAIL, "status": "rejected", "end_reason": "rejected"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """Say no, and why: the buyer reads it."""
        answering.reject(**who(request, order_id), **read(shapes.OrderReasonIn, request))
        return shown(us(request), order_id)


class PartnerCancelView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    @operation(
        "Cancel an order",
        tag=TAG,
        request=shapes.OrderReasonIn,
        responses={200: shapes.OrderDetailOut},
        refusals=[NotFound, IllegalTransition, errors.OrderOver],
        example={"reason": "The operation was put off."},
        answer={**DETAIL, "status": "cancelled", "end_reason": "buyer"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """Either side, before the bags leave. The buyer may owe a fee once bags were kept; a bank gives all back."""
        body, member = read(shapes.OrderReasonIn, request), request.user
        if selectors.get_order(us(request), order_id).bank_id == member.partner_id:
            ending.cancel_as_bank(**who(request, order_id), **body)
        else:
            actor = f"member:{member.pk}"
            ending.cancel_as_buyer(order_id=order_id, buyer=us(request), actor=actor, **body)
        return shown(us(request), order_id)


class FillUpView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]
    idempotency_required = True

    @operation(
        "Keep what is missing",
        tag=TAG,
        responses={200: shapes.OrderDetailOut},
        refusals=[NotFound, IdempotencyKeyRequired, stock_errors.InsufficientStock],
        answer={**DETAIL, "status": "accepted"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """Bags kept for the order were lost and there were no others: keep some now."""
        paying.fill_up(**who(request, order_id))
        return shown(us(request), order_id)


class PackView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]
    idempotency_required = True

    @operation(
        "Pack bags into a box",
        tag=TAG,
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
        return shown(us(request), order_id)


class DispatchView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]
    idempotency_required = True

    @operation(
        "Send an order off",
        tag=TAG,
        request=shapes.OrderDispatchIn,
        responses={200: shapes.OrderDetailOut},
        refusals=[
            NotFound,
            IllegalTransition,
            IdempotencyKeyRequired,
            errors.DispatchIncomplete,
            errors.CourierProviderUnavailable,
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
        emergency = Emergency(**body["emergency"]) if "emergency" in body else None
        road.dispatch(**who(request, order_id), courier=courier_in(body), emergency=emergency)
        return shown(us(request), order_id)


class DeliverView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    idempotency_required = True

    @operation(
        "Hand an order over",
        tag=TAG,
        request=shapes.DeliverIn,
        responses={200: shapes.OrderDetailOut},
        refusals=[
            NotFound,
            IllegalTransition,
            IdempotencyKeyRequired,
            errors.BoxBreached,
            errors.HandoverCodeWrong,
            errors.HandoverCodeLocked,
            errors.HandoverCodeExpired,
        ],
        example={"code": "049281"},
        answer={**DETAIL, "status": "delivered"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """With the receiver's code, which has five tries. No bag of a box that got too warm or too cold."""
        body = read(shapes.DeliverIn, request)
        road.deliver(**who(request, order_id), code=body["code"])
        return shown(us(request), order_id)


class FailView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    @operation(
        "Say that a delivery failed",
        tag=TAG,
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
        return shown(us(request), order_id)


class ReturnView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]
    idempotency_required = True

    @operation(
        "Take bags back",
        tag=TAG,
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
        return shown(us(request), order_id)


class PartnerCodeView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    @operation(
        "Get a new hand-over code",
        tag=TAG,
        responses={200: shapes.HandoverCodeOut},
        refusals=[NotFound, errors.NoHandoverCode],
        answer={"code": "049281"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """For an order that you receive; the code you had before opens nothing any more."""
        code = codes.renew_code(order_id=order_id, buyer=us(request), actor=f"member:{request.user.pk}")
        return Response(shapes.HandoverCodeOut({"code": code}).data)
