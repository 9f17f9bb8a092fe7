"""Who brings boxes: what a bank may choose from, its second choice, and what the logistics provider reports."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from rest_framework.permissions import AllowAny

from common.api.schema import operation
from common.api.views import Request, Response, read
from common.api.webhooks import WebhookView
from common.errors import NotFound, WebhookMalformed, WebhookSignatureInvalid
from orders import errors, gateways
from orders.api import examples
from orders.api.courier_serializers import CourierIn, CourierOptionsOut, courier_in
from orders.api.partner_views import DETAIL, who
from orders.api.serializers import OrderDetailOut
from orders.api.sides import MemberSide
from orders.services import assigning, notices
from partners.api.permissions import MayKeepStock
from partners.errors import NotInTestMode


class CouriersView(MemberSide):
    @operation(
        "List who may bring orders",
        responses={200: CourierOptionsOut},
        answer={
            "couriers": [{"kind": "rider", "name": "Your riders"}, {"kind": "provider", "name": "Courier service"}]
        },
    )
    def get(self, request: Request) -> Response:
        """Your own riders, and the logistics provider where there is one; and whoever you name in words."""
        return Response(CourierOptionsOut({"couriers": gateways.offered()}).data)


class SendAnotherView(MemberSide):
    permission_classes = [MayKeepStock]

    @operation(
        "Send another courier",
        request=CourierIn,
        responses={200: OrderDetailOut},
        refusals=[
            NotFound,
            errors.NotOnTheRoad,
            errors.CourierHasBoxes,
            errors.CourierBooked,
            errors.DispatchIncomplete,
            errors.CourierProviderUnavailable,
            NotInTestMode,
            errors.RiderUnknown,
            errors.ExpectedInPast,
        ],
        example={"nearest_rider": True},
        answer={**DETAIL, "status": "dispatched", "courier": {**examples.NO_COURIER, "kind": "rider", "name": "Ravi"}},
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """For an order on the road, when nobody comes for it. The provider's courier is called off; once it has the
        boxes nobody else can bring them."""
        assigning.send_another(**who(request, order_id), courier=courier_in(read(CourierIn, request)))
        return self.shown(request, order_id)


class LogisticsWebhookView(WebhookView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @operation(
        "The logistics provider reports about a courier",
        tag="Webhooks",
        request=OpenApiTypes.OBJECT,
        example={"type": "booking.updated", "data": {"id": "LB1", "reference": examples.ID, "status": "picked_up"}},
        responses={204: None},
        refusals=[NotFound, WebhookSignatureInvalid, WebhookMalformed],
        public=True,
    )
    def post(self, request: Request) -> Response:
        """Signed as Standard Webhooks has it, kept once by its id, then applied. Late, repeated, out-of-order and
        foreign reports change nothing wrong."""
        gateway = gateways.provider()
        if gateway is None:
            raise NotFound
        notice, body = self.verified(request, gateway.read_notice)
        notices.receive(notice=notice, body=body)
        return Response(status=204)
