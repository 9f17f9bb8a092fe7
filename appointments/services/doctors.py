"""When each doctor is free next, kept for searches."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Final

from appointments.models import Doctor
from appointments.selectors.slots import next_free
from appointments.selectors.stale import to_compute
from common import clock, outbox
from common.db import command, lock, lock_free, step

BATCH: Final = 100
COLUMNS: Final = ("next_video_at", "next_in_person_at", "next_computed_at")


@step
def forget_next_free(doctor_id: uuid.UUID) -> None:
    """The doctor's time has changed: a worker finds the next free slots anew. Locks nothing, so call it anywhere.

    Emits: doctor.time_changed
    """
    outbox.emit("doctor.time_changed", key=f"doctor_time:{doctor_id}", doctor=str(doctor_id))


@step
def find_next_free(*, doctor_ids: Iterable[uuid.UUID]) -> int:
    """Keep when these doctors are free next; return how many.

    Locks: the doctors, so that of two who look at once the later one is right.
    """
    return _keep(lock(Doctor, doctor_ids), clock.now())


@command
def find_next_free_of_stale(*, limit: int = BATCH) -> int:
    """Look again for the doctors whose kept times have passed or are old; return how many. Locks: these doctors."""
    now = clock.now()
    return _keep(lock_free(to_compute(now), limit=limit), now)


def _keep(doctors: list[Doctor], now: dt.datetime) -> int:
    found = next_free(doctors, now)
    for doctor in doctors:
        doctor.next_video_at, doctor.next_in_person_at = found[doctor.pk]
        doctor.next_computed_at = now
    Doctor.objects.bulk_update(doctors, COLUMNS)
    return len(doctors)
