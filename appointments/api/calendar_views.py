"""Appointments as iCalendar: one as a file, all of them at a secret address."""

from __future__ import annotations

import hashlib
import uuid

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.permissions import AllowAny

from appointments.api.renderers import CalendarRenderer
from appointments.calendar import Method, write
from appointments.selectors import calendars as calendars_read
from appointments.services import calendars
from common.api.renderers import JSONRenderer
from common.api.schema import operation
from common.api.views import APIView, Request, Response
from common.errors import NotFound
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

TAG = "Calendar"
CALENDAR = (200, "text/calendar")
SAMPLE = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:019a9c3e@jeevansetu\r\n…\r\nEND:VCALENDAR\r\n"
MOST_KEPT = 300  # seconds that a calendar program may go without asking
IF_NONE_MATCH = OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description="An ETag from before.")


class FeedOut(serializers.Serializer[dict[str, str]]):
    url = serializers.CharField(help_text="Shown this once. Whoever has it reads the calendar.")


class VisitCalendarView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    renderer_classes = [CalendarRenderer, JSONRenderer]

    @operation(
        "Take my appointment into a calendar",
        tag=TAG,
        responses={CALENDAR: OpenApiTypes.BINARY},
        answer=SAMPLE,
        refusals=[NotFound],
        query=[IF_NONE_MATCH],
    )
    def get(self, request: Request, appointment_id: uuid.UUID) -> Response:
        """For the patient and for the doctor, each with own words. The same UID as in the invitation."""
        entry = calendars_read.own_entry(user_id=request.user.pk, appointment_id=appointment_id)
        body = write([entry], method=Method.PUBLISH, language=request.user.language)
        return _answer(request, body, name=f"appointment-{appointment_id}")


class CalendarFeedView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Get an address for my calendar program",
        tag=TAG,
        request=None,
        responses={201: FeedOut},
        answer={"url": "https://api.example.org/api/v1/calendar/5Zp0hSxLqvJ3yK6nQ1rT2w.ics"},
    )
    def post(self, request: Request) -> Response:
        """A new one each time; the one before leads nowhere any more."""
        token = calendars.open_feed(user_id=request.user.pk)
        url = f"{settings.PUBLIC_URL.rstrip('/')}/api/v1/calendar/{token}.ics"
        return Response(FeedOut({"url": url}).data, status=201)

    @operation("End the address of my calendar", tag=TAG, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Without one, this changes nothing."""
        calendars.close_feed(user_id=request.user.pk)
        return Response(status=204)


class FeedView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    renderer_classes = [CalendarRenderer, JSONRenderer]

    @operation(
        "Read a calendar",
        tag=TAG,
        responses={CALENDAR: OpenApiTypes.BINARY},
        answer=SAMPLE,
        refusals=[NotFound],
        query=[IF_NONE_MATCH],
        public=True,
    )
    def get(self, request: Request, token: str) -> Response:
        """A month back and all that is ahead, at the secret address. No links and nothing about health."""
        feed = calendars_read.feed_behind(token)
        return _answer(request, write(feed.entries, method=Method.PUBLISH, language=feed.language), name="jeevansetu")


def _answer(request: Request, body: bytes, *, name: str) -> Response:
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": f"private, max-age={MOST_KEPT}"}
    known = [one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status=304, headers=headers)
    attached = {**headers, "Content-Disposition": f'attachment; filename="{name}.ics"'}
    return Response(body, content_type="text/calendar; charset=utf-8", headers=attached)
