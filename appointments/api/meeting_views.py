"""Meetings: the patient's link, the doctor's, and what the provider tells."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.permissions import AllowAny

from appointments import errors, hosting
from appointments.gateways.base import Challenge
from appointments.gateways.zoom import ZoomGateway
from appointments.selectors import meetings
from appointments.services import attendance
from appointments.states import MeetingProvider, Side
from common.api.schema import operation
from common.api.views import APIView, Request, Response
from common.api.webhooks import WebhookView
from common.errors import NotFound, Unavailable, WebhookMalformed, WebhookSignatureInvalid
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

TAG = "Meetings"
NO_STORE = {"Cache-Control": "no-store"}
NOT_JOINABLE = [NotFound, errors.VisitNotByVideo, errors.MeetingNotOpen, errors.MeetingPending]


class JoinOut(serializers.Serializer[meetings.JoinLink]):
    provider = serializers.ChoiceField(choices=list(MeetingProvider))
    join_url = serializers.CharField()
    password = serializers.CharField(help_text="Empty where none is asked for.")
    closes_at = serializers.DateTimeField(help_text="Until when this link is given.")


class HostLinkOut(serializers.Serializer[hosting.HostLink]):
    provider = serializers.ChoiceField(choices=list(MeetingProvider))
    url = serializers.CharField(help_text="Makes whoever opens it the host: for the doctor alone, and short-lived.")


class PresenceOut(serializers.Serializer[meetings.Presence]):
    who = serializers.ChoiceField(choices=list(Side), source="side")
    joined_at = serializers.DateTimeField(allow_null=True)
    left_at = serializers.DateTimeField(allow_null=True)


class ChallengeOut(serializers.Serializer[Challenge]):
    """The answer to `endpoint.url_validation`, in the provider's own words."""

    plainToken = serializers.CharField(source="token")  # noqa: N815 - Zoom's word
    encryptedToken = serializers.CharField(source="proof")  # noqa: N815


class JoinView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Join my video consultation",
        tag=TAG,
        responses={200: JoinOut},
        refusals=NOT_JOINABLE,
        answer={
            "provider": "zoom",
            "join_url": "https://zoom.us/j/94671234567?pwd=c1Y2",
            "password": "7f3a09b1c2",
            "closes_at": "2026-11-21T11:20:00Z",
        },
    )
    def get(self, request: Request, appointment_id: uuid.UUID) -> Response:
        """The patient's link, from 15 minutes before the appointment until 30 minutes after its end. The doctor lets
        the patient in. `meeting_pending`: the link is being made."""
        link = meetings.patients_link(user_id=request.user.pk, appointment_id=appointment_id)
        return Response(JoinOut(link).data, headers=NO_STORE)


class HostLinkView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    spends_by_account = ("host_link",)

    @operation(
        "Host my video consultation",
        tag=TAG,
        responses={200: HostLinkOut},
        refusals=[*NOT_JOINABLE, Unavailable],
        answer={"provider": "zoom", "url": "https://zoom.us/s/94671234567?zak=eyJ0eXAi"},
    )
    def get(self, request: Request, appointment_id: uuid.UUID) -> Response:
        """The doctor's link, from 30 minutes before the appointment until 30 minutes after its end, asked of the
        provider at this moment and kept nowhere. `unavailable`: the provider does not answer."""
        link = hosting.host_link(user_id=request.user.pk, appointment_id=appointment_id)
        return Response(HostLinkOut(link).data, headers=NO_STORE)


class AttendanceView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "See who was in the meeting when",
        tag=TAG,
        responses={200: PresenceOut},
        refusals=[NotFound],
        answer=[{"who": "patient", "joined_at": "2026-11-21T10:29:12Z", "left_at": "2026-11-21T10:51:40Z"}],
        many=True,
    )
    def get(self, request: Request, appointment_id: uuid.UUID) -> Response:
        """For the doctor, as the provider told; by a link of Jitsi nobody tells."""
        found: Any = meetings.attendance(user_id=request.user.pk, appointment_id=appointment_id)
        return Response(PresenceOut(found, many=True).data)


class ZoomWebhookView(WebhookView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @operation(
        "Zoom reports about a meeting",
        tag="Webhooks",
        request=OpenApiTypes.OBJECT,
        example={"event": "meeting.started", "payload": {"object": {"id": "94671234567", "uuid": "4444AAAi=="}}},
        responses={200: ChallengeOut, 204: None},
        answer={"plainToken": "qgg8vlvZRS6UYooatFL8Aw", "encryptedToken": "6004f4c5cf160998d3b38cf08d7533b9"},
        refusals=[NotFound, WebhookSignatureInvalid, WebhookMalformed],
        public=True,
    )
    def post(self, request: Request) -> Response:
        """Verified on the raw body and kept once; the worker notes it. Zoom's validation of the address is answered."""
        zoom = ZoomGateway()
        if not zoom.is_configured():
            raise NotFound
        notice, body = self.verified(request, zoom.read_notice)
        if isinstance(notice, Challenge):
            return Response(ChallengeOut(notice).data)
        attendance.receive(notice=notice, body=body)
        return Response(status=204)
