"""Which doctors' next free times have to be looked for again."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet, Value

from appointments.models import Doctor
from appointments.states import DoctorStatus

LOOK_AGAIN: Final = dt.timedelta(hours=1)  # the horizon moves on, and nobody tells
MINUTE: Final = dt.timedelta(minutes=1)


def to_compute(now: dt.datetime) -> QuerySet[Doctor]:
    """Return the live doctors whose times were never computed, were long ago, or can no longer be booked."""
    notice = ExpressionWrapper(F("notice_minutes") * Value(MINUTE), output_field=DurationField())
    passed = Q(next_video_at__lt=Value(now) + notice) | Q(next_in_person_at__lt=Value(now) + notice)
    old = Q(next_computed_at=None) | Q(next_computed_at__lt=now - LOOK_AGAIN)
    live = Doctor.objects.filter(status=DoctorStatus.LIVE)
    return live.filter(old | passed).order_by(F("next_computed_at").asc(nulls_first=True), "pk")
