"""Limits that are exact across workers."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from common import clock, throttle
from common.errors import TooMany
from common.models import Throttle
from common.throttle import Rate, spend
from tests.races import race


@pytest.fixture(autouse=True)
def rate(settings):
    settings.THROTTLES = {"test": "3/m", "other": "1/30s"}


def allowed(name: str = "test", who: str = "a") -> bool:
    try:
        spend(name, who)
    except TooMany:
        return False
    return True


@pytest.mark.django_db
def test_as_many_as_the_rate_says_may_come_at_once_and_no_more():
    assert [allowed() for _ in range(5)] == [True, True, True, False, False]


@pytest.mark.django_db
def test_refused_calls_do_not_make_the_wait_longer(noon):
    assert [allowed() for _ in range(10)].count(True) == 3

    noon.shift(20)
    assert allowed()


@pytest.mark.django_db
def test_one_call_is_free_again_after_its_share_of_the_period(noon):
    for _ in range(3):
        spend("test", "a")

    noon.shift(20)
    assert [allowed(), allowed()] == [True, False]
    noon.shift(60)
    assert [allowed() for _ in range(4)] == [True, True, True, False]


@pytest.mark.django_db
def test_the_refusal_says_when_to_come_back(noon):
    for _ in range(3):
        spend("test", "a")

    with pytest.raises(TooMany) as refusal:
        spend("test", "a")

    wait = refusal.value.facts["retry_after"]
    assert 19 <= wait <= 20
    noon.shift(wait)
    assert allowed()


@pytest.mark.django_db
def test_callers_and_limits_do_not_count_for_each_other():
    assert [allowed(who="a") for _ in range(4)].count(True) == 3
    assert allowed(who="b")
    assert [allowed("other"), allowed("other")] == [True, False]


@pytest.mark.django_db
def test_who_called_is_stored_as_a_digest_only():
    spend("test", "+919812345678")

    assert "98123" not in Throttle.objects.get().key
    assert len(Throttle.objects.get().key) == 64


@pytest.mark.django_db
def test_any_text_can_be_counted():
    spend("test", "\x00 '; DROP TABLE common_throttle -- é")


@pytest.mark.django_db(transaction=True)
def test_sixteen_threads_at_once_get_exactly_what_the_rate_allows(settings):
    settings.THROTTLES = {"test": "50/h"}

    def many() -> int:
        return sum(allowed() for _ in range(10))

    assert sum(race(*[many] * 16)) == 50


@pytest.mark.django_db(transaction=True)
def test_control_look_then_write_lets_too_many_through(settings, monkeypatch):
    settings.THROTTLES = {"test": "1/h"}
    gate = threading.Barrier(4)

    def look_then_write() -> bool:
        free = not Throttle.objects.filter(arrival__gt=clock.now()).exists()
        gate.wait(10)
        if free:
            spend("test", str(threading.get_ident()))
        return free

    assert race(*[look_then_write] * 4) == [True] * 4


@pytest.mark.django_db(transaction=True)
def test_a_refused_command_takes_only_its_own_counts_back():
    spend("test", "a")

    def spend_and_fail() -> None:
        with transaction.atomic():
            spend("test", "a")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        spend_and_fail()
    assert [allowed() for _ in range(3)] == [True, True, False]


@pytest.mark.django_db
def test_pruning_forgets_what_has_run_dry(noon):
    spend("test", "a")
    assert throttle.prune() == 0
    noon.shift(61)
    spend("test", "b")

    assert throttle.prune() == 1


@pytest.mark.django_db
def test_a_limit_pruned_between_count_and_look_says_come_back_in_a_second(monkeypatch):
    assert throttle._seconds_to_wait("gone", Rate.parse("1/h"), clock.now()) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["6/s", "7/s", "11/m", "1000000/s", "13/d"])
def test_rates_that_do_not_divide_evenly_still_allow_their_whole_count(settings, text):
    settings.THROTTLES = {"test": text}
    rate = Rate.parse(text)
    spend("test", "a")
    first = Throttle.objects.get().arrival - rate.emission
    last = first + (rate.count - 1) * rate.emission
    Throttle.objects.update(arrival=last)

    with connection.cursor() as cursor:
        cursor.execute("SELECT %s + %s::interval <= %s", [last, throttle._interval(rate.emission), first + rate.period])
        assert cursor.fetchone()[0]


@given(count=st.integers(1, 10**6), units=st.integers(1, 60), unit=st.sampled_from("smhd"))
def test_count_calls_fit_into_the_period_and_one_more_does_not(count, units, unit):
    rate = Rate.parse(f"{count}/{units}{unit}")

    assert rate.count * rate.emission <= rate.period
    assert (rate.count + 1) * rate.emission > rate.period - rate.count * dt.timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "count", "seconds"), [("20/h", 20, 3600), ("1/30s", 1, 30), ("5/2m", 5, 120), ("9/d", 9, 86400)]
)
def test_a_rate_is_read(text, count, seconds):
    assert Rate.parse(text) == Rate(count, dt.timedelta(seconds=seconds))


@pytest.mark.parametrize("text", ["", "20", "20/", "/h", "0/h", "-1/h", "20/0s", "20/x", "20/h ", "1.5/h", "20//h"])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(ValueError, match="is not a rate"):
        Rate.parse(text)


def test_every_limit_of_the_settings_can_be_read():
    from config.settings import base  # noqa: PLC0415

    assert all(Rate.parse(text).emission > dt.timedelta(0) for text in base.THROTTLES.values())
