"""Exchange: a partner asks others for units, one offers, sends, and the asker receives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.blood import BloodGroup
from common.errors import IllegalTransition, NotFound
from common.idempotency import IdempotencyKeyRequired
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember, MayKeepStock
from stock import errors, selectors
from stock.api import transfer_serializers as shapes
from stock.compatibility import UNKNOWN
from stock.components import Component
from stock.services.allocating import Needs
from stock.services.exchanging import asking, ending, offering, shipping
from stock.states import Condition, DiscardReason, Urgency

TAG = "Partners: exchange"
ID = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da1"
ASKER = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d93",
    "name": "Deenanath Hospital",
    "kind": "hospital",
    "phone": "+912025500102",
    "address": "5 Karve Road",
    "city": "Pune",
    "location": {"lat": 18.5089, "lng": 73.8329},
}
SENDER = {
    **ASKER,
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d98",
    "name": "Sahyadri Blood Bank",
    "kind": "blood_bank",
    "phone": "+912025500101",
    "address": "1 Lake Road",
    "location": {"lat": 18.5204, "lng": 73.8567},
}
TRANSFER: dict[str, Any] = {
    "id": ID,
    "need": ID,
    "side": "ours_asked",
    "status": "requested",
    "end_reason": "",
    "partner": ASKER,
    "sender": None,
    "distance_km": None,
    "blood_group": "B+",
    "component": "red_cells",
    "units": 2,
    "units_offered": 0,
    "units_received": 0,
    "urgency": "urgent",
    "needed_by": "2026-01-15T18:00:00Z",
    "answer_by": None,
    "due_at": "2026-01-15T11:35:00Z",
    "requirements": [],
    "note": "",
    "processing_fee": None,
    "fee_due": None,
    "courier": "",
    "box": "",
    "vehicle": "",
    "expected_at": None,
    "created_at": "2026-01-15T11:20:00Z",
}
ASK = {
    "partner": SENDER,
    "distance_km": 2.87,
    "asked_at": "2026-01-15T11:20:00Z",
    "answer_by": "2026-01-15T11:35:00Z",
    "answer": "",
    "reason": "",
}
EVENT = {
    "verb": "request",
    "status": "requested",
    "partner": ASKER["id"],
    "facts": {"units": 2},
    "created_at": "2026-01-15T11:20:00Z",
}
BAG = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d96",
    "din": "Z000126000042",
    "blood_group": "B+",
    "expires_at": "2026-02-19T11:20:00Z",
    "fate": "offered",
    "discard_reason": "",
    "note": "",
}
DETAIL = {**TRANSFER, "fee_paid": False, "bags": [], "asks": [ASK], "history": [EVENT]}
GIVEN = {**DETAIL, "sender": SENDER, "units_offered": 2, "bags": [BAG]}


def shown(request: Request, pk: UUID, *, status: int = 200) -> Response:
    found = selectors.get_transfer_for(request.user.partner_id, pk)
    return Response(shapes.TransferDetailOut(found).data, status=status)


def who(request: Request, pk: UUID) -> dict[str, Any]:
    return {"partner_id": request.user.partner_id, "member_id": request.user.pk, "transfer_id": pk}


class TransfersView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    def get_permissions(self) -> Sequence[Any]:
        return [MayKeepStock()] if self.request.method == "POST" else super().get_permissions()

    @operation(
        "List transfers",
        tag=TAG,
        query=[shapes.TransferQuery],
        responses={200: shapes.TransferOut},
        paged=True,
        answer=TRANSFER,
    )
    def get(self, request: Request) -> Response:
        """What you have asked for, what is asked of you at this moment, and what you send, newest first."""
        query = read_query(shapes.TransferQuery, request)
        return paged(selectors.transfers_of(request.user.partner_id, **query), shapes.TransferOut, request)

    @operation(
        "Ask for units",
        tag=TAG,
        request=shapes.TransferIn,
        responses={201: shapes.TransferDetailOut},
        refusals=[errors.TransferNeededByInvalid, errors.NobodyHasIt],
        example={
            "blood_group": "B+",
            "component": "red_cells",
            "units": 2,
            "needed_by": "2026-01-15T18:00:00Z",
            "urgency": "urgent",
        },
        answer=DETAIL,
    )
    def post(self, request: Request) -> Response:
        """Ask partners nearby that can spare it: those that have all of it first, the nearest of them before others."""
        body, member = read(shapes.TransferIn, request), request.user
        group = body.pop("blood_group")
        transfer = asking.post_transfer(
            partner_id=member.partner_id,
            member_id=member.pk,
            blood_group=UNKNOWN if group == UNKNOWN else BloodGroup(group),
            component=Component(body.pop("component")),
            urgency=Urgency(body.pop("urgency")),
            needs=Needs(**dict.fromkeys(body.pop("requirements"), True)),
            **body,
        )
        return shown(request, transfer.pk, status=201)


class TransferView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    reads_health = "transfer"

    @operation(
        "Read a transfer", tag=TAG, responses={200: shapes.TransferDetailOut}, refusals=[NotFound], answer=DETAIL
    )
    def get(self, request: Request, transfer_id: UUID) -> Response:
        """One transfer, for its two sides, and for an asked partner while it may answer."""
        return shown(request, transfer_id)


class TransferOfferView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]
    idempotency_required = True

    @operation(
        "Offer units",
        tag=TAG,
        request=shapes.TransferOfferIn,
        responses={200: shapes.TransferDetailOut},
        refusals=[
            NotFound,
            IllegalTransition,
            IdempotencyKeyRequired,
            errors.TransferTaken,
            errors.AskOver,
            errors.OfferTooLarge,
            errors.InsufficientStock,
            errors.UnitUnsuitable,
            errors.UnitNamedTwice,
        ],
        example={"units": 2, "processing_fee": {"amount": 145000, "currency": "INR"}},
        answer={**GIVEN, "side": "asked_of_us", "status": "offered"},
    )
    def post(self, request: Request, transfer_id: UUID) -> Response:
        """Keep units for the asker until it confirms. The first to offer wins; what is missing is asked of others."""
        body = read(shapes.TransferOfferIn, request)
        fee = body.pop("processing_fee", None)
        offering.offer(
            **who(request, transfer_id), **body, fee=offering.Fee(fee["amount"], fee["currency"]) if fee else None
        )
        return shown(request, transfer_id)


class TransferRejectView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]

    @operation(
        "Refuse a transfer",
        tag=TAG,
        request=shapes.TransferReasonIn,
        responses={204: None},
        refusals=[NotFound, IllegalTransition, errors.TransferTaken, errors.AskOver],
        example={"reason": "We operate this afternoon."},
    )
    def post(self, request: Request, transfer_id: UUID) -> Response:
        """As an asked partner: you will not give. As the asker: you do not want the offer. Others are asked at once."""
        ending.reject(**who(request, transfer_id), **read(shapes.TransferReasonIn, request))
        return Response(status=204)


class TransferConfirmView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]

    @operation(
        "Confirm an offer",
        tag=TAG,
        responses={200: shapes.TransferDetailOut},
        refusals=[NotFound, IllegalTransition, errors.TransferExpired, errors.ReservationLapsed],
        answer={**GIVEN, "status": "confirmed"},
    )
    def post(self, request: Request, transfer_id: UUID) -> Response:
        """You take the units that are offered, at the fee that is stated."""
        offering.confirm(**who(request, transfer_id))
        return shown(request, transfer_id)


class TransferDispatchView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]
    idempotency_required = True

    @operation(
        "Send units off",
        tag=TAG,
        request=shapes.DispatchIn,
        responses={200: shapes.TransferDetailOut},
        refusals=[
            NotFound,
            IllegalTransition,
            IdempotencyKeyRequired,
            errors.TransferExpired,
            errors.ReservationLapsed,
            errors.UnitExpired,
        ],
        example={"courier": "Ravi, city van", "box": "BOX-7", "vehicle": "MH12 AB 1234"},
        answer={
            **GIVEN,
            "side": "asked_of_us",
            "status": "in_transit",
            "courier": "Ravi, city van",
            "box": "BOX-7",
            "vehicle": "MH12 AB 1234",
        },
    )
    def post(self, request: Request, transfer_id: UUID) -> Response:
        """The units have left; they stay yours until the asker has received them."""
        body = read(shapes.DispatchIn, request)
        shipping.dispatch(**who(request, transfer_id), parcel=shipping.Parcel(**body))
        return shown(request, transfer_id)


class TransferReceiveView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]
    idempotency_required = True

    @operation(
        "Receive units",
        tag=TAG,
        request=shapes.ReceiveIn,
        responses={200: shapes.TransferDetailOut},
        refusals=[
            NotFound,
            IllegalTransition,
            IdempotencyKeyRequired,
            errors.UnitNotInTransfer,
            errors.UnitNamedTwice,
            errors.ReceiptIncomplete,
        ],
        example={
            "units": [
                {"unit": "=Z00012600004200"},
                {"unit": "=Z00012600004300", "condition": "damaged", "reason": "cold_chain", "note": "Box at 14 C."},
            ]
        },
        answer={
            **GIVEN,
            "status": "received",
            "units_received": 1,
            "processing_fee": {"amount": 145000, "currency": "INR", "agreed_at": "2026-01-15T11:30:00Z"},
            "fee_due": {"amount": 145000, "currency": "INR"},
        },
    )
    def post(self, request: Request, transfer_id: UUID) -> Response:
        """Say of every unit how it arrived: sound, doubtful (to quarantine), damaged (refused), or missing.

        The fee that you agreed to is then due for the sound ones.
        """
        body = read(shapes.ReceiveIn, request)
        arrivals = [
            shipping.Arrival(
                item["unit"], Condition(item["condition"]), DiscardReason(item["reason"]), note=item["note"]
            )
            for item in body["units"]
        ]
        shipping.receive(**who(request, transfer_id), arrivals=arrivals)
        return shown(request, transfer_id)


class TransferCancelView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]

    @operation(
        "Cancel a transfer",
        tag=TAG,
        request=shapes.TransferReasonIn,
        responses={200: shapes.TransferDetailOut},
        refusals=[NotFound, IllegalTransition],
        example={"reason": "The operation was put off."},
        answer={**DETAIL, "status": "cancelled", "end_reason": "cancelled"},
    )
    def post(self, request: Request, transfer_id: UUID) -> Response:
        """Either side, before the units leave; they are free again. When the sender cancels, others are asked."""
        ending.cancel_transfer(**who(request, transfer_id), **read(shapes.TransferReasonIn, request))
        return shown(request, transfer_id)
