"""Booking under many hands: one time is one patient's, one patient is in one place, money books or goes back."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from appointments import jobs
from appointments.errors import SlotTaken
from appointments.models import Appointment, Doctor, Waiting
from appointments.services import ending, holding, late, moving, visiting, waiting
from appointments.services import paying as settling
from appointments.states import VisitKind
from common import clock
from common.db import unit_of_work
from common.errors import Busy
from common.outbox import drain
from payments.models import Payout, QuotaCounter, Refund
from tests.appointments.scenes import (
    DAY,
    FEE,
    HALF_HOUR,
    NET,
    TOMORROW,
    arrive,
    begin,
    book,
    booked,
    fresh,
    generous,
    make_doctor,
    of_doctor,
    of_patient,
    verbs,
)
from tests.concurrency.scenes import race_test, unlock, without_constraints
from tests.concurrency.scenes import waiting as then_wait
from tests.factories import make_user
from tests.races import meeting, names, race, without_locks

pytestmark = race_test
SLOTS = (Appointment, "doctor_has_one_at_a_time")
PATIENTS = (Appointment, "patient_has_one_at_a_time")
OVER = dt.timedelta(minutes=21)


def booking_of(doctor, patient, **values):
    return lambda: book(doctor, patient=patient, **values)


def no_turns(monkeypatch):
    """Let nobody wait for anybody's turn."""
    for module in ("booking", "late", "moving", "waiting"):
        monkeypatch.setattr(f"appointments.services.{module}.take_turn", lambda _: None)


def look_together(monkeypatch, wait):
    """Have everybody find the time free before anybody writes."""
    monkeypatch.setattr(holding, "slot_at", then_wait(holding.slot_at, wait))


def test_fifty_patients_for_one_time_are_one_patient():
    doctor, patients = make_doctor(), [make_user() for _ in range(50)]

    outcomes = race(*[booking_of(doctor, patient) for patient in patients])

    assert names(outcomes).count("Appointment") == 1
    assert all(isinstance(one, (Appointment, SlotTaken, Busy)) for one in outcomes)
    assert QuotaCounter.objects.filter(used__gt=0).count() == 1


def test_the_constraint_alone_gives_a_time_to_one(monkeypatch):
    doctor, patients = make_doctor(), [make_user() for _ in range(4)]
    with meeting(4, 5) as wait:
        unlock(monkeypatch, "common.db.lock", after=Doctor, wait=lambda: None)
        look_together(monkeypatch, wait)

        outcomes = race(*[booking_of(doctor, patient) for patient in patients])

    assert names(outcomes).count("Appointment") == 1
    assert set(names(outcomes)) <= {"Appointment", "SlotTaken", "Busy"}


def test_without_lock_and_constraint_a_time_is_given_twice(monkeypatch):
    doctor, patients = make_doctor(), [make_user() for _ in range(2)]
    with without_constraints(SLOTS), meeting(2, 5) as wait:
        unlock(monkeypatch, "common.db.lock", after=Doctor, wait=lambda: None)
        look_together(monkeypatch, wait)

        race(*[booking_of(doctor, patient) for patient in patients])

        assert Appointment.objects.filter(starts_at=TOMORROW).count() == 2


def test_one_patient_who_books_two_doctors_at_once_sees_one():
    doctors, patient = [make_doctor() for _ in range(5)], make_user()

    outcomes = race(*[booking_of(doctor, patient) for doctor in doctors])

    assert Counter(names(outcomes)) == {"Appointment": 1, "PatientBusy": 4}


def test_without_turn_and_constraint_a_patient_is_in_two_places(monkeypatch):
    doctors, patient = [make_doctor() for _ in range(2)], make_user()
    with without_constraints(PATIENTS), meeting(2, 5) as wait:
        no_turns(monkeypatch)
        look_together(monkeypatch, wait)

        race(*[booking_of(doctor, patient) for doctor in doctors])

        assert Appointment.objects.filter(patient=patient).count() == 2


def test_parallel_bookings_never_exceed_the_plan():
    doctor, patient = make_doctor(), make_user()
    times = [TOMORROW + number * HALF_HOUR for number in range(6)]

    outcomes = race(*[booking_of(doctor, patient, starts_at=at, kind="video") for at in times])

    assert names(outcomes).count("Appointment") == 2
    assert QuotaCounter.objects.get(user=patient).used == 2


def test_without_turns_and_locks_parallel_bookings_beat_the_plan(monkeypatch):
    doctors, patient = [make_doctor(video_fee_minor=0) for _ in range(4)], make_user()
    times = [TOMORROW + number * HALF_HOUR for number in range(4)]
    book(doctors[0], patient=patient, starts_at=TOMORROW + DAY)  # from now on the counter is there
    with meeting(4, 5) as wait:
        no_turns(monkeypatch)
        unlock(monkeypatch, "common.db.lock", after=QuotaCounter, wait=wait)

        race(*[booking_of(doctor, patient, starts_at=at) for doctor, at in zip(doctors, times, strict=True)])

    assert Appointment.objects.filter(patient=patient).count() > 2


def test_moving_and_booking_the_same_time_at_once_leave_one_and_the_old_time_to_the_loser():
    doctor = make_doctor()
    row = booked(doctor)

    outcomes = race(
        lambda: moving.reschedule(**of_patient(row), starts_at=TOMORROW + DAY),
        booking_of(doctor, make_user(), starts_at=TOMORROW + DAY),
    )

    assert names(outcomes) == ["Appointment", "SlotTaken"]
    assert Appointment.objects.filter(starts_at=TOMORROW + DAY).count() == 1
    assert fresh(row).status == "confirmed"


def test_without_lock_and_constraint_moving_and_booking_both_get_the_time(monkeypatch):
    doctor = make_doctor()
    row = booked(doctor)
    with without_constraints(SLOTS), meeting(2, 5) as wait:
        unlock(monkeypatch, "common.db.lock", "appointments.services.moving.lock", after=Doctor, wait=lambda: None)
        look_together(monkeypatch, wait)
        look = moving.find_slot  # twice, as booking does, so that both looks meet
        monkeypatch.setattr(moving, "find_slot", lambda *of, **more: [look(*of, **more) for _ in range(2)][-1])

        race(
            lambda: moving.reschedule(**of_patient(row), starts_at=TOMORROW + DAY),
            booking_of(doctor, make_user(), starts_at=TOMORROW + DAY),
        )

        assert Appointment.objects.filter(starts_at=TOMORROW + DAY).count() == 2


@pytest.mark.parametrize("attempt", range(3))
def test_money_and_the_end_of_a_hold_at_once_book_or_give_back(noon, attempt):
    doctor = make_doctor()
    row = book(doctor)
    payment = begin(row)
    noon.shift(OVER)

    race(lambda: arrive(payment), jobs.lapse_holds, booking_of(doctor, make_user()))
    drain()

    payment.refresh_from_db()
    is_booked = fresh(row).status == "confirmed"
    assert payment.is_applied is is_booked
    assert sum(Refund.objects.values_list("amount_minor", flat=True)) == (0 if is_booked else FEE)
    assert Appointment.objects.filter(doctor=doctor, status__in=["held", "confirmed"]).count() == 1


def test_without_the_lock_a_hold_ends_although_its_money_books_it(noon, monkeypatch):
    row = book(make_doctor())
    payment = begin(row)
    noon.shift(OVER)
    arrive(payment)
    with meeting(2, 5) as wait:
        unlock(
            monkeypatch,
            *("appointments.services.steps.lock", "appointments.services.late.lock"),
            after=Appointment,
            wait=wait,
        )

        def tell():
            with unit_of_work():
                late.take_money(reference=row.pk, payment_id=payment.pk, is_late=True)

        race(tell, lambda: holding.lapse_if_due(appointment_id=row.pk))

    payment.refresh_from_db()
    assert payment.is_applied
    assert set(verbs(row)) == {"hold", "confirm", "lapse"}


def test_money_told_of_by_many_books_once():
    row = book(make_doctor())
    arrive(begin(row))

    race(*[drain for _ in range(4)])

    assert verbs(row) == ["hold", "confirm"]


def test_without_the_lock_money_that_is_told_of_twice_books_twice(monkeypatch):
    row = book(make_doctor())
    payment = begin(row)
    with meeting(2, 5) as wait:
        no_turns(monkeypatch)
        unlock(monkeypatch, "common.db.lock", "appointments.services.late.lock", after=Appointment, wait=wait)

        def tell():
            with unit_of_work():
                late.take_money(reference=row.pk, payment_id=payment.pk, is_late=False)

        race(tell, tell)

    assert verbs(row).count("confirm") == 2


def test_a_visit_is_completed_and_paid_out_once(noon):
    row = booked(make_doctor())
    noon.move_to(row.starts_at)
    visiting.start(**of_doctor(row))

    outcomes = race(*[lambda: visiting.complete(**of_doctor(row)) for _ in range(6)])
    race(*[drain for _ in range(4)])

    assert Counter(names(outcomes)) == {"Appointment": 1, "IllegalTransition": 5}
    assert list(Payout.objects.values_list("amount_minor", flat=True)) == [NET]


def settle(row):
    def act():
        with unit_of_work():
            settling.settle_end(appointment_id=row.pk)

    return act


def test_an_end_that_is_settled_by_many_is_settled_once(noon):  # its control is that of payouts
    row = booked(make_doctor())
    noon.move_to(row.starts_at)
    visiting.start(**of_doctor(row))
    visiting.complete(**of_doctor(row))

    race(*[settle(row) for _ in range(4)])

    assert list(Payout.objects.values_list("amount_minor", flat=True)) == [NET]


def offer_of(doctor):
    def act():
        with unit_of_work():
            return waiting.offer(doctor_id=doctor.pk, starts_at=TOMORROW)

    return act


def wait_for(doctor):
    today = clock.today(doctor.zone)
    return waiting.join(
        doctor_id=doctor.pk,
        patient_id=make_user().pk,
        kind=VisitKind.VIDEO,
        first_day=today,
        last_day=today + DAY,
    )


def test_a_freed_time_is_offered_once_and_not_to_whoever_lost_it_to_a_booking():
    doctor = make_doctor()
    for _ in range(3):
        wait_for(doctor)

    outcomes = race(*[offer_of(doctor) for _ in range(5)], booking_of(doctor, make_user()))

    assert Appointment.objects.filter(status="held").count() == 1
    assert names(outcomes).count("Appointment") == 1
    assert Waiting.objects.filter(status="offered").count() == Appointment.objects.filter(origin="waitlist").count()


def test_without_lock_and_constraint_a_freed_time_is_offered_twice(monkeypatch):
    doctor = make_doctor()
    first = wait_for(doctor)
    wait_for(doctor)
    with without_constraints(SLOTS), meeting(2, 5) as wait:
        unlock(monkeypatch, "common.db.lock", after=Doctor, wait=lambda: None)
        monkeypatch.setattr(waiting, "slot_at", then_wait(waiting.slot_at, wait))
        monkeypatch.setattr(waiting, "lock", without_locks)

        race(offer_of(doctor), offer_of(doctor))

        assert Appointment.objects.filter(starts_at=TOMORROW, patient=first.patient).count() <= 2
        assert Appointment.objects.filter(starts_at=TOMORROW).count() == 2


def test_cancelling_by_both_sides_at_once_is_one_end():
    row = booked(make_doctor())

    outcomes = race(
        lambda: ending.cancel_as_patient(**of_patient(row)),
        lambda: ending.cancel_as_doctor(**of_doctor(row), reason="Ill."),
    )
    drain()

    assert names(outcomes) == ["Appointment", "IllegalTransition"]
    assert Refund.objects.count() == 1


def test_a_patient_who_keeps_two_times_gets_no_third_by_being_quick():
    generous()
    doctor, patient = make_doctor(), make_user()
    times = [TOMORROW + number * HALF_HOUR for number in range(6)]

    outcomes = race(*[booking_of(doctor, patient, starts_at=at) for at in times])

    assert Counter(names(outcomes)) == {"Appointment": 2, "TooManyHolds": 4}
    assert not any(isinstance(one, SlotTaken) for one in outcomes)
