"""«Who is free next?» over ten thousand doctors, with what is shown of the first page worked out at that moment."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection

from appointments.jobs import refresh_next_free
from appointments.selectors import searching
from appointments.selectors.searching import Wanted
from appointments.states import DoctorOrder, VisitKind
from bench import practices
from bench.frame import Report, Spread, analyse, ms, own_database, repeated, say, timed
from common import clock
from common.geo import Point
from common.money import Currency
from users.models import User

TITLE = "doctor_search: the next free of 10,000 doctors, pages of 50"
DOCTORS, BOOKED_EACH, PAGE = 10_000, 10, 50
FIELDS = ("cardiology", "dermatology", "internal_medicine", "paediatrics")
BAR = 0.100  # seconds
SEARCHES: dict[str, tuple[Wanted, DoctorOrder]] = {
    "who is free next": (Wanted(), DoctorOrder.NEXT_FREE),
    "a cardiologist by video who speaks Bengali": (
        Wanted(kind=VisitKind.VIDEO, specialisation="cardiology", language="bn"),
        DoctorOrder.NEXT_FREE,
    ),
    "by the beginning of a name": (Wanted(words=["doctor", "99"]), DoctorOrder.NEXT_FREE),
    "within 5 km": (Wanted(near=Point(18.52, 73.85), radius_km=5), DoctorOrder.NEXT_FREE),
    "the cheapest by video": (Wanted(kind=VisitKind.VIDEO, currency=Currency.INR), DoctorOrder.FEE),
    "the best": (Wanted(), DoctorOrder.RATING),
}


def run(report: Report) -> None:
    with own_database():
        _fill()
        report.tell(f"next free slots of {DOCTORS:,} doctors, all anew", ms(timed(refresh_next_free)))
        analyse("appointments_doctor")
        for name, (wanted, order) in SEARCHES.items():
            took = _measured(_search(wanted, order))
            report.hold(name, took, "median < 100 ms", holds=took.median < BAR)
        connection.close()
    report.note("In one process: the page's rows, their places, and their slots as they are at that moment.")


def _measured(act: Callable[[], None]) -> Spread:
    return repeated(lambda _: timed(act), most=50)


def _search(wanted: Wanted, order: DoctorOrder) -> Callable[[], None]:
    def act() -> None:
        page = searching.doctors_for(wanted, order).order_by("position", "pk")[:PAGE]
        if not searching.shown(page, wanted, clock.now()):
            raise RuntimeError("nobody was found")

    return act


def _fill() -> None:
    say(f"  {DOCTORS:,} doctors, {DOCTORS * BOOKED_EACH:,} appointments ...")
    said = [(number, FIELDS[number % len(FIELDS)], (6 * 60, 22 * 60)) for number in range(DOCTORS)]
    doctors = practices.make_doctors(said)
    since = clock.now()
    for index, doctor in enumerate(doctors):
        crowd = User.objects.bulk_create(
            User(phone=f"+9172{index * BOOKED_EACH + number:08d}", name="Patient", city="Pune")
            for number in range(BOOKED_EACH)
        )
        practices.book(doctor, BOOKED_EACH, since=since, per_day=BOOKED_EACH, patients=crowd)
    analyse("appointments_doctor", "appointments_appointment", "appointments_weeklyhours", "appointments_place")
