from __future__ import annotations

import uuid

from drf_spectacular.utils import OpenApiParameter
from rest_framework.parsers import FormParser

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, HTTPRequest, Request, Response, read, read_query
from common.errors import NotFound
from notifications import selectors, services
from notifications.api.permissions import FromTwilio
from notifications.api.serializers import InboxQuery, NotificationOut, ReceiptIn, ReceiptQuery, ReplyIn
from notifications.errors import SignatureInvalid
from notifications.gateways import WHATSAPP
from notifications.states import Channel
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

FORM = "application/x-www-form-urlencoded"
SAMPLE = {
    "id": "019a9c3e-7f7e-7c31-9d2c-8f0d5b0c7a11",
    "kind": "ask",
    "title": "Blood is needed near you",
    "body": "City Hospital needs O- blood by 21 Nov 18:00, 2.4 km from you. Can you give? Accept in the app; "
    "then you get your arrival code.",
    "subject": {"kind": "request", "id": "019a9c3e-7c10-7a55-8e0b-2f6c1d9b4e02"},
    "created_at": "2026-11-21T10:05:00Z",
    "read_at": None,
}


class InboxView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Read my notifications",
        tag="Notifications",
        responses={200: NotificationOut},
        query=[OpenApiParameter("unread", bool, description="Only those not read (`true`), or only those read.")],
        answer=SAMPLE,
        paged=True,
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        query = read_query(InboxQuery, request)
        return paged(selectors.inbox_of(request.user.pk, unread=query["unread"]), NotificationOut, request)


class ReadView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Mark a notification as read",
        tag="Notifications",
        responses={200: NotificationOut},
        refusals=[NotFound],
        answer={**SAMPLE, "read_at": "2026-11-21T10:07:12Z"},
    )
    def post(self, request: Request, notification_id: uuid.UUID) -> Response:
        """A second time changes nothing."""
        row = services.mark_read(user_id=request.user.pk, notification_id=notification_id)
        return Response(NotificationOut(row).data)


class TwilioWebhook(APIView):
    """What Twilio posts. Its signature is its sign-in.

    No genuine call is turned away for being one of many, and a forged one is refused before anything is read.
    """

    authentication_classes = []
    permission_classes = [FromTwilio]
    parser_classes = [FormParser]

    def check_throttles(self, request: HTTPRequest) -> None:
        """Nothing to count."""


class StatusView(TwilioWebhook):
    @operation(
        "Twilio reports the status of a message or call",
        tag="Webhooks",
        request=ReceiptIn,
        media_type=FORM,
        example={"MessageSid": "SM5ef872f6da5a21de157d80997a64bd33", "MessageStatus": "delivered"},
        responses={204: None},
        query=[
            OpenApiParameter("delivery", uuid.UUID, required=True, description="Whose status this is."),
            OpenApiParameter("attempt", int, description="Which attempt of it; the latest unless told."),
        ],
        refusals=[SignatureInvalid],
        public=True,
    )
    def post(self, request: Request) -> Response:
        """Late, repeated and out-of-order reports change nothing that is known better."""
        query, form = read_query(ReceiptQuery, request), read(ReceiptIn, request)
        services.record_receipt(
            delivery_id=query["delivery"],
            attempt=query["attempt"],
            provider_id=form["MessageSid"] or form["CallSid"],
            status=form["MessageStatus"] or form["CallStatus"],
            error_code=form["ErrorCode"],
        )
        return Response(status=204)


class InboundView(TwilioWebhook):
    @operation(
        "Twilio hands over a message that somebody wrote",
        tag="Webhooks",
        request=ReplyIn,
        media_type=FORM,
        example={"From": "+919876543210", "Body": "STOP"},
        responses={204: None},
        refusals=[SignatureInvalid],
        public=True,
    )
    def post(self, request: Request) -> Response:
        """STOP ends messages to the number by this channel, START begins them again; there is no reply."""
        form = read(ReplyIn, request)
        is_whatsapp = form["From"].startswith(WHATSAPP)
        services.record_reply(
            phone=form["From"].removeprefix(WHATSAPP),
            channel=Channel.WHATSAPP if is_whatsapp else Channel.SMS,
            text=form["Body"],
        )
        return Response(status=204)
