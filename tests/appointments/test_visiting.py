"""The day of the visit: who may do what when, who did not come, and another time."""

from __future__ import annotations

import datetime as dt

import pytest

from appointments import jobs
from appointments.errors import (
    AppointmentOver,
    CheckInClosed,
    PatientBusy,
    PatientIsThere,
    RescheduledTooOften,
    SlotTaken,
    TooEarlyToMiss,
    TooEarlyToStart,
    TooLateToReschedule,
)
from appointments.models import AppointmentEvent, TimeException
from appointments.selectors.presence import Came, absent_in
from appointments.services import ending, moving, visiting
from appointments.states import EndedBy
from common.db import unit_of_work
from common.errors import IllegalTransition, NotFound
from common.models import OutboxEvent
from common.outbox import drain, emit
from payments.models import Payout, Purchase, Refund
from tests.appointments.scenes import (
    DAY,
    FEE,
    HALF_HOUR,
    NET,
    TOMORROW,
    book,
    booked,
    fresh,
    generous,
    make_doctor,
    of_doctor,
    of_patient,
    verbs,
)

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def move(row, starts_at):
    return moving.reschedule(**of_patient(row), starts_at=starts_at)


def gone_back():
    return sum(Refund.objects.values_list("amount_minor", flat=True))


def events(name):
    return list(OutboxEvent.objects.filter(name=name).order_by("pk").values_list("payload", flat=True))


def test_a_visit_runs_from_check_in_to_its_end_and_is_told_at_each_step(noon):
    row = booked(make_doctor())
    noon.move_to(row.starts_at - 10 * MINUTE)

    visiting.check_in(**of_patient(row))
    visiting.check_in(**of_patient(row))
    visiting.start(**of_doctor(row))
    visiting.complete(**of_doctor(row))

    assert verbs(row) == ["hold", "confirm", "check_in", "start", "complete"]
    told = events("appointment.completed")[0]
    assert told == {
        "appointment": str(row.pk),
        "doctor": str(row.doctor_id),
        "doctor_user": str(row.doctor.user_id),
        "patient": str(row.patient_id),
        "kind": "video",
        "starts_at": row.starts_at.isoformat(),
        "sequence": 0,
    }


def test_nobody_checks_in_or_starts_long_before(noon):
    row = booked(make_doctor())
    noon.move_to(row.starts_at - 31 * MINUTE)

    with pytest.raises(CheckInClosed):
        visiting.check_in(**of_patient(row))
    with pytest.raises(TooEarlyToStart):
        visiting.start(**of_doctor(row))


def test_a_visit_is_not_started_hours_after_it_though_no_sweep_has_run(noon):
    row = booked(make_doctor())
    noon.move_to(row.ends_at + ending.CLOSE_AFTER)

    with pytest.raises(AppointmentOver):
        visiting.start(**of_doctor(row))


def test_another_doctor_or_patient_finds_nothing(noon):
    row, other, stranger = booked(make_doctor()), make_doctor(), booked(make_doctor())
    noon.move_to(row.starts_at)
    theirs = {"appointment_id": row.pk, "doctor_id": other.pk}
    mine = {"appointment_id": row.pk, "patient_id": stranger.patient_id}

    for act in (visiting.start, visiting.complete, ending.miss_as_doctor):
        with pytest.raises(NotFound):
            act(**theirs)
    for act in (visiting.check_in, ending.miss_as_patient, ending.cancel_as_patient):
        with pytest.raises(NotFound):
            act(**mine)
    with pytest.raises(NotFound):
        moving.reschedule(**mine, starts_at=TOMORROW + DAY)
    assert fresh(row).status == "confirmed"


def test_a_patient_who_did_not_come_pays_and_the_doctor_earns(noon):
    row = booked(make_doctor())
    noon.move_to(row.starts_at + 14 * MINUTE)
    with pytest.raises(TooEarlyToMiss):
        ending.miss_as_doctor(**of_doctor(row))
    noon.shift(2 * MINUTE)

    ending.miss_as_doctor(**of_doctor(row))
    drain()

    assert (fresh(row).status, fresh(row).ended_by, gone_back()) == ("missed", "patient", 0)
    assert Payout.objects.get().amount_minor == NET


def test_a_patient_who_checked_in_was_there(noon):
    row = booked(make_doctor())
    noon.move_to(row.starts_at)
    visiting.check_in(**of_patient(row))
    noon.shift(20 * MINUTE)

    with pytest.raises(PatientIsThere):
        ending.miss_as_doctor(**of_doctor(row))


def test_a_doctor_who_did_not_come_gives_everything_back_unless_the_visit_was_started(noon):
    doctor = make_doctor()
    row, started = booked(doctor), booked(doctor, starts_at=TOMORROW + HALF_HOUR)
    noon.move_to(row.starts_at + 16 * MINUTE)
    visiting.start(**of_doctor(started))

    ending.miss_as_patient(**of_patient(row))
    with pytest.raises(IllegalTransition):
        ending.miss_as_patient(**of_patient(started))
    drain()

    assert (fresh(row).status, fresh(row).ended_by, gone_back()) == ("missed", "doctor", FEE)
    assert not Payout.objects.exists()


def test_what_nobody_started_is_closed_and_what_nobody_ended_is_completed(noon):
    doctor = make_doctor()
    row, started = booked(doctor), booked(doctor, starts_at=TOMORROW + HALF_HOUR)
    noon.move_to(started.starts_at)
    visiting.start(**of_doctor(started))
    assert jobs.close_visits() == 0
    noon.shift(dt.timedelta(hours=7))

    assert jobs.close_visits() == 2
    drain()

    assert (fresh(row).status, fresh(row).ended_by) == ("missed", "doctor")
    assert fresh(started).status == "completed"
    assert (gone_back(), Payout.objects.get().amount_minor) == (FEE, NET)


@pytest.mark.parametrize(("patient", "doctor", "absent"), [(0, 0, "doctor"), (1, 0, "doctor"), (0, 1, "patient")])
def test_only_a_doctor_who_waited_alone_leaves_the_patient_absent(patient, doctor, absent):
    assert absent_in(Came(patient=bool(patient), doctor=bool(doctor))) == absent


def test_a_visit_moves_with_its_payment_and_the_old_time_is_free():
    doctor = make_doctor(full_refund_hours=4)
    row = booked(doctor)

    moved = move(row, TOMORROW + DAY)

    assert (moved.starts_at, moved.sequence, moved.status) == (TOMORROW + DAY, 1, "confirmed")
    assert moved.full_refund_until - row.full_refund_until == DAY
    assert Purchase.objects.get().status == "paid"
    assert book(doctor).status == "held"
    assert events("appointment.rescheduled")[0]["was"] == row.starts_at.isoformat()


def test_where_the_new_time_is_taken_the_old_one_stays():
    doctor = make_doctor()
    row = booked(doctor)
    book(doctor, starts_at=TOMORROW + DAY)

    with pytest.raises(SlotTaken):
        move(row, TOMORROW + DAY)

    assert (fresh(row).starts_at, fresh(row).sequence) == (TOMORROW, 0)


def test_a_visit_does_not_move_onto_another_of_the_patients():
    doctor, other = make_doctor(), make_doctor()
    row = booked(doctor)
    booked(other, patient=row.patient, starts_at=TOMORROW + DAY)

    with pytest.raises(PatientBusy):
        move(row, TOMORROW + DAY)


def test_a_visit_may_move_into_a_part_of_its_own_time():
    row = booked(make_doctor(buffer_after_minutes=0, consult_minutes=60))

    assert move(row, TOMORROW + 2 * HALF_HOUR).starts_at == TOMORROW + 2 * HALF_HOUR


def test_a_visit_moves_three_times_and_not_within_the_last_hour(noon):
    row = booked(make_doctor())
    for number in range(3):
        move(row, TOMORROW + (number + 1) * HALF_HOUR)
    with pytest.raises(RescheduledTooOften):
        move(row, TOMORROW)
    noon.move_to(TOMORROW + HALF_HOUR + MINUTE)

    with pytest.raises(TooLateToReschedule):
        move(row, TOMORROW + DAY)


def test_who_moves_late_is_not_better_off_than_who_cancels_late(noon):
    row = booked(make_doctor(full_refund_hours=4))
    noon.move_to(row.starts_at - dt.timedelta(hours=3))
    move(row, TOMORROW + 7 * DAY)

    ending.cancel_as_patient(**of_patient(row))
    drain()

    assert gone_back() == FEE // 2


def test_a_held_visit_is_not_moved():
    row = book(make_doctor())

    with pytest.raises(IllegalTransition):
        move(row, TOMORROW + DAY)


def test_a_suspended_doctors_visits_are_cancelled_with_all_their_money():
    doctor, other = make_doctor(), make_doctor()
    row, held = booked(doctor), book(doctor, starts_at=TOMORROW + HALF_HOUR)
    elsewhere = booked(other)

    say("doctor.suspended", doctor=str(doctor.pk))

    assert [fresh(one).status for one in (row, held, elsewhere)] == ["cancelled", "cancelled", "confirmed"]
    assert (fresh(row).ended_by, gone_back()) == ("platform", FEE)


def test_leave_cancels_what_it_overlaps():
    doctor = make_doctor()
    inside, after = booked(doctor), booked(doctor, starts_at=TOMORROW + 2 * HALF_HOUR)
    begin, end = TOMORROW + MINUTE, TOMORROW + HALF_HOUR
    TimeException.objects.create(doctor=doctor, starts_at=begin, ends_at=end, is_leave=True)

    say("doctor.leave_added", doctor=str(doctor.pk), since=begin.isoformat(), until=end.isoformat())

    assert [fresh(one).status for one in (inside, after)] == ["cancelled", "confirmed"]
    assert fresh(inside).ended_by == EndedBy.DOCTOR


def test_whoever_is_gone_has_no_visit_ahead_and_no_reason_left():
    generous()
    row = booked(make_doctor(), reason="Headache")
    other = booked(row.doctor, patient=row.patient, starts_at=TOMORROW + DAY)
    ending.cancel_as_patient(**of_patient(other), reason="The headache is gone.")

    say("account.erased", user=str(row.patient_id))

    assert (fresh(row).status, fresh(row).reason, gone_back()) == ("cancelled", None, 2 * FEE)
    assert fresh(other).end_reason is None
    assert "headache" not in str(list(AppointmentEvent.objects.values_list("facts", flat=True)))


def say(name, **payload):
    with unit_of_work():
        emit(name, key="test", **payload)
    drain()
