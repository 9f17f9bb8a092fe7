"""Doctors and their time as FHIR resources, for everybody: who may be consulted, and when."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final
from uuid import UUID

from rest_framework import serializers
from rest_framework.permissions import AllowAny

from appointments import slots
from appointments.models import Doctor
from appointments.selectors import doctors
from appointments.selectors import slots as times
from appointments.states import VisitKind
from common import clock
from common.api.fhir import (
    FHIRView,
    Period,
    ResourceType,
    SearchQuery,
    bundle,
    instant,
    label,
    moment,
    period_of,
    reference,
    resource,
    searchset,
)
from common.api.views import Request, Response, read_query
from common.errors import Invalid, NotFound

LANGUAGES: Final = "urn:ietf:bcp:47"
USUAL, LONGEST = dt.timedelta(days=7), dt.timedelta(days=31)
# A slot is no row: its id says whose it is, when it begins (minutes since 1970) and what for.
SLOT_ID: Final = re.compile(r"(?P<doctor>[0-9a-f-]{36})\.(?P<minute>\d{1,9})\.(?P<kind>video|in-person)")
MINUTE: Final = 60  # seconds


class ScheduleUnknown(Invalid):
    code, message, pointer = "schedule_unknown", "Name the doctor's schedule, as in `schedule=Schedule/…`.", "/schedule"


class PractitionersView(FHIRView):
    authentication_classes = []
    permission_classes = [AllowAny]
    resource_type = ResourceType.PRACTITIONER
    searches = {"_id": "token"}

    def get(self, request: Request) -> Response:
        """The doctors whom an administrator has approved."""
        return bundle(_found(request), practitioner, request)


class PractitionerView(FHIRView):
    authentication_classes = []
    permission_classes = [AllowAny]
    resource_type = ResourceType.PRACTITIONER

    def get(self, request: Request, pk: UUID) -> Response:
        """One of them."""
        return Response(practitioner(doctors.get_live_doctor(pk)))


class SchedulesView(FHIRView):
    authentication_classes = []
    permission_classes = [AllowAny]
    resource_type = ResourceType.SCHEDULE
    searches = {"_id": "token"}

    def get(self, request: Request) -> Response:
        """The schedules of the doctors whom an administrator has approved; its id is the doctor's."""
        return bundle(_found(request), schedule, request)


class ScheduleView(FHIRView):
    authentication_classes = []
    permission_classes = [AllowAny]
    resource_type = ResourceType.SCHEDULE

    def get(self, request: Request, pk: UUID) -> Response:
        """One of them."""
        return Response(schedule(doctors.get_live_doctor(pk)))


class SlotQuery(serializers.Serializer[Any]):
    schedule = serializers.CharField(max_length=60)
    status = serializers.CharField(required=False, max_length=20)


class SlotsView(FHIRView):
    authentication_classes = []
    permission_classes = [AllowAny]
    resource_type = ResourceType.SLOT
    searches = {"schedule": "reference", "start": "date", "status": "token"}

    def get(self, request: Request) -> Response:
        """The free slots of one schedule, of the next 7 days or of up to 31 by `start`; no other status is told."""
        query, now = read_query(SlotQuery, request), clock.now()
        doctor = _doctor_of(query["schedule"])
        window = _window(period_of(request.query_params.getlist("start")), now)
        free = times.free_times(doctor, window.start, window.end, None, now).slots if _asks_for_free(query) else []
        return searchset([slot(doctor, one) for one in free], request)


class SlotView(FHIRView):
    authentication_classes = []
    permission_classes = [AllowAny]
    resource_type = ResourceType.SLOT
    key = "str"

    def get(self, request: Request, pk: str) -> Response:
        """One slot, while it is free."""
        named = SLOT_ID.fullmatch(pk)
        if named is None:
            raise NotFound
        doctor = _doctor_of(named["doctor"])
        starts_at = dt.datetime.fromtimestamp(int(named["minute"]) * MINUTE, dt.UTC)
        kind = VisitKind(named["kind"].replace("-", "_"))
        found = times.slot_at(doctor, starts_at, kind, clock.now())
        if found is None:
            raise NotFound
        return Response(slot(doctor, found))


def practitioner(doctor: Doctor) -> dict[str, Any]:
    """Return what everybody may know of a doctor; the registration is the council's."""
    council = {"display": doctor.council}
    name = {"use": "official", "text": doctor.full_name, "prefix": [doctor.title] if doctor.title else []}
    return resource(
        ResourceType.PRACTITIONER,
        doctor.pk,
        {
            "meta": moment(doctor.updated_at),
            "identifier": [
                {"type": label("Medical registration"), "value": doctor.registration_number, "assigner": council}
            ],
            "active": True,
            "name": [{key: value for key, value in name.items() if value}],
            "qualification": [
                {
                    "code": label(doctor.qualifications),
                    "period": {"start": f"{doctor.registered_in:04d}"},
                    "issuer": council,
                }
            ],
            "communication": [{"coding": [{"system": LANGUAGES, "code": one}]} for one in doctor.languages],
        },
    )


def schedule(doctor: Doctor) -> dict[str, Any]:
    """Return the doctor's schedule, as far ahead as one may book."""
    now = clock.now()
    return resource(
        ResourceType.SCHEDULE,
        doctor.pk,
        {
            "meta": moment(doctor.updated_at),
            "active": True,
            "specialty": [label(code.replace("_", " ")) for code in doctor.specialisations],
            "actor": [reference(ResourceType.PRACTITIONER, doctor.pk, doctor.full_name)],
            "planningHorizon": {"start": instant(now), "end": instant(now + dt.timedelta(days=doctor.horizon_days))},
        },
    )


def slot(doctor: Doctor, free: slots.Slot) -> dict[str, Any]:
    """Return a free slot."""
    minute = int(free.starts_at.timestamp()) // MINUTE
    return resource(
        ResourceType.SLOT,
        f"{doctor.pk}.{minute}.{free.kind.replace('_', '-')}",
        {
            "serviceType": [label(free.kind.replace("_", " "))],
            "schedule": reference(ResourceType.SCHEDULE, doctor.pk),
            "status": "free",
            "start": instant(free.starts_at),
            "end": instant(free.ends_at),
        },
    )


def _found(request: Request) -> Any:
    asked = read_query(SearchQuery, request).get("_id")
    live = doctors.live_doctors()
    return live if asked is None else live.filter(pk=asked)


def _doctor_of(text: str) -> Doctor:
    """Raises: ScheduleUnknown, NotFound"""
    try:
        doctor_id = UUID(text.removeprefix(f"{ResourceType.SCHEDULE}/"))
    except ValueError as exc:
        raise ScheduleUnknown from exc
    return doctors.get_live_doctor(doctor_id)


def _asks_for_free(query: dict[str, Any]) -> bool:
    return query.get("status", "free") == "free"


def _window(asked: Period, now: dt.datetime) -> slots.Span:
    start = max(asked.start or now, now)
    end = asked.end or start + USUAL
    return slots.Span(start, max(start, min(end, start + LONGEST)))
