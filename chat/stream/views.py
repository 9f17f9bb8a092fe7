"""What the web process knows of the live streams: it sells the tickets, and says where they are."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from chat.stream.frames import MEDIA_TYPE
from chat.stream.limits import StreamsFull, TooManyStreams
from chat.stream.passes import pass_of
from common.api.schema import operation
from common.api.views import APIView, Request, Response
from common.errors import Misdirected
from common.live_tickets import TicketInvalid, issue
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsMember
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

TAG: Final = "Live"
QUERY: Final = [
    OpenApiParameter("ticket", str, description="Instead of the Authorization header; good once, for a minute."),
    OpenApiParameter("last_event_id", str, description="The last id you have seen, where the header cannot be sent."),
    OpenApiParameter("Last-Event-ID", str, OpenApiParameter.HEADER, description="The last id you have seen."),
]
EXAMPLE: Final = (
    "retry: 3000\n\n"
    'id: 41-0b7c11a2\nevent: ready\ndata: {"resumed":false,"until":"2026-11-21T11:05:00Z"}\n\n'
    'id: 42-0b7c11a2\nevent: order.accepted\ndata: {"id":"019a9c3e-7c10-7a55-8e0b-2f6c1d9b4e02",'
    '"status":"accepted","updated_at":"2026-11-21T10:05:00Z"}\n\n'
    ":\n\n"
)
SAMPLE: Final = {
    "ticket": "2V1h5mJq0r8cKfT9sXnYwA3eLpZuBgDi7oRkQxHv6E4",
    "url": "https://api.jeevansetu.example/api/v1/stream?ticket=2V1h5mJq0r8cKfT9sXnYwA3eLpZuBgDi7oRkQxHv6E4",
    "expires_at": "2026-11-21T10:06:00Z",
}


class StreamElsewhere(Misdirected):
    code, message = "stream_elsewhere", "Live streams are served at another address: connect to `url`."


class StreamTicketOut(serializers.Serializer[Any]):
    ticket = serializers.CharField()
    url = serializers.URLField(help_text="Where to open the stream, with the ticket; add `&last_event_id=` to resume.")
    expires_at = serializers.DateTimeField()


class StreamView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Hear what changes",
        tag=TAG,
        responses={(200, MEDIA_TYPE): OpenApiTypes.STR},
        query=QUERY,
        refusals=[StreamElsewhere, TicketInvalid, TooManyStreams, StreamsFull],
        answer=EXAMPLE,
    )
    def get(self, request: Request) -> Response:
        """A stream of Server-Sent Events: what changes of your requests, orders, appointments, messages and chats.

        Data are ids and states: fetch what you need. With `Last-Event-ID` it goes on where you were; `reset` says that
        this is too long ago: read your lists again. `bye` comes before an end from this side, and a comment at least
        every 15 seconds. A proxy leads this path to the stream process; where it does not, the answer is 421 and
        `url` says where to connect.
        """
        raise StreamElsewhere(url=_address("/api/v1/stream"))


class PartnerStreamView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsMember]

    @operation(
        "Hear what changes for the partner",
        tag=TAG,
        responses={(200, MEDIA_TYPE): OpenApiTypes.STR},
        query=QUERY,
        refusals=[StreamElsewhere, TicketInvalid, TooManyStreams, StreamsFull],
        answer=EXAMPLE,
    )
    def get(self, request: Request) -> Response:
        """The same as for persons: what changes of the partner's requests, orders, transfers, families and chats."""
        raise StreamElsewhere(url=_address("/api/v1/partner/stream"))


class StreamTicketView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation("Ask for a ticket to the stream", tag=TAG, responses={201: StreamTicketOut}, answer=SAMPLE)
    def post(self, request: Request) -> Response:
        """For browsers, whose EventSource sends no header. It opens one stream, within a minute, for as long as this
        access token is good.
        """
        return _ticket(request, "/api/v1/stream")


class PartnerStreamTicketView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsMember]

    @operation("Ask for a ticket to the partner's stream", tag=TAG, responses={201: StreamTicketOut}, answer=SAMPLE)
    def post(self, request: Request) -> Response:
        """For browsers, whose EventSource sends no header. It opens one stream, within a minute, for as long as this
        access token is good.
        """
        return _ticket(request, "/api/v1/partner/stream")


def _ticket(request: Request, path: str) -> Response:
    ticket = issue(pass_of(request.auth))
    url = f"{_address(path)}?{urlencode({'ticket': ticket.token})}"
    return Response(
        StreamTicketOut({"ticket": ticket.token, "url": url, "expires_at": ticket.expires_at}).data, status=201
    )


def _address(path: str) -> str:
    return f"{settings.STREAM_URL}{path}"
