"""Commands, steps, locks and what a database error becomes."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from common import clock, db, outbox
from common.db import (
    advisory_lock,
    command,
    delete_in_batches,
    is_away,
    joined,
    lock,
    lock_free,
    lock_one,
    shared_unit_of_work,
    step,
    unit_of_work,
)
from common.errors import Conflict, NotFound
from common.models import OutboxEvent, Throttle
from tests.factories import make_user
from tests.races import names, race, without_locks
from users.errors import PhoneTaken
from users.models import Donor, Session, User

TWO_THREADS = pytest.mark.django_db(transaction=True)


class Refused(Conflict):
    code, message = "refused_in_a_test", "No."


class RefusedAndCounted(Conflict):
    code, message, keeps_writes = "refused_and_counted_in_a_test", "No, and that was one try.", True


@step
def write(name: str) -> None:
    outbox.emit(name, key="test")


@command
def write_twice(name: str) -> None:
    write(name)
    write(name)


@command
def write_and_raise(exc: Exception) -> None:
    write("test.written")
    raise exc


@TWO_THREADS
def test_a_command_commits_what_it_wrote():
    write_twice("test.written")

    assert OutboxEvent.objects.count() == 2


@TWO_THREADS
@pytest.mark.parametrize("exc", [Refused(), RuntimeError("bug")])
def test_a_refusal_or_a_bug_leaves_nothing_behind(exc):
    with pytest.raises(type(exc)):
        write_and_raise(exc)

    assert not OutboxEvent.objects.exists()


@TWO_THREADS
def test_a_refusal_that_keeps_its_writes_commits_them_and_is_raised():
    with pytest.raises(RefusedAndCounted):
        write_and_raise(RefusedAndCounted())

    assert OutboxEvent.objects.count() == 1


@TWO_THREADS
def test_a_command_cannot_run_inside_another():
    with pytest.raises(RuntimeError, match="durable"):
        command(lambda: write_twice("test.written"))()

    assert not OutboxEvent.objects.exists()


@TWO_THREADS
def test_a_step_outside_a_command_is_a_mistake():
    with pytest.raises(RuntimeError, match="must run inside a command"):
        write("test.written")


@TWO_THREADS
def test_one_command_joins_a_shared_unit_of_work_and_goes_down_with_it():
    def write_and_refuse() -> None:
        with shared_unit_of_work():
            write_twice("test.written")
            raise Refused

    with pytest.raises(Refused):
        write_and_refuse()
    assert not OutboxEvent.objects.exists()


@TWO_THREADS
def test_a_second_command_does_not_join_a_shared_unit_of_work():
    with shared_unit_of_work():
        write_twice("test.first")
        with pytest.raises(RuntimeError, match="durable"):
            write_twice("test.second")


@joined
def note_joined(who):
    User.objects.filter(pk=who.pk).update(city="Nashik")


@TWO_THREADS
def test_what_is_joined_goes_down_with_the_command_around_it_and_is_whole_alone():
    person = make_user()

    @command
    def fail():
        note_joined(person)
        raise Refused

    with pytest.raises(Refused):
        fail()
    person.refresh_from_db()
    assert person.city == "Pune"

    note_joined(person)
    person.refresh_from_db()
    assert person.city == "Nashik"


@TWO_THREADS
def test_what_is_joined_leaves_a_shared_unit_of_work_to_the_command():
    person = make_user()

    @command
    def act():
        return "done"

    with shared_unit_of_work():
        note_joined(person)
        assert act() == "done"


@TWO_THREADS
def test_after_a_shared_unit_of_work_commands_are_whole_again():
    with pytest.raises(Refused), shared_unit_of_work():
        raise Refused

    write_twice("test.written")

    assert OutboxEvent.objects.count() == 2


@pytest.mark.django_db
def test_rows_come_back_fresh_in_key_order_and_absent_ones_are_left_out():
    first, second = make_user(), make_user()
    User.objects.filter(pk=second.pk).update(name="Changed meanwhile")

    with unit_of_work():
        found = lock(User, [second.pk, first.pk, "00000000-0000-7000-8000-000000000000"])

    assert [user.pk for user in found] == sorted([first.pk, second.pk])
    assert {user.name for user in found} == {first.name, "Changed meanwhile"}


@pytest.mark.django_db
def test_one_row_that_is_absent_is_refused():
    with pytest.raises(NotFound), unit_of_work():
        lock_one(User, "00000000-0000-7000-8000-000000000000")


@pytest.mark.django_db
@pytest.mark.parametrize(("first", "second"), [(Donor, User), (User, User), (Session, User)])
def test_a_rung_below_or_the_same_rung_again_raises(first, second):
    with unit_of_work():
        lock(first, [])
        with pytest.raises(RuntimeError, match="locked after"):
            lock(second, [])


@pytest.mark.django_db
def test_the_ladder_begins_anew_with_each_command():
    with unit_of_work():
        lock(Donor, [])
    with unit_of_work():
        lock(User, [])


@pytest.mark.django_db
def test_queues_climb_the_ladder_too():
    with unit_of_work():
        lock(Donor, [])
        with pytest.raises(RuntimeError, match="locked after"):
            lock_free(User.objects.all(), limit=1)


def test_every_rung_is_a_model():
    from django.apps import apps  # noqa: PLC0415

    assert [apps.get_model(label)._meta.label for label in db.LOCK_ORDER] == list(db.LOCK_ORDER)


def rename(user: User, *, to: str) -> str:
    with unit_of_work():
        row = lock_one(User, user.pk)
        row.name = f"{row.name}{to}"
        row.save(update_fields=["name"])
    return to


@TWO_THREADS
def test_two_who_change_one_row_both_count():
    user = make_user(name="")

    race(lambda: rename(user, to="a"), lambda: rename(user, to="b"), lambda: rename(user, to="c"))

    assert sorted(User.objects.get().name) == ["a", "b", "c"]


@TWO_THREADS
def test_control_without_the_lock_one_of_them_is_lost(monkeypatch):
    user, gate = make_user(name=""), threading.Barrier(2)

    def look_together(model, ids):
        rows = without_locks(model, ids)
        gate.wait(10)
        return rows

    monkeypatch.setattr(db, "lock", look_together)
    race(lambda: rename(user, to="a"), lambda: rename(user, to="b"))

    assert len(User.objects.get().name) == 1


def hold(user: User, held: threading.Event, done: threading.Event) -> None:
    with unit_of_work():
        lock(User, [user.pk])
        held.set()
        done.wait(10)


@TWO_THREADS
def test_who_waits_too_long_for_a_row_is_told_to_come_back(monkeypatch):
    monkeypatch.setattr(db, "LOCK_TIMEOUT", "100ms")
    user, held, done = make_user(), threading.Event(), threading.Event()

    def wait_for_it() -> None:
        held.wait(10)
        try:
            rename(user, to="x")
        finally:
            done.set()

    outcomes = race(lambda: hold(user, held, done), wait_for_it)

    assert names(outcomes) == ["Busy", "NoneType"]


@TWO_THREADS
def test_a_deadlock_is_busy_for_one_and_nothing_for_the_other(monkeypatch):
    monkeypatch.setattr(db, "_climb", lambda model: None)
    monkeypatch.setattr(db, "LOCK_TIMEOUT", "20s")
    first, second, gate = make_user(), make_user(), threading.Barrier(2)

    def cross(one: User, other: User) -> str:
        with unit_of_work():
            lock_one(User, one.pk)
            gate.wait(10)
            lock_one(User, other.pk)
        return "won"

    outcomes = race(lambda: cross(first, second), lambda: cross(second, first))

    assert names(outcomes) == ["Busy", "str"]


@TWO_THREADS
def test_a_queue_passes_over_what_somebody_holds():
    user, free, held, done = make_user(), make_user(), threading.Event(), threading.Event()

    def take() -> list[User]:
        held.wait(10)
        try:
            with unit_of_work():
                return lock_free(User.objects.order_by("pk"), limit=5)
        finally:
            done.set()

    outcomes = race(lambda: hold(user, held, done), take)

    assert outcomes[1] == [free]


@TWO_THREADS
def test_a_locked_row_can_still_be_pointed_at():
    user, held, done = make_user(lat="18.5", lng="73.8"), threading.Event(), threading.Event()

    def point() -> None:
        held.wait(10)
        try:
            with unit_of_work():
                Session.objects.create(
                    account=user,
                    refresh_jti="00000000-0000-4000-8000-000000000000",
                    created_at=clock.now(),
                    last_used_at=clock.now(),
                    expires_at=clock.now(),
                )
        finally:
            done.set()

    assert names(race(lambda: hold(user, held, done), point)) == ["NoneType", "NoneType"]


@pytest.mark.django_db
def test_a_violated_constraint_is_the_refusal_that_names_it():
    user = make_user()

    with pytest.raises(PhoneTaken), unit_of_work():
        User.objects.create(phone=user.phone, name="Twin")


def run(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db
def test_a_database_that_is_away_is_told_from_a_statement_that_went_wrong():
    (lost,) = race(lambda: run("SELECT pg_terminate_backend(pg_backend_pid())"))
    (slow,) = race(lambda: run("SET statement_timeout = '1ms'; SELECT pg_sleep(1)"))
    (wrong,) = race(lambda: run("SELECT 1 / 0"))

    assert [is_away(error) for error in (lost, slow, wrong)] == [True, False, False]


@pytest.mark.django_db
def test_a_constraint_that_no_refusal_names_stays_a_bug():
    with pytest.raises(IntegrityError, match="user_place_is_on_earth"), unit_of_work():
        make_user(lat=91, lng=0)


@pytest.mark.django_db
def test_other_database_errors_are_not_hidden(monkeypatch):
    with pytest.raises(OperationalError), unit_of_work(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '5ms'; SELECT pg_sleep(1)")


@TWO_THREADS
def test_a_deferred_constraint_is_checked_before_the_command_returns():
    with pytest.raises(IntegrityError), unit_of_work():
        Donor.objects.create(
            user_id="00000000-0000-7000-8000-000000000000",
            blood_group="O-",
            sex="male",
            date_of_birth="1990-01-01",
        )


@TWO_THREADS
def test_a_named_lock_is_held_by_one_session_at_a_time():
    gate = threading.Barrier(3)

    def try_it() -> bool:
        with advisory_lock("test") as held:
            gate.wait(10)
            return held

    assert sorted(race(try_it, try_it, try_it)) == [False, False, True]


@TWO_THREADS
def test_a_named_lock_is_free_again_after_a_failure():
    with pytest.raises(RuntimeError), advisory_lock("test"):
        raise RuntimeError

    def try_it() -> bool:
        with advisory_lock("test") as held:
            return held

    assert race(try_it) == [True]


@pytest.mark.django_db
def test_deleting_in_batches_takes_all_that_match_and_nothing_else(monkeypatch):
    monkeypatch.setattr(db, "DELETE_BATCH", 2)
    now = clock.now()
    Throttle.objects.bulk_create(Throttle(key=str(n), arrival=now) for n in range(5))
    Throttle.objects.create(key="kept", arrival=now.replace(year=2031))

    gone = delete_in_batches(Throttle.objects.filter(arrival=now))

    assert gone == 5
    assert [row.key for row in Throttle.objects.all()] == ["kept"]


@TWO_THREADS
def test_a_step_may_run_in_any_real_transaction():
    with transaction.atomic():
        write("test.written")

    assert OutboxEvent.objects.count() == 1
