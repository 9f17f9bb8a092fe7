"""The waitlist: who is first is asked first, for a while, and then the next."""

from __future__ import annotations

import datetime as dt

import pytest

from appointments import jobs
from appointments.errors import AlreadyWaiting, OwnPatient, TooManyWaits, WaitlistDaysInvalid
from appointments.models import Appointment, Waiting
from appointments.services import availability, ending, holding, moving, waiting
from appointments.states import VisitKind
from common import clock
from common.errors import IllegalTransition, NotFound
from common.outbox import drain
from payments.models import Purchase, QuotaCounter
from tests.appointments.scenes import (
    DAY,
    HALF_HOUR,
    TOMORROW,
    arrive,
    begin,
    book,
    booked,
    make_doctor,
    of_patient,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def wait(doctor, patient=None, **values):
    today = clock.today(doctor.zone)
    wish = {"kind": VisitKind.VIDEO, "first_day": today, "last_day": today + 7 * DAY}
    return waiting.join(doctor_id=doctor.pk, patient_id=(patient or make_user()).pk, **{**wish, **values})


def free(row):
    ending.cancel_as_patient(**of_patient(row))
    drain()


def offers():
    return Appointment.objects.filter(origin="waitlist")


def statuses(*rows):
    return [Waiting.objects.get(pk=row.pk).status for row in rows]


def test_a_freed_time_is_held_for_the_first_who_waits():
    doctor = make_doctor()
    row = booked(doctor)
    first, second = wait(doctor), wait(doctor)

    free(row)

    held = offers().get()
    assert (held.patient_id, held.starts_at, held.status) == (first.patient_id, row.starts_at, "held")
    assert Purchase.objects.filter(reference=held.pk, status="open").exists()
    assert statuses(first, second) == ["offered", "waiting"]


def test_what_is_not_taken_in_time_is_offered_to_the_next_and_costs_nobodys_quota(noon):
    doctor = make_doctor()
    row = booked(doctor)
    first, second = wait(doctor), wait(doctor)
    free(row)
    noon.shift(dt.timedelta(minutes=21))

    jobs.lapse_holds()
    drain()

    assert statuses(first, second) == ["passed", "offered"]
    assert offers().get(status="held").patient_id == second.patient_id
    assert QuotaCounter.objects.get(user=first.patient_id).used == 0


def test_whoever_pays_has_taken_the_offer():
    doctor = make_doctor()
    row = booked(doctor)
    first = wait(doctor)
    free(row)

    arrive(begin(offers().get()))
    drain()

    assert (offers().get().status, statuses(first)) == ("confirmed", ["taken"])


def test_an_offer_that_costs_nothing_is_taken_by_agreeing():
    doctor = make_doctor(video_fee_minor=0)
    row = booked(doctor)
    first = wait(doctor)
    free(row)

    holding.agree(**of_patient(offers().get()))

    assert (offers().get().status, statuses(first)) == ("confirmed", ["taken"])


@pytest.mark.parametrize(
    "wish",
    [
        {"kind": VisitKind.IN_PERSON, "earliest_minute": 601},
        {"earliest_minute": 601},
        {"latest_minute": 600},
        {"first_day": dt.date(2030, 5, 3)},
        {"last_day": dt.date(2030, 5, 1)},
    ],
)
def test_whom_the_time_does_not_fit_is_not_asked(wish):
    doctor = make_doctor()
    row = booked(doctor)
    passed_over = wait(doctor, **wish)

    free(row)

    assert statuses(passed_over) == ["waiting"]


def test_who_has_no_quota_or_is_elsewhere_is_passed_over():
    doctor, other = make_doctor(), make_doctor()
    row = booked(doctor)
    spent, busy, third = wait(doctor), wait(doctor), wait(doctor)
    for number in (2, 3):
        booked(other, patient=spent.patient, starts_at=TOMORROW + number * HALF_HOUR)
    booked(other, patient=busy.patient)

    free(row)

    assert statuses(spent, busy, third) == ["waiting", "waiting", "offered"]


def test_a_time_given_back_by_moving_or_lapsing_is_offered_too(noon):
    doctor = make_doctor()
    row, held = booked(doctor), book(doctor, starts_at=TOMORROW + HALF_HOUR)
    first, second = wait(doctor), wait(doctor)

    moving.reschedule(**of_patient(row), starts_at=TOMORROW + DAY)
    drain()
    noon.shift(dt.timedelta(minutes=21))
    jobs.lapse_holds()
    drain()

    assert statuses(first, second) == ["passed", "offered"]
    assert held.starts_at in offers().values_list("starts_at", flat=True)


def test_a_time_that_somebody_booked_meanwhile_is_offered_to_nobody():
    doctor = make_doctor()
    row = booked(doctor)
    first = wait(doctor)
    ending.cancel_as_patient(**of_patient(row))
    book(doctor)

    drain()

    assert statuses(first) == ["waiting"]


def test_one_waits_once_for_a_doctor_and_for_five_at_most():
    doctor, patient = make_doctor(), make_user()
    wait(doctor, patient)

    with pytest.raises(AlreadyWaiting):
        wait(doctor, patient)


def test_one_waits_for_five_doctors_at_most(noon):
    patient, doctors = make_user(), [make_doctor() for _ in range(6)]
    for doctor in doctors[:5]:
        wait(doctor, patient)
    with pytest.raises(TooManyWaits):
        wait(doctors[5], patient)
    noon.shift(8 * DAY)

    assert wait(doctors[5], patient).status == "waiting"


def test_one_waits_for_days_to_come_and_not_for_oneself():
    doctor = make_doctor()
    today = clock.today(doctor.zone)

    for days in ((today - 2 * DAY, today - DAY), (today + DAY, today), (today, today + 400 * DAY)):
        with pytest.raises(WaitlistDaysInvalid):
            wait(doctor, first_day=days[0], last_day=days[1])
    with pytest.raises(OwnPatient):
        wait(doctor, doctor.user)


def test_a_place_is_left_by_its_owner_and_an_offer_is_not():
    doctor = make_doctor()
    row = booked(doctor)
    first = wait(doctor)
    with pytest.raises(NotFound):
        waiting.leave(waiting_id=first.pk, patient_id=make_user().pk)
    second = wait(doctor)
    free(row)

    waiting.leave(waiting_id=second.pk, patient_id=second.patient_id)

    assert statuses(first, second) == ["offered", "left"]
    with pytest.raises(IllegalTransition):
        waiting.leave(waiting_id=first.pk, patient_id=first.patient_id)


def test_the_times_of_a_leave_that_is_taken_back_are_offered_each_to_one():
    doctor = make_doctor()
    leave = availability.add_leave(doctor_id=doctor.pk, starts_at=TOMORROW, ends_at=TOMORROW + 2 * HALF_HOUR)
    asked = [wait(doctor, earliest_minute=600) for _ in range(3)]

    availability.end_exception(doctor_id=doctor.pk, exception_id=leave.pk)
    drain()

    assert statuses(*asked) == ["offered", "offered", "waiting"]
    assert sorted(offers().values_list("starts_at", flat=True)) == [TOMORROW, TOMORROW + HALF_HOUR]


def test_an_offer_that_is_refused_costs_no_quota_and_goes_to_the_next():
    doctor = make_doctor()
    row = booked(doctor)
    first, second = wait(doctor), wait(doctor)
    free(row)

    free(offers().get())

    assert statuses(first, second) == ["passed", "offered"]
    assert QuotaCounter.objects.get(user=first.patient_id).used == 0
