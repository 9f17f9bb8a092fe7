"""Paid in time, paid late, called off, held: what books, what goes back, what the doctor earns."""

from __future__ import annotations

import datetime as dt

import pytest

from appointments import jobs
from appointments.errors import AppointmentOver
from appointments.models import TimeException
from appointments.services import ending, late, visiting
from common.db import unit_of_work
from common.errors import IllegalTransition
from common.models import OutboxEvent
from common.outbox import drain
from payments import payout_selectors
from payments import selectors as payments
from payments.errors import PurchaseClosed
from payments.models import Payout, Purchase, QuotaCounter, Refund
from payments.parties import Party
from payments.services import refunding, subscribing
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
    make_doctor,
    of_doctor,
    of_patient,
    seen,
    verbs,
)
from tests.payments.plan_scenes import subscriber

pytestmark = pytest.mark.django_db
OVER = dt.timedelta(minutes=21)


def gone_back():
    return sum(Refund.objects.values_list("amount_minor", flat=True))


def paid_out():
    return list(Payout.objects.order_by("pk").values_list("amount_minor", "currency"))


def take_leave(row):
    begins = row.starts_at - DAY
    TimeException.objects.create(doctor=row.doctor, starts_at=begins, ends_at=row.ends_at, is_leave=True, kinds=[])


def close_places(row):
    row.doctor.places.update(ended_at=row.starts_at)


def cancel(row):
    ending.cancel_as_patient(**of_patient(row), reason="I feel well.")
    drain()
    return fresh(row)


def test_money_in_time_books():
    row = book(make_doctor())

    arrive(begin(row))
    drain()

    row = fresh(row)
    assert (row.status, row.hold_expires_at, verbs(row)) == ("confirmed", None, ["hold", "confirm"])
    assert row.paid_at is not None


def test_money_told_of_twice_books_once():
    row = booked(make_doctor())
    payment = begin_again(row)

    with unit_of_work():
        late.take_money(reference=row.pk, payment_id=payment.pk, is_late=False)

    assert verbs(row) == ["hold", "confirm"]


def begin_again(row):
    return payments.payments_by(Party.person(row.patient_id)).get()


def test_nobody_may_begin_to_pay_when_the_time_is_over_though_no_sweep_has_run(noon):
    row = book(make_doctor())
    noon.move_to(row.pay_by)

    with pytest.raises(PurchaseClosed):
        begin(row)


def test_money_within_the_grace_books_though_the_time_to_begin_is_over(noon):
    row = book(make_doctor())
    payment = begin(row)
    noon.move_to(row.pay_by + dt.timedelta(minutes=1))

    arrive(payment)
    drain()

    payment.refresh_from_db()
    assert (fresh(row).status, payment.is_applied, gone_back()) == ("confirmed", True, 0)


def test_money_after_the_lapse_books_again_where_the_time_is_free(noon):
    row = book(make_doctor())
    payment = begin(row)
    noon.shift(OVER)
    jobs.lapse_holds()
    drain()

    arrive(payment)
    drain()

    row = fresh(row)
    payment.refresh_from_db()
    assert (row.status, row.ended_by, row.refund_minor) == ("confirmed", "", None)
    assert payment.is_applied
    assert Purchase.objects.get().status == "paid"


@pytest.mark.parametrize("is_swept", [True, False])
def test_money_after_the_lapse_goes_back_at_once_where_the_time_is_taken(noon, is_swept):
    doctor = make_doctor()
    row = book(doctor)
    payment = begin(row)
    noon.shift(OVER)
    assert jobs.lapse_holds() if is_swept else True
    booked(doctor)

    arrive(payment)
    drain()

    assert fresh(row).status == "lapsed"
    assert Refund.objects.get(payment=payment).amount_minor == FEE
    assert verbs(row)[-1] == "refund"


def test_money_after_the_lapse_goes_back_where_the_patient_is_elsewhere_by_now(noon):
    doctor, other = make_doctor(), make_doctor(video_fee_minor=0)
    row = book(doctor)
    payment = begin(row)
    noon.shift(OVER)
    jobs.lapse_holds()
    drain()
    book(other, patient=row.patient)

    arrive(payment)
    drain()

    assert (fresh(row).status, gone_back()) == ("lapsed", FEE)


def test_money_for_a_hold_that_was_called_off_goes_back_at_once():
    row = book(make_doctor())
    payment = begin(row)
    cancel(row)

    arrive(payment)
    drain()

    assert (fresh(row).status, gone_back()) == ("cancelled", FEE)
    assert verbs(row) == ["hold", "cancel", "refund"]


def test_money_after_the_visits_time_goes_back(noon):
    row = book(make_doctor())
    payment = begin(row)
    noon.move_to(row.starts_at)

    arrive(payment)
    drain()

    assert (fresh(row).status, gone_back()) == ("lapsed", FEE)


@pytest.mark.parametrize("gives_up", [take_leave, close_places])
def test_money_after_the_lapse_goes_back_where_the_doctor_is_not_there_any_more(noon, gives_up):
    row = book(make_doctor(), kind="in_person")
    payment = begin(row)
    noon.shift(OVER)
    jobs.lapse_holds()
    gives_up(row)

    arrive(payment)
    drain()

    assert (fresh(row).status, gone_back()) == ("lapsed", FEE)


def test_money_that_was_in_time_books_though_nobody_was_told_before_the_sweep(noon):
    row = book(make_doctor())
    arrive(begin(row))
    noon.shift(OVER)

    jobs.lapse_holds()
    drain()

    assert (fresh(row).status, gone_back()) == ("confirmed", 0)


@pytest.mark.parametrize("gives_up", [take_leave, close_places])
def test_money_in_time_goes_back_where_the_doctor_left_before_anybody_was_told_of_it(noon, gives_up):
    row = book(make_doctor(), kind="in_person")
    arrive(begin(row))
    noon.shift(OVER)
    gives_up(row)

    jobs.lapse_holds()
    drain()

    assert (fresh(row).status, gone_back()) == ("lapsed", FEE)


@pytest.mark.parametrize(
    ("before", "goes_back"), [(dt.timedelta(hours=5), FEE), (dt.timedelta(hours=3), 25_000), (dt.timedelta(0), 0)]
)
def test_a_patient_who_calls_off_gets_back_what_the_rule_says(noon, before, goes_back):
    row = booked(make_doctor(full_refund_hours=4))
    noon.move_to(row.starts_at - before)

    row = cancel(row)

    assert (row.status, row.ended_by, row.refund_minor, row.sequence) == ("cancelled", "patient", goes_back, 1)
    assert gone_back() == goes_back
    kept = (FEE - goes_back) * 9 // 10
    assert paid_out() == [(kept, "INR")] * bool(kept)


def test_the_rule_is_that_of_the_booking_whatever_the_doctor_has_changed_since(noon):
    doctor = make_doctor(full_refund_hours=4)
    row = booked(doctor)
    doctor.full_refund_hours, doctor.late_refund_percent, doctor.video_fee_minor = 400, 0, 90_000
    doctor.save()
    noon.move_to(row.starts_at - dt.timedelta(hours=5))

    cancel(row)

    assert gone_back() == FEE


def test_whatever_the_hour_a_doctor_who_calls_off_gives_everything_back(noon):
    row = booked(make_doctor())
    noon.move_to(row.starts_at)

    ending.cancel_as_doctor(**of_doctor(row), reason="I am ill.")
    drain()

    assert (gone_back(), paid_out()) == (FEE, [])
    assert fresh(row).ended_by == "doctor"
    assert QuotaCounter.objects.get(user=row.patient).used == 0


def test_what_is_called_off_unpaid_takes_no_money_any_more():
    row = book(make_doctor())
    payment = begin(row)

    cancel(row)

    payment.refresh_from_db()
    assert payment.is_cancel_wanted
    with pytest.raises(PurchaseClosed):
        begin(row)


def test_a_hold_that_is_over_is_not_cancelled(noon):
    row = book(make_doctor())
    noon.shift(OVER)

    with pytest.raises(AppointmentOver):
        cancel(row)


def test_a_held_visit_pays_the_doctor_once_what_was_paid_less_the_fee(noon):
    doctor = make_doctor(currency="USD")
    row = seen(doctor, noon)
    doctor.video_fee_minor, doctor.currency = 1, "INR"
    doctor.save()

    drain()

    assert row.status == "completed"
    assert paid_out() == [(NET, "USD")]
    assert Payout.objects.get().purchase.reference == row.pk
    with pytest.raises(IllegalTransition):
        visiting.complete(**of_doctor(row))


def test_a_cancelled_visit_that_was_to_be_paid_there_is_never_completed(noon):
    row = book(make_doctor(pay_at_visit=True), kind="in_person")
    assert cancel(row).refund is None
    noon.move_to(row.starts_at)

    with pytest.raises(IllegalTransition):
        visiting.start(**of_doctor(row))
    with pytest.raises(IllegalTransition):
        visiting.complete(**of_doctor(row))

    assert not Payout.objects.exists()


def test_a_visit_of_which_all_money_went_back_by_hand_pays_nothing(noon):
    row = booked(make_doctor())
    payment = begin_again(row)
    with unit_of_work():
        refunding.refund_payment(payment_id=payment.pk, key="by hand", reason="Goodwill.", actor="admin")
    noon.move_to(row.starts_at)
    visiting.start(**of_doctor(row))

    visiting.complete(**of_doctor(row))
    drain()

    assert not Payout.objects.exists()


def test_a_subscription_that_ends_before_the_visit_leaves_the_visit_alone(noon):
    who = subscriber("basic")
    row = booked(make_doctor(), patient=who.user, starts_at=TOMORROW + 35 * DAY)
    subscribing.cancel(user_id=who.user.pk)
    noon.move_to(row.starts_at)

    visiting.start(**of_doctor(row))
    visiting.complete(**of_doctor(row))
    drain()

    assert (fresh(row).status, paid_out()) == ("completed", [(NET, "INR")])


def test_earnings_are_told_by_month_and_currency(noon):
    doctor = make_doctor()
    seen(doctor, noon)
    seen(doctor, noon, starts_at=TOMORROW + HALF_HOUR * 6)

    months = payout_selectors.earnings_by_month(Party.person(doctor.user_id), doctor.zone)

    assert [(one.month, one.currency, one.count, one.sold_minor, one.net_minor) for one in months] == [
        ("2030-05", "INR", 2, 2 * FEE, 2 * NET)
    ]


def test_late_money_is_told_of_once_with_what_became_of_it(noon):
    doctor = make_doctor()
    first, other = book(doctor), book(doctor, starts_at=TOMORROW + HALF_HOUR * 6)
    used, unused = begin(first), begin(other)
    noon.shift(OVER)
    booked(doctor, starts_at=other.starts_at)

    arrive(used)
    arrive(unused)
    drain()

    told = OutboxEvent.objects.filter(name="appointment.money_late").values_list("payload__payment", "payload__used")
    assert dict(told) == {str(used.pk): True, str(unused.pk): False}
