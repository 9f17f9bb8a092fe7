"""What administrators count of appointments."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db.models import Q, QuerySet

from appointments.models import Appointment
from appointments.states import TAKES_TIME, AppointmentStatus
from common import clock, figures
from common.figures import Counted, Scope

SOON: Final = dt.timedelta(hours=24)


def booked(scope: Scope) -> QuerySet[Appointment]:
    """Return the appointments that were booked in the period; with a city, those in person there."""
    return _in_city(scope.created(Appointment.objects.all()), scope)


def ahead(scope: Scope) -> QuerySet[Appointment]:
    """Return those that begin within the next 24 hours, whenever they were booked."""
    now = clock.now()
    rows = Appointment.objects.filter(status__in=sorted(TAKES_TIME), starts_at__gte=now, starts_at__lt=now + SOON)
    return _in_city(rows, scope)


BOOKED: Final = Counted(
    "appointments.appointment",
    booked,
    {
        "booked": Q(),
        "completed": Q(status=AppointmentStatus.COMPLETED),
        "to_come": Q(status__in=sorted(TAKES_TIME)),
        "cancelled": Q(status=AppointmentStatus.CANCELLED),
        "lapsed": Q(status=AppointmentStatus.LAPSED),
        "missed": Q(status=AppointmentStatus.MISSED),
    },
    {"lapsed": "not paid or agreed in time", "missed": "somebody did not come"},
)
AHEAD: Final = Counted(
    "appointments.appointment", ahead, {"next_24_hours": Q()}, {"next_24_hours": "in the next 24 hours"}, "starts_at"
)
figures.register(BOOKED, AHEAD)


def _in_city(rows: QuerySet[Any], scope: Scope) -> QuerySet[Any]:
    return rows.filter(place__city__iexact=scope.city) if scope.city else rows
