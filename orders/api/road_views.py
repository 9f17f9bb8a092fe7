"""What is measured on the road, and who carries it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from common.errors import NotFound
from common.geo import Point
from orders import errors, selectors
from orders.api import examples
from orders.api import serializers as shapes
from orders.services import couriers, tracking
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember, MayKeepStock

TAG = "Partners: orders"
BOX = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7dac",
    "label": "BOX-7",
    "min_c": 2.0,
    "max_c": 10.0,
    "out_since": None,
    "breached_at": None,
    "packed_at": "2026-01-15T10:10:00Z",
    "closed_at": None,
}


class PingsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    @operation(
        "Say where a courier was",
        tag=TAG,
        request=shapes.PingsIn,
        responses={200: shapes.PingsOut},
        refusals=[NotFound, errors.NotOnTheRoad, errors.MeasuredInFuture],
        example={"pings": [{"at": "2026-01-15T16:10:00+05:30", "lat": 18.5159, "lng": 73.8449}]},
        answer={"recorded": 1},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """One place or up to 500, in any order; the same moment counts once."""
        body = read(shapes.PingsIn, request)
        places = [tracking.Place(one["at"], Point(one["lat"], one["lng"])) for one in body["pings"]]
        new = tracking.record_pings(order_id=order_id, partner_id=request.user.partner_id, places=places)
        return Response(shapes.PingsOut({"recorded": new}).data)


class ReadingsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    @operation(
        "Say how cold a box is",
        tag=TAG,
        request=shapes.ReadingsIn,
        responses={200: shapes.BoxOut},
        refusals=[NotFound, errors.NotOnTheRoad, errors.MeasuredInFuture],
        example={"readings": [{"sensor": "S-1", "at": "2026-01-15T16:10:00+05:30", "temperature_c": "4.50"}]},
        answer=BOX,
    )
    def post(self, request: Request, box_id: UUID) -> Response:
        """One reading or up to 500, in any order; a sensor's moment counts once. Out of its band for more than ten
        minutes the box's bags are quarantined at once, and both sides told."""
        body = read(shapes.ReadingsIn, request)
        temperatures = [
            tracking.Temperature(one["sensor"], one["at"], one["temperature_c"]) for one in body["readings"]
        ]
        box = tracking.record_readings(box_id=box_id, partner_id=request.user.partner_id, temperatures=temperatures)
        return Response(shapes.BoxOut(box).data)


class RidersView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    def get_permissions(self) -> Sequence[Any]:
        return [MayKeepStock()] if self.request.method == "POST" else super().get_permissions()

    @operation("List our riders", tag=TAG, responses={200: shapes.RiderOut}, paged=True, answer=examples.RIDER)
    def get(self, request: Request) -> Response:
        """Who carries boxes for you, where they were last, and how much they carry."""
        return paged(selectors.riders_of(request.user.partner_id), shapes.RiderOut, request)

    @operation(
        "Add a rider",
        tag=TAG,
        request=shapes.NewRiderIn,
        responses={201: shapes.RiderOut},
        refusals=[errors.RiderPhoneTaken],
        example={"name": "Ravi Shinde", "phone": "+919822012345", "vehicle": "MH12 AB 1234"},
        answer=examples.RIDER,
    )
    def post(self, request: Request) -> Response:
        """Somebody who carries boxes for you; no account."""
        rider = couriers.add_rider(partner_id=request.user.partner_id, **read(shapes.NewRiderIn, request))
        return _shown(request, rider.pk, status=201)


class RiderView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]

    @operation(
        "Change a rider",
        tag=TAG,
        request=shapes.RiderIn,
        responses={200: shapes.RiderOut},
        refusals=[NotFound, errors.RiderPhoneTaken],
        example={"is_active": False},
        answer={**examples.RIDER, "is_active": False},
    )
    def patch(self, request: Request, rider_id: UUID) -> Response:
        """What is left out stays. One that is not active is given nothing."""
        changes = read(shapes.RiderIn, request, partial=True)
        couriers.change_rider(rider_id=rider_id, partner_id=request.user.partner_id, changes=changes)
        return _shown(request, rider_id)


def _shown(request: Request, rider_id: UUID, *, status: int = 200) -> Response:
    rider = selectors.riders_of(request.user.partner_id).get(pk=rider_id)
    return Response(shapes.RiderOut(rider).data, status=status)
