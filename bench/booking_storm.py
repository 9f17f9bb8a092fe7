"""50 and 200 patients book one time of one doctor at the same moment, over HTTP."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection

from appointments.models import Appointment, Doctor, Place, WeeklyHours
from bench import crowd, people
from bench.accept_storm import together, warm_up
from bench.frame import Report, own_database, say
from bench.http import Reply, request
from bench.servers import running
from common import clock
from users.models import User

TITLE = "booking_storm: 50 and 200 patients, one time, gunicorn with 2 workers of 8 threads"
STORMS, ROUNDS = (50, 200), 3
P95_BAR = 1.0  # seconds
ZONE = "Asia/Kolkata"


def run(report: Report) -> None:
    with own_database() as url:
        crowd.add_donors(STORMS[-1])
        doctor = _make_doctor()
        patients = User.objects.exclude(pk=doctor.user_id).order_by("pk").values_list("pk", flat=True)
        tokens = [people.person_token(patient) for patient in patients[: STORMS[-1]]]
        connection.close()
        with running("web", database_url=url) as servers:
            warm_up(servers.port, tokens[0])
            days = 0
            for count in STORMS:
                for _ in range(ROUNDS):
                    days += 1
                    say(f"  {count} patients ...")
                    _storm(report, servers.port, doctor, tokens[:count], days)
    report.note("Each patient with a connection of its own, from its opening to the end of the answer.")


def _storm(report: Report, port: int, doctor: Doctor, tokens: list[str], days: int) -> None:
    day = clock.today(ZONE) + dt.timedelta(days=days)
    starts_at = dt.datetime.combine(day, dt.time(10), ZoneInfo(ZONE))
    wish = {"doctor": str(doctor.pk), "starts_at": starts_at.isoformat(), "kind": "video"}
    replies, took = together([request(port, "POST", "/api/v1/appointments", token, wish) for token in tokens], port)
    outcomes = Counter(_outcome_of(reply) for reply in replies)
    booked = Appointment.objects.filter(doctor=doctor, starts_at=starts_at).count()
    said = ", ".join(f"{times} x {what}" for what, times in outcomes.most_common())
    losers = len(tokens) - 1
    exact = outcomes == {"201": 1, "409 slot_taken": losers} and booked == 1
    name = f"{len(tokens)} patients, day {days}"
    report.hold(f"{name}: answers", said, f"1 x 201, {losers} x 409 slot_taken", holds=exact)
    report.hold(f"{name}: waits", took, "p95 < 1 s", holds=took.p95 < P95_BAR)


def _make_doctor() -> Doctor:
    """Return a doctor who sees patients for nothing, so that nobody's hold is in the way of the next storm."""
    doctor = Doctor.objects.create(
        user=User.objects.create(phone="+919900000001", name="Doctor"),
        name="Doctor",
        status="live",
        approved_at=clock.now(),
        registration_number="BENCH/1",
        council="Bench Council",
        registered_in=2010,
        qualifications="MBBS",
        specialisations=["general_medicine"],
        languages=["en"],
        video_fee_minor=0,
        consult_minutes=30,
        zone=ZONE,
        search_text="doctor",
    )
    place = Place.objects.create(doctor=doctor, name="Clinic", address="1 Lake Road", lat=Decimal(18), lng=Decimal(73))
    WeeklyHours.objects.bulk_create(
        WeeklyHours(doctor=doctor, weekday=day, from_minute=540, to_minute=1020, kinds=["video"], place=place)
        for day in range(1, 8)
    )
    return doctor


def _outcome_of(reply: Reply) -> str:
    return "201" if reply.status == 201 else f"{reply.status} {reply.json().get('code', '')}"
