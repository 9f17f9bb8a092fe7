"""Owners set up where their systems are told what happens, and look at what those were sent."""

from __future__ import annotations

import uuid

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.errors import Busy, IllegalTransition, NotFound
from notifications.webhooks import selectors
from notifications.webhooks.api import examples
from notifications.webhooks.api import serializers as shapes
from notifications.webhooks.catalogue import TYPES, message
from notifications.webhooks.errors import EndpointDisabled, EventTypeUnknown, TooManyEndpoints, WebhookUrlRefused
from notifications.webhooks.services import endpoints, queueing
from partners.api.authentication import MemberAuthentication, member_of
from partners.api.permissions import IsLiveMember, IsOwner
from partners.errors import PartnerNotLive, RoleNotAllowed

TAG = "Partners: webhooks"
OWNERS = [PartnerNotLive, RoleNotAllowed]
ONE = [*OWNERS, NotFound]
CHANGED = [*ONE, Busy]


class OwnerView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsOwner]
    tag = TAG


class EventTypesView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    @operation(
        "List the types of messages",
        tag=TAG,
        responses={200: shapes.EventTypesOut},
        refusals=[PartnerNotLive],
        answer={"event_types": [examples.TYPE]},
    )
    def get(self, request: Request) -> Response:
        """Every type that a webhook endpoint can be sent, with what it means and an example."""
        shown = [
            {
                "type": one.name,
                "family": one.family,
                "meaning": one.meaning,
                "example": message(one.name, at=examples.AT, data=one.example),
            }
            for one in TYPES
        ]
        return Response(shapes.EventTypesOut({"event_types": shown}).data)


class EndpointsView(OwnerView):
    @operation(
        "List our webhook endpoints",
        responses={200: shapes.EndpointOut},
        refusals=OWNERS,
        answer=examples.ENDPOINT,
        paged=True,
    )
    def get(self, request: Request) -> Response:
        """Owners only; the newest first."""
        return paged(selectors.endpoints_of(member_of(request).partner_id), shapes.EndpointOut, request)

    @operation(
        "Open a webhook endpoint",
        request=shapes.EndpointIn,
        responses={201: shapes.OpenedOut},
        refusals=[*OWNERS, WebhookUrlRefused, EventTypeUnknown, TooManyEndpoints],
        example={"url": examples.URL, "description": "Ward system", "event_types": ["order.*", "stock.low"]},
        answer={"endpoint": examples.ENDPOINT, "secret": examples.SECRET},
    )
    def post(self, request: Request) -> Response:
        """Owners only. The secret is shown this once: it signs every message to this endpoint."""
        opened = endpoints.create(partner_id=member_of(request).partner_id, **read(shapes.EndpointIn, request))
        return Response(shapes.OpenedOut(opened).data, status=201)


class EndpointView(OwnerView):
    @operation("Show a webhook endpoint", responses={200: shapes.EndpointOut}, refusals=ONE, answer=examples.ENDPOINT)
    def get(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        """Owners only; never the secret."""
        found = selectors.get_endpoint_of(member_of(request).partner_id, endpoint_id)
        return Response(shapes.EndpointOut(found).data)

    @operation(
        "Change a webhook endpoint",
        request=shapes.EndpointChangeIn,
        responses={200: shapes.EndpointOut},
        refusals=[*CHANGED, WebhookUrlRefused, EventTypeUnknown],
        example={"event_types": ["*"]},
        answer=examples.ENDPOINT,
    )
    def patch(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        """Owners only. What waits goes to the new URL."""
        changes = read(shapes.EndpointChangeIn, request)
        row = endpoints.change(partner_id=member_of(request).partner_id, endpoint_id=endpoint_id, **changes)
        return Response(shapes.EndpointOut(row).data)

    @operation("Delete a webhook endpoint", responses={204: None}, refusals=CHANGED)
    def delete(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        """Owners only. Nothing is sent any more, and its log is shown no more."""
        endpoints.delete(partner_id=member_of(request).partner_id, endpoint_id=endpoint_id)
        return Response(status=204)


class RotateView(OwnerView):
    @operation(
        "Rotate a webhook secret",
        responses={200: shapes.OpenedOut},
        refusals=ONE,
        answer={"endpoint": {**examples.ENDPOINT, "old_secret_until": examples.AT}, "secret": examples.SECRET},
    )
    def post(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        """Owners only. For 24 hours messages carry a signature by the old secret beside that by the new one; rotated
        again meanwhile, the one before stops at once."""
        opened = endpoints.rotate_secret(partner_id=member_of(request).partner_id, endpoint_id=endpoint_id)
        return Response(shapes.OpenedOut(opened).data)


class TestView(OwnerView):
    __test__ = False  # no test class for pytest

    @operation(
        "Send a test message",
        responses={201: shapes.DeliveryOut},
        refusals=[*ONE, EndpointDisabled],
        answer=examples.TEST_DELIVERY,
    )
    def post(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        """Owners only. A message of the type `webhook.test` goes out within a moment; its delivery says how it went."""
        row = endpoints.send_test(partner_id=member_of(request).partner_id, endpoint_id=endpoint_id)
        return Response(shapes.DeliveryOut(row).data, status=201)


class EnableView(OwnerView):
    @operation(
        "Enable a webhook endpoint",
        responses={200: shapes.EndpointOut},
        refusals=[*ONE, IllegalTransition],
        answer=examples.ENDPOINT,
    )
    def post(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        """Owners only. What happens from now on is sent; replay what failed before."""
        row = endpoints.enable(partner_id=member_of(request).partner_id, endpoint_id=endpoint_id)
        return Response(shapes.EndpointOut(row).data)


class DisableView(OwnerView):
    @operation(
        "Disable a webhook endpoint",
        responses={200: shapes.EndpointOut},
        refusals=[*ONE, IllegalTransition],
        answer={
            **examples.ENDPOINT,
            "status": "disabled",
            "disabled_reason": "owner",
            "disabled_at": examples.AT,
        },
    )
    def post(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        """Owners only. What waits is given up and can be replayed; what happens meanwhile is not kept for it."""
        row = endpoints.disable(partner_id=member_of(request).partner_id, endpoint_id=endpoint_id)
        return Response(shapes.EndpointOut(row).data)


class DeliveriesView(OwnerView):
    @operation(
        "List what an endpoint was sent",
        query=[shapes.DeliveryQuery],
        responses={200: shapes.DeliveryOut},
        refusals=ONE,
        answer=examples.DELIVERY,
        paged=True,
    )
    def get(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        """Owners only; the newest first. Messages that are over are kept for 30 days."""
        query = read_query(shapes.DeliveryQuery, request)
        found = selectors.deliveries_of(member_of(request).partner_id, endpoint_id, **query)
        return paged(found, shapes.DeliveryOut, request)


class DeliveryView(OwnerView):
    @operation(
        "Show a message to an endpoint",
        responses={200: shapes.DeliveryDetailOut},
        refusals=ONE,
        answer=examples.DELIVERY_DETAIL,
    )
    def get(self, request: Request, endpoint_id: uuid.UUID, delivery_id: uuid.UUID) -> Response:
        """Owners only: the exact body, and each attempt with how the answer began."""
        found = selectors.get_delivery_of(member_of(request).partner_id, endpoint_id, delivery_id)
        return Response(shapes.DeliveryDetailOut(found).data)


class ReplayView(OwnerView):
    @operation(
        "Send a message again",
        responses={200: shapes.DeliveryOut},
        refusals=[*ONE, EndpointDisabled, IllegalTransition],
        answer={**examples.DELIVERY, "status": "pending", "ended_at": None},
    )
    def post(self, request: Request, endpoint_id: uuid.UUID, delivery_id: uuid.UUID) -> Response:
        """Owners only. The same body under the same `webhook-id`, from the first attempt on."""
        row = queueing.replay(
            partner_id=member_of(request).partner_id, endpoint_id=endpoint_id, delivery_id=delivery_id
        )
        return Response(shapes.DeliveryOut(row).data)


class ReplayFailedView(OwnerView):
    @operation(
        "Send again what failed",
        request=shapes.ReplayIn,
        responses={200: shapes.ReplayedOut},
        refusals=[*ONE, EndpointDisabled],
        example={"since": examples.AT},
        answer={"queued": 500, "left": 120},
    )
    def post(self, request: Request, endpoint_id: uuid.UUID) -> Response:
        """Owners only. The oldest 500 of those made at `since` or later that were given up; `left` says how many more
        there are, for the next call."""
        replayed = queueing.replay_failed(
            partner_id=member_of(request).partner_id, endpoint_id=endpoint_id, **read(shapes.ReplayIn, request)
        )
        return Response(shapes.ReplayedOut(replayed).data)
