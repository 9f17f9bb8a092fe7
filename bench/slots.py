"""The free times of one doctor who is nearly booked up, as `GET /doctors/{id}/slots` works them out."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from appointments.models import Appointment, Doctor
from appointments.selectors.slots import slot_at, slots
from appointments.states import VisitKind
from bench import practices
from bench.frame import Report, analyse, own_database, repeated, timed
from common import clock

TITLE = "slots: 30 days of one doctor with 1,000 appointments"
BOOKED, DAYS = 1000, 30
BAR = 0.020  # seconds


def run(report: Report) -> None:
    with own_database():
        doctor = practices.make_doctor(0, specialisation="cardiology", minutes=(6 * 60, 22 * 60))
        now = clock.now()
        practices.book(doctor, BOOKED, since=now, per_day=BOOKED // DAYS + 1)
        analyse("appointments_appointment", "appointments_weeklyhours", "appointments_timeexception")
        known = Doctor.objects.get(pk=doctor.pk)
        end = now + dt.timedelta(days=DAYS)
        found = slots(known, now, end, VisitKind.VIDEO, now)
        if not found or Appointment.objects.count() != BOOKED:
            raise RuntimeError(f"{len(found)} slots beside {Appointment.objects.count()} appointments")
        took = repeated(lambda _: timed(lambda: slots(known, now, end, VisitKind.VIDEO, now)), most=200)
        report.hold(f"{len(found)} free slots of {DAYS} days", took, "median < 20 ms", holds=took.median < BAR)
        one = repeated(lambda _: timed(lambda: slot_at(known, found[-1].starts_at, VisitKind.VIDEO, now)), most=200)
        report.tell("one slot, as a booking asks", one)
        connection.close()
    report.note("In one process, the database's three queries included.")
