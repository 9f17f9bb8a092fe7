"""Booking: one time is one patient's, the server sets every value, nobody hoards."""

from __future__ import annotations

import datetime as dt

import pytest

from appointments import jobs
from appointments.errors import (
    AppointmentUnpaid,
    OwnPatient,
    PatientBusy,
    SlotNotOffered,
    SlotTaken,
    TooManyHolds,
)
from appointments.models import Appointment
from appointments.recurrence import moments
from appointments.services import booking, ending, holding
from appointments.states import AppointmentStatus, Every, VisitKind
from common.errors import IllegalTransition, NotFound
from common.models import OutboxEvent
from common.outbox import drain
from payments.errors import QuotaExceeded
from payments.models import Purchase, QuotaCounter
from tests.appointments.scenes import (
    DAY,
    FEE,
    HALF_HOUR,
    TOMORROW,
    book,
    booked,
    fresh,
    generous,
    make_doctor,
    of_doctor,
    of_patient,
    seen,
    verbs,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def used(user):
    return sum(QuotaCounter.objects.filter(user=user).values_list("used", flat=True))


def series(doctor, patient, times, every=Every.WEEK, starts_at=TOMORROW):
    return booking.book_series(
        patient_id=patient.pk,
        doctor_id=doctor.pk,
        starts_at=starts_at,
        kind=VisitKind.VIDEO,
        reason="",
        every=every,
        times=times,
    )


def test_a_time_is_held_at_the_doctors_price_and_rules_until_it_is_paid(noon):
    doctor = make_doctor(buffer_before_minutes=5, buffer_after_minutes=10, full_refund_hours=12)

    row = book(doctor, starts_at=TOMORROW - 2 * HALF_HOUR, reason="Headache")

    assert (row.status, row.terms, row.fee_minor, row.currency) == ("held", "prepaid", FEE, "INR")
    assert row.ends_at - row.starts_at == HALF_HOUR
    assert (row.starts_at - row.busy_from, row.busy_until - row.ends_at) == (5 * MINUTE, 10 * MINUTE)
    assert row.full_refund_until == row.starts_at - 12 * dt.timedelta(hours=1)
    purchase = Purchase.objects.get(reference=row.pk)
    assert (purchase.amount_minor, purchase.fee_minor) == (FEE, FEE // 10)
    assert purchase.closes_at == row.pay_by < row.hold_expires_at
    assert verbs(row) == ["hold"]


def test_what_is_paid_at_the_visit_or_free_is_confirmed_at_once():
    clinic = make_doctor(pay_at_visit=True)
    free = make_doctor(video_fee_minor=0)

    there, gift = book(clinic, kind="in_person"), book(free)

    assert (there.status, there.terms, there.place.doctor_id) == ("confirmed", "at_visit", clinic.pk)
    assert (gift.status, gift.terms, gift.place) == ("confirmed", "free", None)
    assert not Purchase.objects.exists()


@pytest.mark.parametrize("shift", [dt.timedelta(minutes=7), dt.timedelta(hours=10), -2 * DAY, 90 * DAY])
def test_a_time_that_is_no_slot_is_refused(shift):
    doctor = make_doctor()

    with pytest.raises(SlotNotOffered):
        book(doctor, starts_at=TOMORROW + shift)


def test_a_taken_time_is_refused_by_name_and_so_is_a_patient_who_is_elsewhere():
    doctor, other, patient = make_doctor(), make_doctor(), make_user()
    book(doctor, patient=patient)

    with pytest.raises(SlotTaken):
        book(doctor)
    with pytest.raises(PatientBusy):
        book(other, patient=patient)


def test_nobody_books_a_doctor_who_is_not_live_or_oneself():
    pending, doctor = make_doctor(status="pending"), make_doctor()

    with pytest.raises(NotFound):
        book(pending)
    with pytest.raises(OwnPatient):
        book(doctor, patient=doctor.user)


def test_a_hold_that_is_over_stands_in_nobodys_way_though_no_sweep_has_run(noon):
    generous()
    doctor, other = make_doctor(), make_doctor()
    first = book(doctor)
    mine = book(other, patient=first.patient, starts_at=TOMORROW + HALF_HOUR)
    noon.shift(dt.timedelta(minutes=21))

    second = book(doctor)
    assert fresh(first).status == "lapsed"
    third = book(doctor, patient=first.patient, starts_at=TOMORROW + HALF_HOUR)

    assert [fresh(row).status for row in (first, mine, second, third)] == ["lapsed", "lapsed", "held", "held"]
    assert fresh(first).ended_by == "unpaid"


def test_the_sweep_lapses_what_is_over_and_nothing_else(noon):
    doctor = make_doctor()
    row, later = book(doctor), booked(doctor, starts_at=TOMORROW + HALF_HOUR)
    assert jobs.lapse_holds() == 0
    noon.shift(dt.timedelta(minutes=21))

    assert fresh(row).stands is AppointmentStatus.LAPSED
    assert jobs.lapse_holds() == 1
    assert jobs.lapse_holds() == 0

    assert (fresh(row).status, fresh(later).status) == ("lapsed", "confirmed")


def test_a_patient_keeps_two_times_without_paying_and_no_third():
    generous()
    doctor, patient = make_doctor(), make_user()
    for number in range(2):
        book(doctor, patient=patient, starts_at=TOMORROW + number * HALF_HOUR)

    with pytest.raises(TooManyHolds):
        book(doctor, patient=patient, starts_at=TOMORROW + 2 * HALF_HOUR)


def test_booking_and_cancelling_uses_the_plan_up_and_the_doctors_cancelling_gives_it_back():
    doctor, patient = make_doctor(), make_user()
    kept = booked(doctor, patient=patient)
    gone = booked(doctor, patient=patient, starts_at=TOMORROW + HALF_HOUR)
    ending.cancel_as_patient(**of_patient(gone))
    drain()

    with pytest.raises(QuotaExceeded):
        book(doctor, patient=patient, starts_at=TOMORROW + 2 * HALF_HOUR)
    ending.cancel_as_doctor(**of_doctor(kept), reason="I am ill.")
    drain()

    assert used(patient) == 1
    assert book(doctor, patient=patient, starts_at=TOMORROW + 2 * HALF_HOUR).status == "held"


def test_one_unpaid_hold_in_a_month_is_forgiven_and_no_second(noon):
    doctor, patient = make_doctor(), make_user()
    for _ in range(2):
        book(doctor, patient=patient)
        noon.shift(dt.timedelta(minutes=21))
        jobs.lapse_holds()
        drain()

    assert used(patient) == 1


def test_a_refusal_leaves_nothing_behind():
    doctor, patient = make_doctor(), make_user()
    book(doctor)
    before = OutboxEvent.objects.count()

    with pytest.raises(SlotTaken):
        book(doctor, patient=patient)

    assert (used(patient), OutboxEvent.objects.count(), Appointment.objects.count()) == (0, before, 1)


def test_a_series_is_at_the_same_wall_time_across_summer_time():
    start = dt.datetime(2030, 3, 24, 9, tzinfo=dt.UTC)

    found = moments(start, every=Every.WEEK, times=3, zone="Europe/Berlin")

    assert [moment.hour for moment in found] == [9, 8, 8]


def test_a_month_later_is_the_same_day_or_the_last():
    start = dt.datetime(2030, 1, 31, 9, tzinfo=dt.UTC)

    found = moments(start, every=Every.MONTH, times=4, zone="UTC")

    assert [(moment.month, moment.day) for moment in found] == [(1, 31), (2, 28), (3, 31), (4, 30)]


def test_a_series_is_booked_whole_each_visit_paid_by_itself():
    generous()
    doctor, patient = make_doctor(), make_user()

    rows = series(doctor, patient, 4)

    assert [row.starts_at - TOMORROW for row in rows] == [number * 7 * DAY for number in range(4)]
    assert len({row.series for row in rows}) == 1
    assert Purchase.objects.filter(reference__in=[row.pk for row in rows], status="open").count() == 4
    assert used(patient) == 4


def test_a_series_of_which_one_time_is_taken_is_not_booked_at_all():
    generous()
    doctor, patient = make_doctor(), make_user()
    book(doctor, starts_at=TOMORROW + 14 * DAY)

    with pytest.raises(SlotTaken) as refused:
        series(doctor, patient, 4)

    assert refused.value.facts["starts_at"].startswith("2030-05-16")
    assert not Appointment.objects.filter(patient=patient).exists()
    assert used(patient) == 0


def test_a_series_is_counted_whole_by_the_plan():
    with pytest.raises(QuotaExceeded):
        series(make_doctor(), make_user(), 3)

    assert not Appointment.objects.exists()


def test_what_is_ahead_of_a_series_is_cancelled_and_what_was_held_stays(noon):
    generous()
    doctor, patient = make_doctor(video_fee_minor=0), make_user()
    rows = series(doctor, patient, 3)
    noon.move_to(rows[1].starts_at - HALF_HOUR)

    ending.cancel_series(series=rows[0].series, patient_id=patient.pk)

    assert [fresh(row).status for row in rows] == ["confirmed", "cancelled", "cancelled"]


def test_a_follow_up_is_held_for_the_patient_and_takes_nothing_of_the_plan(noon):
    doctor = make_doctor()
    row = seen(doctor, noon)
    before = used(row.patient)

    held = booking.propose_follow_up(**of_doctor(row), starts_at=TOMORROW + 7 * DAY, kind=None)

    assert (held.status, held.origin, held.follows_id, held.patient_id) == ("held", "follow_up", row.pk, row.patient_id)
    assert used(row.patient) == before
    with pytest.raises(AppointmentUnpaid):
        holding.agree(**of_patient(held))


def test_a_free_follow_up_is_taken_by_agreeing_within_two_days(noon):
    doctor = make_doctor(video_fee_minor=0)
    row = seen(doctor, noon)
    wanted = [TOMORROW + 7 * DAY, TOMORROW + 8 * DAY]
    first, second = (booking.propose_follow_up(**of_doctor(row), starts_at=at, kind=None) for at in wanted)

    holding.agree(**of_patient(first))
    noon.shift(2 * DAY)

    assert fresh(first).status == "confirmed"
    with pytest.raises(IllegalTransition):
        holding.agree(**of_patient(second))


def test_a_follow_up_is_for_those_who_were_seen_by_this_doctor(noon):
    doctor, other = make_doctor(), make_doctor()
    ahead = booked(doctor)

    with pytest.raises(IllegalTransition):
        booking.propose_follow_up(**of_doctor(ahead), starts_at=TOMORROW + DAY, kind=None)
    with pytest.raises(NotFound):
        booking.propose_follow_up(appointment_id=ahead.pk, doctor_id=other.pk, starts_at=TOMORROW + DAY, kind=None)
