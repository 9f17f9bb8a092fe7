"""How the messages of a request went, for the partner that posted it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers

from common.api.schema import operation
from common.api.views import APIView, Request, Response
from common.errors import NotFound
from notifications import reports
from notifications.states import Channel
from partners.api.authentication import MemberAuthentication, member_of
from partners.api.permissions import MayCoordinate


class ChannelReportOut(serializers.Serializer[Any]):
    channel = serializers.ChoiceField(choices=[str(channel) for channel in Channel])
    messages = serializers.IntegerField()
    sent = serializers.IntegerField(help_text="The provider has taken them; those that arrived are among them.")
    delivered = serializers.IntegerField(help_text="The provider says that they arrived, or were read.")
    failed = serializers.IntegerField()
    skipped = serializers.IntegerField(help_text="Opted out, too late, or above the day's budget.")
    waiting = serializers.IntegerField()
    median_seconds_to_send = serializers.FloatField(allow_null=True)


class RequestReportOut(serializers.Serializer[Any]):
    asked = serializers.IntegerField(help_text="Donors.")
    told = serializers.IntegerField(help_text="Donors to whom a message was written.")
    reached = serializers.IntegerField(help_text="Donors whom at least one message has left for.")
    accepted = serializers.IntegerField()
    declined = serializers.IntegerField()
    median_seconds_to_answer = serializers.FloatField(allow_null=True, help_text="From being asked to accepting.")
    channels = ChannelReportOut(many=True)


class RequestDeliveriesView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]

    @operation(
        "Read how donors were reached",
        tag="Partners: requests",
        responses={200: RequestReportOut},
        refusals=[NotFound],
        answer={
            "asked": 12,
            "told": 12,
            "reached": 11,
            "accepted": 2,
            "declined": 3,
            "median_seconds_to_answer": 214.0,
            "channels": [
                {
                    "channel": "sms",
                    "messages": 12,
                    "sent": 11,
                    "delivered": 10,
                    "failed": 1,
                    "skipped": 0,
                    "waiting": 0,
                    "median_seconds_to_send": 0.2,
                }
            ],
        },
    )
    def get(self, request: Request, request_id: UUID) -> Response:
        """Numbers alone: how many were asked, by which channels messages went and arrived, how many answered."""
        report = reports.of_request(partner_id=member_of(request).partner_id, request_id=request_id)
        return Response(RequestReportOut(report).data)
