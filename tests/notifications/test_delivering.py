"""The queue of deliveries: who may take a row, and what may be written over what."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection

from common import clock
from notifications.gateways import Found
from notifications.models import Delivery, OptOut
from notifications.services import delivering
from notifications.services.delivering import Outcome, claim, claim_doubts, complete, doubt_expired
from notifications.states import Channel, DeliveryStatus
from tests.notifications.factories import make_delivery, make_notification
from tests.races import meeting, race, without_locks


def outcome(row: Delivery, verb: str, **values: Any) -> Outcome:
    return Outcome(
        **{
            "delivery_id": row.pk,
            "notification_id": row.notification_id,
            "channel": row.channel,
            "to": row.to,
            "attempt": row.attempts,
            "verb": verb,
            **values,
        }
    )


def claimed(**values: Any) -> Delivery:
    make_delivery(**values)
    (row,) = claim(limit=1, worker="me")
    return row


@pytest.mark.django_db
def test_the_most_urgent_go_first_and_then_the_oldest() -> None:
    now = clock.now()
    late = make_delivery(priority=1, run_at=now)
    early = make_delivery(priority=1, run_at=now - dt.timedelta(minutes=1))
    code = make_delivery(priority=0, run_at=now)
    make_delivery(priority=5, run_at=now - dt.timedelta(hours=1))

    assert [row.pk for row in claim(limit=3, worker="me")] == [code.pk, early.pk, late.pk]


@pytest.mark.django_db
def test_a_claim_takes_no_more_than_it_may_however_it_is_planned() -> None:
    for _ in range(6):
        make_delivery()
    with connection.cursor() as cursor:  # what makes the planner run a subquery in a WHERE once per row
        for way in ("hashjoin", "mergejoin", "hashagg", "sort", "material"):
            cursor.execute(f"SET LOCAL enable_{way} = off")

    assert [len(claim(limit=4, worker="me")) for _ in range(2)] == [4, 2]


@pytest.mark.django_db
def test_a_claim_counts_the_attempt_and_leases_the_row() -> None:
    row = claimed()

    assert (row.state, row.attempts, row.locked_by) == (DeliveryStatus.SENDING, 1, "me")
    assert row.lease_until - row.attempted_at == settings.DISPATCH_LEASE
    assert row.body == Delivery.objects.get(pk=row.pk).body


@pytest.mark.django_db
def test_what_is_not_due_waits() -> None:
    make_delivery(run_at=clock.now() + dt.timedelta(seconds=30), status=DeliveryStatus.FAILED)

    assert claim(limit=5, worker="me") == []


@pytest.mark.django_db
@pytest.mark.parametrize("status", sorted(set(DeliveryStatus) - {DeliveryStatus.QUEUED, DeliveryStatus.FAILED}))
def test_only_queued_and_failed_rows_are_taken(status: DeliveryStatus) -> None:
    make_delivery(status=status)

    assert claim(limit=5, worker="me") == []


@pytest.mark.django_db
def test_what_comes_too_late_is_skipped_and_its_code_wiped() -> None:
    row = make_delivery(is_secret=True, valid_until=clock.now() - dt.timedelta(seconds=1))

    assert claim(limit=5, worker="me") == []

    row.refresh_from_db()
    assert (row.state, row.error_code, row.body, row.attempts) == (DeliveryStatus.SKIPPED, "too_late", None, 0)
    assert row.ended_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_take_one_row() -> None:
    for _ in range(200):
        make_delivery()

    taken = race(*(lambda name=name: claim(limit=100, worker=name) for name in ("a", "b", "c", "d")))

    ids = [row.pk for rows in taken for row in rows]
    assert len(ids) == len(set(ids)) == 200


@pytest.mark.django_db(transaction=True)
def test_control_two_workers_that_look_before_they_take_take_one_row_twice() -> None:
    """If this finds no row taken twice, the test above proves nothing."""
    make_delivery()
    both_looked = threading.Barrier(2)

    def look_then_take() -> list[Any]:
        found = list(Delivery.objects.filter(status=DeliveryStatus.QUEUED))
        both_looked.wait(10)
        Delivery.objects.filter(pk__in=[row.pk for row in found]).update(status=DeliveryStatus.SENDING)
        return [row.pk for row in found]

    first, second = race(look_then_take, look_then_take)

    assert first == second != []


@pytest.mark.django_db
def test_an_accepted_message_is_sent_and_its_code_wiped() -> None:
    row = claimed(is_secret=True)

    complete([outcome(row, "accept", provider_id="SM1")], worker="me")

    row.refresh_from_db()
    assert (row.state, row.provider_id, row.body, row.locked_by) == (DeliveryStatus.SENT, "SM1", None, "")
    assert row.sent_at is not None
    assert row.lease_until is None


@pytest.mark.django_db
def test_a_body_without_a_code_is_kept() -> None:
    row = claimed()

    complete([outcome(row, "accept", provider_id="SM1")], worker="me")

    assert Delivery.objects.get().body is not None


@pytest.mark.django_db
def test_a_receipt_that_came_first_is_not_moved_back() -> None:
    row = claimed()
    Delivery.objects.filter(pk=row.pk).update(status=DeliveryStatus.DELIVERED, provider_id="SM1")

    complete([outcome(row, "accept", provider_id="SM1")], worker="me")

    assert Delivery.objects.get().state is DeliveryStatus.DELIVERED


@pytest.mark.django_db
def test_a_worker_whose_lease_was_taken_writes_nothing() -> None:
    row = claimed()
    Delivery.objects.filter(pk=row.pk).update(locked_by="another")

    complete([outcome(row, "fail", run_at=clock.now())], worker="me")

    assert Delivery.objects.get().state is DeliveryStatus.SENDING


@pytest.mark.django_db
def test_what_is_known_of_one_attempt_is_not_written_over_the_next() -> None:
    row = claimed()
    Delivery.objects.filter(pk=row.pk).update(attempts=2, status=DeliveryStatus.IN_DOUBT)

    complete([outcome(row, "refuse", error_code="21211")], worker="me")

    assert Delivery.objects.get().state is DeliveryStatus.IN_DOUBT


@pytest.mark.django_db
def test_an_acceptance_after_the_lease_ended_settles_the_doubt() -> None:
    row = claimed()
    Delivery.objects.update(status=DeliveryStatus.IN_DOUBT, locked_by="")

    complete([outcome(row, "accept", provider_id="SM1")], worker="me")

    assert Delivery.objects.get().state is DeliveryStatus.SENT


@pytest.mark.django_db
def test_what_was_handed_back_has_cost_no_attempt() -> None:
    row = claimed()

    complete([outcome(row, "hand_back", run_at=row.run_at)], worker="me")

    row.refresh_from_db()
    assert (row.state, row.attempts) == (DeliveryStatus.QUEUED, 0)


@pytest.mark.django_db
def test_a_number_that_said_stop_to_the_provider_is_remembered() -> None:
    row = claimed(channel=Channel.WHATSAPP)

    complete([outcome(row, "refuse", error_code="21610")], worker="me")

    assert OptOut.objects.filter(phone=row.to, channel=Channel.WHATSAPP).exists()
    assert Delivery.objects.get().state is DeliveryStatus.DEAD


@pytest.mark.django_db
def test_two_deliveries_that_claim_one_message_do_not_stop_the_others() -> None:
    taken, other = claimed(), claimed()
    make_delivery(provider_id="SM1", status=DeliveryStatus.SENT)

    complete([outcome(taken, "accept", provider_id="SM1"), outcome(other, "accept", provider_id="SM2")], worker="me")

    taken.refresh_from_db()
    other.refresh_from_db()
    assert (taken.state, other.state) == (DeliveryStatus.IN_DOUBT, DeliveryStatus.SENT)
    assert taken.run_at > clock.now()


@pytest.mark.django_db
def test_a_lease_that_ended_is_a_doubt_and_not_a_second_send() -> None:
    row = claimed()

    with time_machine.travel(row.lease_until + dt.timedelta(seconds=1)):
        assert claim(limit=5, worker="another") == []
        assert doubt_expired() == 1
        assert claim(limit=5, worker="another") == []
        assert [doubt.pk for doubt in claim_doubts(limit=5)] == [row.pk]


@pytest.mark.django_db
def test_a_lease_that_runs_is_left_alone() -> None:
    claimed()

    assert doubt_expired() == 0


@pytest.mark.django_db
def test_the_wait_between_look_ups_doubles_and_is_bounded() -> None:
    row = claimed()
    complete([outcome(row, "doubt", run_at=clock.now())], worker="me")
    waits = []

    with time_machine.travel(clock.now(), tick=False) as now:
        for _ in range(12):
            (found,) = claim_doubts(limit=1)
            waits.append((found.run_at - clock.now()).total_seconds())
            now.move_to(found.run_at)

    assert waits[0] == settings.DISPATCH_GRACE.total_seconds()
    assert waits == sorted(waits)
    assert waits[-1] == delivering.LONGEST_DOUBT_WAIT.total_seconds()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        ("queued", "", DeliveryStatus.SENT),
        ("delivered", "", DeliveryStatus.DELIVERED),
        ("read", "", DeliveryStatus.READ),
        ("undelivered", "30003", DeliveryStatus.DEAD),
        ("unheard of", "", DeliveryStatus.SENT),
    ],
)
def test_a_look_up_that_finds_the_message_settles_it(status: str, code: str, state: DeliveryStatus) -> None:
    row = claimed()
    Delivery.objects.update(status=DeliveryStatus.IN_DOUBT)

    complete([outcome(row, "look_up", found=(Found("SM1", status, code),))], worker="me")

    row.refresh_from_db()
    assert (row.state, row.provider_id, row.error_code) == (state, "SM1", code)


@pytest.mark.django_db
def test_a_look_up_that_finds_nothing_loses_the_attempt_and_the_message_goes_again() -> None:
    row = claimed()
    Delivery.objects.update(status=DeliveryStatus.IN_DOUBT)

    complete([outcome(row, "look_up")], worker="me")

    assert Delivery.objects.get().state is DeliveryStatus.FAILED
    assert [again.attempts for again in claim(limit=1, worker="me")] == [2]


@pytest.mark.django_db
def test_attempts_end() -> None:
    row = claimed(attempts=delivering.MAX_ATTEMPTS - 1)
    Delivery.objects.update(status=DeliveryStatus.IN_DOUBT)

    complete([outcome(row, "look_up")], worker="me")

    assert Delivery.objects.get().state is DeliveryStatus.DEAD


@pytest.mark.django_db
def test_a_look_up_does_not_take_another_deliverys_message() -> None:
    make_delivery(provider_id="SM1", status=DeliveryStatus.DELIVERED)
    first, second = claimed(), claimed()
    Delivery.objects.filter(pk__in=[first.pk, second.pk]).update(status=DeliveryStatus.IN_DOUBT)
    seen = (Found("SM1", "delivered", ""), Found("SM2", "sent", ""))

    complete([outcome(first, "look_up", found=seen), outcome(second, "look_up", found=seen)], worker="me")

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.provider_id, first.state) == ("SM2", DeliveryStatus.SENT)
    assert (second.provider_id, second.state) == ("", DeliveryStatus.FAILED)


def two_texts(*, is_critical: bool = True) -> list[Delivery]:
    notification = make_notification(is_critical=is_critical)
    for channel in (Channel.SMS, Channel.WHATSAPP):
        make_delivery(notification, channel=channel, to="+919811111111", language="hi")
    return claim(limit=2, worker="me")


def calls() -> list[Delivery]:
    return list(Delivery.objects.filter(channel=Channel.VOICE))


@pytest.mark.django_db
def test_a_call_follows_when_every_text_of_a_critical_notification_died() -> None:
    first, second = two_texts()
    complete([outcome(first, "refuse", error_code="21211")], worker="me")
    assert calls() == []

    complete([outcome(second, "refuse", error_code="21211")], worker="me")

    (call,) = calls()
    assert (call.state, call.to, call.language) == (DeliveryStatus.QUEUED, "+919811111111", "hi")
    assert "City Hospital needs O- blood." in str(call.body)


@pytest.mark.django_db
def test_both_texts_may_die_in_one_batch() -> None:
    complete([outcome(row, "refuse", error_code="21211") for row in two_texts()], worker="me")

    assert len(calls()) == 1


@pytest.mark.django_db
def test_a_channel_opted_out_of_does_not_keep_the_call_away() -> None:
    first, second = two_texts()
    Delivery.objects.filter(pk=first.pk).update(status=DeliveryStatus.SKIPPED)

    complete([outcome(second, "refuse", error_code="21211")], worker="me")

    assert len(calls()) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("other", sorted(set(DeliveryStatus) - {DeliveryStatus.DEAD, DeliveryStatus.SKIPPED}))
def test_no_call_while_the_other_text_may_arrive(other: DeliveryStatus) -> None:
    first, second = two_texts()
    Delivery.objects.filter(pk=first.pk).update(status=other)

    complete([outcome(second, "refuse", error_code="21211")], worker="me")

    assert calls() == []


@pytest.mark.django_db
def test_no_call_for_what_is_not_critical() -> None:
    complete([outcome(row, "refuse", error_code="21211") for row in two_texts(is_critical=False)], worker="me")

    assert calls() == []


@pytest.mark.django_db
def test_nobody_is_called_about_what_is_over() -> None:
    texts = two_texts()
    Delivery.objects.update(valid_until=clock.now())

    complete([outcome(row, "refuse", error_code="21211") for row in texts], worker="me")

    assert calls() == []


@pytest.mark.django_db
def test_a_call_that_fails_is_not_followed_by_another() -> None:
    complete([outcome(row, "refuse", error_code="21211") for row in two_texts()], worker="me")
    (call,) = claim(limit=1, worker="me")

    complete([outcome(call, "refuse", error_code="busy")], worker="me")

    assert [row.state for row in calls()] == [DeliveryStatus.DEAD]


def let_both_die_together(monkeypatch: pytest.MonkeyPatch, *, with_lock: bool) -> int:
    """Let two workers record the death of one text each at the same moment; return how many calls follow."""
    texts = two_texts()
    real = delivering.queue_calls
    with meeting(2) as wait:

        def look_together(ids: Any) -> int:
            wait()
            found = real(ids)
            wait()
            return found

        monkeypatch.setattr(delivering, "queue_calls", look_together)
        if not with_lock:
            monkeypatch.setattr("notifications.services.telling.lock", without_locks)
        race(*(lambda row=row: complete([outcome(row, "refuse", error_code="21211")], worker="me") for row in texts))
    return len(calls())


@pytest.mark.django_db(transaction=True)
def test_two_texts_that_die_at_the_same_moment_are_followed_by_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    assert let_both_die_together(monkeypatch, with_lock=True) == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_neither_sees_the_other_die(monkeypatch: pytest.MonkeyPatch) -> None:
    assert let_both_die_together(monkeypatch, with_lock=False) == 0


@pytest.mark.django_db
def test_a_claim_reads_the_index_of_due_rows_whatever_lies_beside_them() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM notifications_delivery WHERE status IN ('queued', 'failed') AND run_at <= now()"
            " ORDER BY priority, run_at, id LIMIT 100 FOR UPDATE SKIP LOCKED"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "delivery_due" in plan
    assert "Sort" not in plan


@pytest.mark.django_db
def test_who_has_nothing_to_send_asks_one_question(django_assert_num_queries: Any) -> None:
    make_delivery(status=DeliveryStatus.SENT)

    with django_assert_num_queries(1):
        assert claim(limit=10, worker="idle") == []
