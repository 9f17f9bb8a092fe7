"""What happened is told once to everybody who listens, in order, whatever dies meanwhile."""

from __future__ import annotations

import datetime as dt
import threading
from collections import defaultdict

import pytest
from django.db import connection

from common import clock, db, outbox
from common.db import command, step, unit_of_work
from common.models import OutboxEvent, Throttle, Told
from tests.races import race

NAME = "test.happened"


@pytest.fixture(autouse=True)
def handlers(monkeypatch):
    """The handlers of this test alone."""
    own = defaultdict(list)
    monkeypatch.setattr(outbox, "_handlers", own)
    monkeypatch.setattr(outbox, "_outside", set())
    return own


@command
def happen(*keys: str, name: str = NAME) -> None:
    for number, key in enumerate(keys):
        outbox.emit(name, key=key, number=number)


def hear(name: str = NAME) -> list[tuple[str, int]]:
    """Register a handler; return the list that it fills."""
    heard: list[tuple[str, int]] = []

    def handler(event: OutboxEvent) -> None:
        heard.append((event.key, event.payload["number"]))

    handler.__qualname__ = f"handler_{len(outbox._handlers[name])}"
    outbox.on(name)(handler)
    return heard


@step
def leave_a_trace(event: OutboxEvent) -> None:
    """An effect in the database that a second telling would violate."""
    Throttle.objects.create(key=f"{event.key}/{event.payload['number']}", arrival=clock.now())


@pytest.mark.django_db
def test_an_event_of_a_newer_release_is_left_to_its_workers():
    happen("a", name="test.newer")

    tried = outbox.drain()

    left = OutboxEvent.objects.get()
    assert (tried, left.done_at, left.attempts) == (1, None, 0)
    assert left.available_at > clock.now()


@pytest.mark.django_db
def test_an_event_is_told_to_every_handler_once():
    first, second = hear(), hear()
    happen("a", "b")

    told, again = outbox.drain(), outbox.drain()

    assert (told, again) == (2, 0)
    assert first == second == [("a", 0), ("b", 1)]


def test_a_second_handler_of_the_same_name_is_refused_because_it_would_never_hear():
    outbox.on(NAME)(leave_a_trace)

    with pytest.raises(ValueError, match="already"):
        outbox.on(NAME)(leave_a_trace)


@pytest.mark.django_db
def test_nobody_is_told_of_what_was_not_committed():
    heard = hear()

    def emit_and_fail() -> None:
        with unit_of_work():
            outbox.emit(NAME, key="a", number=0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        emit_and_fail()
    outbox.drain()

    assert heard == []


@pytest.mark.django_db(transaction=True)
def test_emitting_outside_a_command_is_a_mistake():
    with pytest.raises(RuntimeError, match="must run inside a command"):
        outbox.emit(NAME, key="a")


@pytest.mark.django_db
def test_an_event_that_nobody_is_meant_to_hear_is_done_at_once(monkeypatch):
    monkeypatch.setattr(outbox, "_unheard", {NAME})
    happen("a")

    outbox.drain()

    assert OutboxEvent.objects.get().done_at is not None


@pytest.mark.django_db
def test_events_of_one_key_are_claimed_one_at_a_time_in_order():
    happen("a", "a", "b")

    claimed = outbox.claim()

    assert [(event.key, event.payload["number"]) for event in claimed] == [("a", 0), ("b", 2)]
    assert outbox.claim() == []


@pytest.mark.django_db
def test_a_leased_event_is_nobodys_before_the_lease_is_over(noon):
    happen("a")
    outbox.claim()

    noon.shift(outbox.LEASE - dt.timedelta(seconds=1))
    assert outbox.claim() == []
    noon.shift(2)
    assert [event.attempts for event in outbox.claim()] == [2]


@pytest.mark.django_db
def test_a_failing_handler_is_asked_again_later_and_the_others_are_not(noon):
    heard, tries = hear(), []

    @outbox.on(NAME)
    def fails_once(event):
        tries.append(event.attempts)
        if event.attempts == 1:
            raise ValueError("not yet")

    happen("a")
    outbox.drain()
    noon.shift(3)
    outbox.drain()

    assert tries == [1, 2]
    assert heard == [("a", 0)]
    assert OutboxEvent.objects.get().done_at is not None


@pytest.mark.django_db
def test_a_failed_handlers_writes_are_taken_back_with_its_mark():
    @outbox.on(NAME)
    def writes_and_fails(event):
        leave_a_trace(event)
        raise ValueError

    happen("a")
    outbox.drain()

    assert not Throttle.objects.exists()
    assert not Told.objects.exists()


@pytest.mark.django_db
def test_the_wait_doubles_up_to_an_hour(noon):
    @outbox.on(NAME)
    def fails(event):
        raise ValueError

    happen("a")
    waits = []
    while OutboxEvent.objects.filter(attempts__lt=outbox.MAX_ATTEMPTS).exists():
        noon.shift(dt.timedelta(hours=2))
        asked_at = clock.now()
        outbox.drain()
        waits.append(round((OutboxEvent.objects.get().available_at - asked_at).total_seconds()))

    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600]


def poison(bad: str) -> list[str]:
    """Register a handler that fails for one key; return the list of the keys it hears."""
    heard: list[str] = []

    @outbox.on(NAME)
    def handler(event: OutboxEvent) -> None:
        heard.append(event.key)
        if event.key == bad:
            raise ValueError("poison +919812345678")

    return heard


@pytest.mark.django_db
def test_a_poison_event_stops_its_own_key_and_no_other(noon):
    heard = poison("bad")
    happen("bad", "bad", "good", "good")

    for _ in range(outbox.MAX_ATTEMPTS + 3):
        outbox.drain()
        noon.shift(dt.timedelta(hours=2))
    happen("good", "bad")
    outbox.drain()

    assert heard.count("bad") == outbox.MAX_ATTEMPTS
    assert heard.count("good") == 3
    assert outbox.dead_events().count() == 1
    assert outbox.open_events().filter(key="bad").count() == 3


@pytest.mark.django_db
def test_a_dead_event_that_is_replayed_lets_its_key_go_on(noon, handlers):
    poison("bad")
    happen("bad", "bad")
    for _ in range(outbox.MAX_ATTEMPTS):
        outbox.drain()
        noon.shift(dt.timedelta(hours=2))
    handlers.clear()
    heard = hear()

    outbox.replay(outbox.dead_events().get().pk)
    outbox.drain()

    assert heard == [("bad", 0), ("bad", 1)]


@pytest.mark.django_db
def test_what_is_kept_of_a_failure_has_no_phone_number():
    poison("bad")
    happen("bad")

    outbox.drain()

    kept = OutboxEvent.objects.get().last_error
    assert kept.startswith("ValueError: poison")
    assert "9812345678" not in kept


@pytest.mark.django_db
def test_only_what_is_due_makes_the_lag(noon):
    happen("a")
    noon.shift(90)
    lag = outbox.oldest_due_age()
    outbox.claim()

    assert lag >= dt.timedelta(seconds=90)
    assert outbox.oldest_due_age() == dt.timedelta(0)


@pytest.mark.django_db
def test_pruning_forgets_what_was_told_a_week_ago_and_nothing_else(noon):
    hear()
    happen("a", "b")
    outbox.drain()
    noon.shift(outbox.KEEP + dt.timedelta(seconds=1))
    happen("open", name="test.open")

    assert outbox.prune() == 2
    assert [event.key for event in OutboxEvent.objects.all()] == ["open"]
    assert not Told.objects.exists()


@pytest.mark.django_db
def test_who_has_nothing_to_tell_asks_one_question(django_assert_num_queries):
    happen("told already", name="test.told")
    OutboxEvent.objects.update(done_at=clock.now())

    with django_assert_num_queries(1):
        assert outbox.claim() == []


KEYS, EACH = 5, 12


def work_until_done() -> None:
    while outbox.open_events().exists():
        for event in outbox.claim(limit=3):
            outbox.deliver(event)


@pytest.mark.django_db(transaction=True)
def test_four_workers_tell_each_event_once_and_those_of_a_key_in_order():
    outbox.on(NAME)(leave_a_trace)
    for _ in range(EACH):
        happen(*(f"key-{number}" for number in range(KEYS)))
    OutboxEvent.objects.update(payload={})
    for event in OutboxEvent.objects.all():
        OutboxEvent.objects.filter(pk=event.pk).update(payload={"number": event.pk})

    outcomes = race(*[work_until_done] * 4)

    assert outcomes == [None] * 4
    assert Throttle.objects.count() == Told.objects.count() == KEYS * EACH
    assert not OutboxEvent.objects.exclude(last_error="").exists()
    # In the order in which PostgreSQL was told, whichever thread comes first to say so.
    told = Told.objects.order_by("pk").values_list("event__key", "event_id")
    by_key = {key: [number for own, number in told if own == key] for key, _ in told}
    assert len(by_key) == KEYS
    assert all(numbers == sorted(numbers) for numbers in by_key.values())


@pytest.mark.django_db(transaction=True)
def test_control_without_skip_locked_and_lease_an_event_is_taken_twice(monkeypatch):
    happen("a")
    gate = threading.Barrier(2)

    def look_without_lease():
        events = list(outbox.open_events())
        gate.wait(10)
        return events

    outcomes = race(look_without_lease, look_without_lease)

    assert [len(events) for events in outcomes] == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_four_workers_who_claim_at_once_share_the_events():
    happen(*(f"key-{number}" for number in range(20)))

    claimed = race(*[lambda: [event.pk for event in outbox.claim(limit=5)]] * 4)

    taken = [pk for own in claimed for pk in own]
    assert len(taken) == len(set(taken)) == 20


@pytest.mark.django_db(transaction=True)
def test_a_worker_passes_over_what_another_is_just_claiming():
    happen("a", "b", "c")
    first = OutboxEvent.objects.order_by("id")[0]

    with unit_of_work():
        OutboxEvent.objects.select_for_update().get(pk=first.pk)
        claimed = race(outbox.claim)[0]

    assert [event.key for event in claimed] == ["b", "c"]


@pytest.mark.django_db(transaction=True)
def test_two_who_deliver_one_event_at_once_have_one_effect(monkeypatch):
    monkeypatch.setattr(db, "LOCK_TIMEOUT", "5s")
    inside = threading.Event()

    @outbox.on(NAME)
    def slow(event):
        inside.wait(0.2)
        leave_a_trace(event)

    happen("a")
    event = OutboxEvent.objects.get()

    race(lambda: outbox.deliver(event), lambda: outbox.deliver(event))

    assert Throttle.objects.count() == 1
    assert OutboxEvent.objects.get().done_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_loses_its_session_has_done_nothing(noon):
    heard = hear()

    @outbox.on(NAME)
    def dies_the_first_time(event):
        leave_a_trace(event)
        if event.attempts == 1:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    happen("a")
    outbox.drain()
    assert not Throttle.objects.exists()

    noon.shift(3)
    outbox.drain()

    assert Throttle.objects.count() == 1
    assert heard == [("a", 0)]


@pytest.mark.django_db(transaction=True)
def test_what_a_dead_worker_had_claimed_is_told_when_its_lease_is_over(noon):
    heard = hear()
    happen("a", "a")
    outbox.claim()  # and then it is killed

    outbox.drain()
    assert heard == []
    noon.shift(outbox.LEASE + dt.timedelta(seconds=1))
    outbox.drain()

    assert heard == [("a", 0), ("a", 1)]


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_speaks_to_the_outside_runs_in_no_transaction():
    found = []
    outbox.on(NAME, outside=True)(lambda _: found.append(connection.in_atomic_block))
    happen("a")

    outbox.drain()

    assert found == [False]
    assert OutboxEvent.objects.get().done_at is not None


@pytest.mark.django_db
def test_what_speaks_to_the_outside_is_claimed_by_itself():
    outbox.on(NAME, outside=True)(lambda _: None)
    happen("a")

    assert outbox.claim(outside=False) == []
    assert [event.key for event in outbox.claim(outside=True)] == ["a"]


def test_what_speaks_to_the_outside_is_an_events_only_handler():
    outbox.on(NAME, outside=True)(leave_a_trace)

    with pytest.raises(ValueError, match="no other"):
        outbox.on(NAME)(lambda _: None)
