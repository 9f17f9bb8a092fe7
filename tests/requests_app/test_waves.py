"""Whom a request asks, when, how far out, and why it stops."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from common import outbox
from requests_app import jobs, selectors
from requests_app.models import Ask, BloodRequest, Wave
from requests_app.services import posting, promises, waves
from tests.factories import make_donor, make_hospital, make_promise, make_request
from tests.requests_app.scenes import ask, ask_later, asked, events, ids, told_waves

pytestmark = pytest.mark.django_db


def test_opening_a_request_asks_as_soon_as_the_event_is_heard():
    donor, request = make_donor(), make_request()

    outbox.drain()

    assert asked(request) == [donor.pk]
    (told,) = events("request.donors_asked")
    assert told["asks"] == [str(Ask.objects.get().pk)]


def test_the_nearest_are_asked_first_and_no_more_than_the_urgency_needs():
    donors = [make_donor(km_north=km) for km in (2.4, 0.3, 1.2, 2.0, 0.9, 1.6, 0.6)]
    by_distance = sorted(donors, key=lambda donor: donor.lat)

    request = ask(make_request(urgency="routine"))

    assert asked(request) == ids(by_distance[:5])
    assert list(Ask.objects.order_by("pk").values_list("distance_km", flat=True)) == sorted(
        Ask.objects.values_list("distance_km", flat=True)
    )


@pytest.mark.parametrize(
    ("urgency", "units", "wanted"), [("routine", 1, 5), ("routine", 2, 8), ("urgent", 1, 10), ("urgent", 2, 15)]
)
def test_each_urgency_asks_so_many_donors_for_each_missing_unit(urgency, units, wanted):
    for index in range(17):
        make_donor(km_north=0.1 * index)

    request = ask(make_request(urgency=urgency, units=units))

    assert len(asked(request)) == wanted
    assert told_waves(request) == [(1, "ring", 2.5, wanted, "")]


def test_only_the_units_that_nobody_has_promised_are_asked_for():
    for index in range(12):
        make_donor(km_north=0.1 * index)
    request = make_request(urgency="routine", units=2)
    make_promise(request)

    ask(request)

    assert len(asked(request)) == 3 * 1 + 2


def test_when_the_window_passes_the_next_ring_is_asked_until_nobody_is_left(noon):
    near, middle, far = make_donor(km_north=1), make_donor(km_north=4), make_donor(km_north=8)
    make_donor(km_north=10.5)
    request = ask(make_request(urgency="routine"))
    assert asked(request) == [near.pk]

    ask_later(request, noon, minutes=59)
    assert asked(request) == [near.pk]
    ask_later(request, noon, minutes=1, seconds=1)
    assert asked(request, wave=2) == [middle.pk]
    ask_later(request, noon, minutes=61)
    assert asked(request, wave=3) == [far.pk]
    for _ in range(3):
        ask_later(request, noon, minutes=61)

    assert told_waves(request) == [
        (1, "ring", 2.5, 1, "window_passed"),
        (2, "ring", 5.0, 1, "window_passed"),
        (3, "ring", 10.0, 1, "window_passed"),
        (4, "ring", 10.0, 0, "nobody_left"),
    ]


@pytest.mark.parametrize(("urgency", "minutes"), [("routine", 60), ("urgent", 15), ("critical", 10)])
def test_each_urgency_waits_its_own_window(urgency, minutes):
    request = ask(make_request(urgency=urgency))

    wave = Wave.objects.get(request=request)
    assert request.next_wave_at - wave.started_at == dt.timedelta(minutes=minutes)


def test_empty_rings_are_passed_over_at_once():
    donor = make_donor(km_north=8)

    request = ask(make_request())

    assert asked(request) == [donor.pk]
    assert told_waves(request) == [(1, "ring", 10.0, 1, "")]


def test_somebody_who_comes_into_reach_later_is_found(noon):
    request = ask(make_request())
    assert told_waves(request) == [(1, "ring", 10.0, 0, "nobody_left")]
    donor = make_donor()

    ask_later(request, noon, minutes=16)

    assert asked(request) == [donor.pk]


def test_nobody_is_asked_twice_for_one_request(noon):
    donors = [make_donor(km_north=1 + index) for index in range(3)]
    request = ask(make_request())

    for _ in range(6):
        ask_later(request, noon, minutes=16)

    assert sorted(asked(request)) == sorted(ids(donors))


def test_a_critical_request_asks_everyone_within_reach_at_once():
    donors = [make_donor(km_north=index) for index in range(10)]
    make_donor(km_north=11)

    request = ask(make_request(urgency="critical"))

    assert sorted(asked(request)) == sorted(ids(donors))
    assert told_waves(request) == [(1, "ring", 10.0, 10, "")]


def test_a_critical_request_asks_everyone_in_batches_of_one_wave(monkeypatch):
    monkeypatch.setattr(waves, "BATCH", 3)
    donors = [make_donor(km_north=index) for index in range(8)]
    request = make_request(urgency="critical")

    outbox.drain()

    assert sorted(asked(request)) == sorted(ids(donors))
    assert told_waves(request) == [(1, "ring", 10.0, 8, "")]
    assert [len(told["asks"]) for told in events("request.donors_asked")] == [3, 3, 2]


def test_batches_stop_when_the_request_is_full(monkeypatch):
    monkeypatch.setattr(waves, "BATCH", 3)
    donors = [make_donor(km_north=index) for index in range(8)]
    request = ask(make_request(urgency="critical"))
    make_promise(request, donors[0])

    outbox.drain()

    assert len(asked(request)) == 3
    assert told_waves(request) == [(1, "ring", 10.0, 3, "filled")]


@pytest.mark.parametrize(
    "unfit",
    [
        {"available": False},
        {"locked_until": dt.datetime(2030, 5, 20, tzinfo=dt.UTC)},
        {"weight_kg": 44},
        {"blood_group": "A+"},
        {"date_of_birth": dt.date(2012, 5, 2)},
        {"date_of_birth": dt.date(1965, 4, 1)},
        {"km_north": 10.1},
        {"lat": None, "lng": None},
    ],
)
def test_who_could_not_help_today_is_not_asked(unfit):
    make_donor(**unfit)
    fit = make_donor(km_north=5)

    request = ask(make_request())

    assert asked(request) == [fit.pk]


@pytest.mark.parametrize("unlocked_at", [dt.datetime(2030, 5, 1, 6, 29, tzinfo=dt.UTC)])
def test_a_lock_that_is_over_counts_no_more_even_before_the_job_has_run(unlocked_at):
    donor = make_donor(locked_until=unlocked_at)

    assert asked(ask(make_request())) == [donor.pk]


def test_who_has_promised_elsewhere_is_not_asked():
    donor = make_donor()
    make_promise(donor=donor)

    assert asked(ask(make_request())) == []


def test_who_came_unasked_and_took_the_promise_back_is_not_asked(noon):
    donor, request = make_donor(), make_request()
    given = make_promise(request, donor)
    promises.cancel_promise(assignment_id=given.assignment.pk, donor_id=donor.pk, reason="I have a fever.")

    ask_later(request, noon, minutes=1)

    assert asked(request) == []


def test_plasma_goes_the_other_way_round():
    universal = make_donor(blood_group="AB+")
    make_donor(blood_group="O+")

    request = ask(make_request(component="fresh_frozen_plasma", blood_group="AB-"))

    assert asked(request) == [universal.pk]


def test_bombay_is_asked_of_bombay_only():
    bombay = make_donor(blood_group="Oh+")
    make_donor(blood_group="O-")

    assert asked(ask(make_request(blood_group="Oh+"))) == [bombay.pk]


# The daily cap.


def test_nobody_is_asked_above_the_daily_cap(noon):
    donor = make_donor()
    for _ in range(3):
        ask(make_request())

    assert asked(ask(make_request())) == []
    fourth = ask_later(make_request(needed_by=dt.datetime(2030, 5, 9, tzinfo=dt.UTC)), noon, hours=24, seconds=1)
    assert asked(fourth) == [donor.pk]


def test_a_critical_request_asks_beyond_the_cap():
    donor = make_donor()
    for _ in range(3):
        ask(make_request())

    assert asked(ask(make_request(urgency="critical"))) == [donor.pk]


def test_critical_asks_count_towards_the_cap_of_the_others():
    make_donor()
    for _ in range(3):
        ask(make_request(urgency="critical"))

    assert asked(ask(make_request())) == []


# Quiet hours.

ZONES = ["Asia/Kolkata", "Asia/Kathmandu", "America/New_York", "Pacific/Auckland", "Pacific/Pago_Pago", "UTC"]
DAY = dt.date(2030, 5, 15)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    ("at", "wakes_on"),
    [
        (dt.time(7, 0), None),
        (dt.time(12, 0), None),
        (dt.time(21, 29, 59, 999_999), None),
        (dt.time(21, 30), DAY + dt.timedelta(days=1)),
        (dt.time(23, 59, 59), DAY + dt.timedelta(days=1)),
        (dt.time(0, 0), DAY),
        (dt.time(6, 59, 59, 999_999), DAY),
    ],
)
def test_quiet_hours_are_those_of_the_zone(zone, at, wakes_on):
    now = dt.datetime.combine(DAY, at, tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)

    expected = wakes_on and dt.datetime.combine(wakes_on, dt.time(7, 0), tzinfo=ZoneInfo(zone))

    assert waves.quiet_until(now, zone) == expected


def test_quiet_hours_end_at_seven_on_the_clock_when_the_clock_changes():
    before = dt.datetime(2030, 3, 9, 23, 0, tzinfo=ZoneInfo("America/New_York"))

    ends = waves.quiet_until(before.astimezone(dt.UTC), "America/New_York")

    assert ends.astimezone(dt.UTC) == dt.datetime(2030, 3, 10, 11, 0, tzinfo=dt.UTC)


def test_quiet_hours_may_lie_within_one_day(settings):
    settings.QUIET_HOURS = (dt.time(1, 0), dt.time(6, 0))

    assert waves.quiet_until(dt.datetime(2030, 5, 1, 0, 59, tzinfo=dt.UTC), "UTC") is None
    assert waves.quiet_until(dt.datetime(2030, 5, 1, 6, 0, tzinfo=dt.UTC), "UTC") is None
    inside = waves.quiet_until(dt.datetime(2030, 5, 1, 1, 0, tzinfo=dt.UTC), "UTC")
    assert inside == dt.datetime(2030, 5, 1, 6, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize("urgency", ["routine", "urgent"])
@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York", "Pacific/Auckland"])
@pytest.mark.parametrize("at", [dt.time(21, 30), dt.time(2, 0), dt.time(6, 58)])
def test_in_quiet_hours_the_first_wave_waits_for_the_morning_and_says_so(noon, urgency, zone, at):
    night = dt.datetime.combine(DAY, at, tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
    noon.move_to(night)
    donor = make_donor()
    request = make_request(make_hospital(zone=zone), urgency=urgency, needed_by=night + dt.timedelta(days=1))

    ask(request)

    assert asked(request) == []
    assert Wave.objects.count() == 0
    morning = request.next_wave_at.astimezone(ZoneInfo(zone))
    assert (morning.hour, morning.minute) == (7, 0)
    assert dt.timedelta(0) < request.next_wave_at - night <= dt.timedelta(hours=9, minutes=30)

    noon.move_to(request.next_wave_at)
    jobs.advance_due_waves()
    assert asked(request) == [donor.pk]


@pytest.mark.parametrize("at", [dt.time(7, 0), dt.time(21, 28)])
def test_just_outside_the_quiet_hours_donors_are_asked(noon, at):
    noon.move_to(dt.datetime.combine(DAY, at, tzinfo=ZoneInfo("Asia/Kolkata")))
    donor = make_donor()

    assert asked(ask(make_request(urgency="routine"))) == [donor.pk]


def test_a_critical_request_wakes_people(noon):
    noon.move_to(dt.datetime.combine(DAY, dt.time(3, 0), tzinfo=ZoneInfo("Asia/Kolkata")))
    donor = make_donor()

    assert asked(ask(make_request(urgency="critical"))) == [donor.pk]


def test_a_wave_that_would_begin_in_the_night_waits_while_the_one_before_goes_on(noon):
    noon.move_to(dt.datetime.combine(DAY, dt.time(21, 20), tzinfo=ZoneInfo("Asia/Kolkata")))
    make_donor()
    late = make_donor(km_north=4)
    request = ask(make_request(needed_by=dt.datetime(2030, 5, 17, tzinfo=dt.UTC)))

    ask_later(request, noon, minutes=16)
    assert told_waves(request) == [(1, "ring", 2.5, 1, "")]

    ask_later(request, noon, hours=10)
    assert asked(request, wave=2) == [late.pk]


# Stopping.


def test_a_full_request_stops_asking(noon):
    donors = [make_donor(km_north=1 + index) for index in range(3)]
    request = ask(make_request())

    make_promise(request, donors[0])

    request.refresh_from_db()
    assert request.next_wave_at is None
    assert told_waves(request) == [(1, "ring", 2.5, 2, "filled")]
    ask_later(request, noon, hours=1)
    assert len(asked(request)) == 2


def test_a_cancelled_request_stops_asking(noon):
    owner = make_hospital()
    make_donor(km_north=4)
    make_donor()
    request = ask(make_request(owner))

    posting.cancel_request(request_id=request.pk, partner_id=owner.partner_id, member_id=owner.pk, reason="Not needed.")

    ask_later(request, noon, hours=1)
    assert told_waves(request) == [(1, "ring", 2.5, 1, "request_closed")]


def test_an_expired_request_asks_nobody_before_and_after_the_sweep(noon):
    make_donor(km_north=4)
    make_donor()
    request = ask(make_request(needed_by=dt.datetime(2030, 5, 1, 6, 40, tzinfo=dt.UTC)))

    ask_later(request, noon, minutes=16)
    assert len(asked(request)) == 1
    assert jobs.advance_due_waves() == 0
    jobs.expire_requests()
    ask(request)

    assert told_waves(request) == [(1, "ring", 2.5, 1, "request_closed")]
    assert request.next_wave_at is None


def test_a_place_that_is_free_again_asks_at_once_when_nobody_stands_by(noon):
    near, other = make_donor(), make_donor(km_north=4)
    request = ask(make_request())
    given = make_promise(request, near)
    promises.cancel_promise(assignment_id=given.assignment.pk, donor_id=near.pk, reason="Ill.")

    outbox.drain()

    assert asked(request, wave=2) == [other.pk]


# Answers.


def answers(request):
    return list(Wave.objects.filter(request=request).order_by("number").values_list("answered", flat=True))


def test_an_answer_is_counted_for_the_wave_that_asked(noon):
    near, far = make_donor(), make_donor(km_north=4)
    request = ask(make_request(units=3))
    ask_later(request, noon, minutes=16)

    make_promise(request, far)
    make_promise(request, make_donor(km_north=9))

    assert answers(request) == [0, 1]
    make_promise(request, near)
    assert answers(request) == [1, 1]


def test_who_promises_twice_has_answered_once():
    donor = make_donor()
    request = ask(make_request(units=2))
    given = make_promise(request, donor)
    promises.cancel_promise(assignment_id=given.assignment.pk, donor_id=donor.pk, reason="Ill.")

    make_promise(request, donor)

    assert answers(request) == [1]


# The jobs.


def test_a_wave_job_may_run_twice_and_late(noon):
    donors = [make_donor(km_north=km) for km in (1, 4, 8)]
    request = make_request()

    assert jobs.advance_due_waves() == 1
    assert jobs.advance_due_waves() == 0
    outbox.drain()
    assert asked(request) == [donors[0].pk]

    noon.shift(dt.timedelta(hours=3))
    assert jobs.advance_due_waves() == 1
    assert jobs.advance_due_waves() == 0
    assert asked(request) == ids(donors[:2])


def test_the_same_event_heard_twice_asks_once():
    make_donor()
    request = make_request()
    outbox.drain()

    ask(request)

    assert len(told_waves(request)) == 1


def test_one_request_that_fails_keeps_no_other_waiting(monkeypatch):
    donor = make_donor()
    broken, whole = make_request(urgency="critical"), make_request()
    real = waves.matching.nearest_donors

    def fails_for_critical(**values):
        if values["limit"] == waves.BATCH:
            raise RuntimeError("no such index")
        return real(**values)

    monkeypatch.setattr(waves.matching, "nearest_donors", fails_for_critical)

    with pytest.raises(RuntimeError, match="no such index"):
        jobs.advance_due_waves()

    assert asked(broken) == []
    assert asked(whole) == [donor.pk]


def test_asks_of_closed_requests_and_of_donors_who_have_answered_need_no_message(noon):
    donors = [make_donor(km_north=1 + index * 0.1) for index in range(3)]
    request = ask(make_request(units=2))
    asks = list(Ask.objects.values_list("pk", flat=True))
    assert len(selectors.asks_to_tell(asks)) == 3

    make_promise(request, donors[0])
    assert {told.donor_id for told in selectors.asks_to_tell(asks)} == {donors[1].pk, donors[2].pk}

    noon.shift(dt.timedelta(hours=9))
    assert selectors.asks_to_tell(asks) == []
    BloodRequest.objects.update(status="cancelled")
    assert selectors.asks_to_tell(asks) == []
