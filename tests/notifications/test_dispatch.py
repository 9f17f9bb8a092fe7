"""The dispatcher against the provider's stand-in: what people receive, whatever goes wrong on the way."""

from __future__ import annotations

import datetime as dt
import threading
import time

import pytest
import time_machine
from django.db import OperationalError
from pytest_django import Settings

from common import clock
from notifications import dispatch, doorbell
from notifications.dispatch import Dispatcher, backoff
from notifications.gateways import Accepted, Outgoing, Refused, TryLater, Unknown
from notifications.models import Delivery
from notifications.services import delivering
from notifications.states import OVER, Channel, DeliveryStatus
from sandbox.server import Sandbox
from tests.notifications.factories import (
    NOBODY_WAITS,
    FakeGateway,
    make_delivery,
    make_notification,
    raising,
    work,
)

pytestmark = pytest.mark.django_db
BROKEN = "+9198990000"  # the stand-in's numbers on which messages fail; two digits say how


def states() -> list[DeliveryStatus]:
    return [row.state for row in Delivery.objects.order_by("pk")]


def due_now() -> None:
    Delivery.objects.exclude(status__in=OVER).update(run_at=clock.now())


def test_what_is_due_reaches_the_provider_once(sandbox: Sandbox) -> None:
    rows = [make_delivery(channel=channel) for channel in ("sms", "whatsapp", "voice") for _ in range(5)]

    work()

    received = sandbox.messages(limit=100)
    assert sorted((message["channel"], message["to"]) for message in received) == sorted(
        (row.channel, row.to) for row in rows
    )
    assert set(states()) == {DeliveryStatus.SENT}
    assert set(Delivery.objects.values_list("provider_id", flat=True)) == {message["id"] for message in received}


def test_the_most_urgent_is_sent_first() -> None:
    for priority in (5, 3, 0, 4, 1):
        make_delivery(priority=priority, body=str(priority))
    gateway = FakeGateway()

    work(gateway, threads=1)

    assert [message.body for message in gateway.given] == ["0", "1", "3", "4", "5"]


def test_what_the_provider_refuses_is_dead_and_not_tried_again() -> None:
    make_delivery()
    gateway = FakeGateway(raising(Refused("21211")))

    work(gateway)
    due_now()
    work(gateway)

    assert (states(), len(gateway.given)) == ([DeliveryStatus.DEAD], 1)
    assert Delivery.objects.get().error_code == "21211"


def test_what_was_not_taken_is_tried_again_after_a_while(sandbox: Sandbox) -> None:
    row = make_delivery()
    sandbox.faults(rate_limit={"times": 1, "retry_after": 30})

    work()
    row.refresh_from_db()
    assert (row.state, row.error_code) == (DeliveryStatus.FAILED, "20429")
    assert 30 <= (row.run_at - clock.now()).total_seconds() + 1 <= 47
    assert sandbox.messages(row.to) == []

    due_now()
    work()
    assert (states(), len(sandbox.messages(row.to))) == ([DeliveryStatus.SENT], 1)


def test_attempts_end_in_death() -> None:
    make_delivery(attempts=delivering.MAX_ATTEMPTS - 1)

    work(FakeGateway(raising(TryLater("unreachable"))))

    assert states() == [DeliveryStatus.DEAD]


def test_the_wait_doubles_with_jitter_up_to_a_bound() -> None:
    for attempt in (1, 4, 9, 40):
        full = min(2.0**attempt, dispatch.LONGEST_BACKOFF)
        waits = {backoff(attempt).total_seconds() for _ in range(50)}
        assert full * 0.5 <= min(waits) < max(waits) <= full * 1.5


@pytest.mark.parametrize("fault", ["lost_reply", "truncated_json"])
def test_a_message_whose_answer_was_lost_is_found_and_not_sent_twice(
    sandbox: Sandbox, settings: Settings, fault: str
) -> None:
    row = make_delivery()
    sandbox.faults(**{fault: {"times": 1}})

    work()
    assert states() == [DeliveryStatus.IN_DOUBT]
    due_now()
    work()

    row.refresh_from_db()
    assert row.state in {DeliveryStatus.SENT, DeliveryStatus.DELIVERED}
    assert [message["id"] for message in sandbox.messages(row.to)] == [row.provider_id]


@pytest.mark.parametrize("fault", ["lost_request", "error_5xx", "html_body"])
def test_a_message_that_never_arrived_is_sent_again_once_that_is_certain(sandbox: Sandbox, fault: str) -> None:
    row = make_delivery()
    sandbox.faults(**{fault: {"times": 1}})

    work()
    assert states() == [DeliveryStatus.IN_DOUBT]
    work()
    assert (states(), sandbox.messages(row.to)) == ([DeliveryStatus.IN_DOUBT], []), "before the grace nothing moves"
    due_now()
    work()
    work()

    row.refresh_from_db()
    assert (row.state, row.attempts, len(sandbox.messages(row.to))) == (DeliveryStatus.SENT, 2, 1)


def test_while_the_provider_does_not_say_nothing_is_sent_again(sandbox: Sandbox) -> None:
    row = make_delivery()
    sandbox.faults(lost_reply={"times": 1}, error_5xx={"on": "look_up"})
    work()

    for _ in range(3):
        due_now()
        work()

    assert states() == [DeliveryStatus.IN_DOUBT]
    assert len(sandbox.messages(row.to)) == 1


def test_a_doubt_ends_when_the_message_is_worth_nothing_any_more() -> None:
    row = make_delivery(is_secret=True, valid_until=clock.now() + dt.timedelta(minutes=5))
    gateway = FakeGateway(raising(Unknown("timeout")), raising(Unknown("timeout")))
    work(gateway)

    with time_machine.travel(clock.now() + dt.timedelta(minutes=6)):
        work(gateway)

    row.refresh_from_db()
    assert (row.state, row.error_code, row.body) == (DeliveryStatus.DEAD, "fate_unknown", None)
    assert len(gateway.given) == 1


def test_what_is_read_out_by_nobody_is_never_sent() -> None:
    make_delivery(body=None)
    gateway = FakeGateway()

    work(gateway)

    assert (states(), gateway.given) == ([DeliveryStatus.DEAD], [])


def test_a_crash_while_sending_is_a_doubt_and_the_thread_lives_on() -> None:
    rows = [make_delivery() for _ in range(3)]

    def send(message: Outgoing) -> Accepted:
        if message.delivery_id == rows[0].pk:
            raise ZeroDivisionError
        return Accepted(f"SM{message.delivery_id.hex}")

    work(FakeGateway(send), threads=1)

    assert states() == [DeliveryStatus.IN_DOUBT, DeliveryStatus.SENT, DeliveryStatus.SENT]


def test_both_channels_fail_without_an_exception_and_a_call_follows(sandbox: Sandbox) -> None:
    """K4: the last resort is a call, queued exactly when both texts failed."""
    notification = make_notification(is_critical=True)
    for channel in (Channel.SMS, Channel.WHATSAPP):
        make_delivery(notification, channel=channel, to=BROKEN + "02")  # both refused: said STOP

    work()
    work()

    assert [message["channel"] for message in sandbox.messages(BROKEN + "02")] == ["voice"]
    assert sorted(states()) == [DeliveryStatus.DEAD, DeliveryStatus.DEAD, DeliveryStatus.SENT]


def test_only_those_who_were_not_reached_are_tried_again(sandbox: Sandbox) -> None:
    """K5"""
    rows = [make_delivery() for _ in range(6)]
    unlucky = rows[2]
    sandbox.faults(rate_limit={"times": 1, "only_to": unlucky.to})

    work()
    due_now()
    work()

    assert [len(sandbox.messages(row.to)) for row in rows] == [1] * 6
    assert set(states()) == {DeliveryStatus.SENT}


def test_a_template_is_sent_where_whatsapp_takes_no_free_text(sandbox: Sandbox, settings: Settings) -> None:
    settings.TWILIO_WHATSAPP_CONTENT_SID = "HX" + "a" * 32
    row = make_delivery(channel=Channel.WHATSAPP)
    sandbox.faults(whatsapp_window={"refuse": True})

    work()
    work()

    (message,) = sandbox.messages(row.to)
    assert message["body"].startswith("[HX")
    assert states() == [DeliveryStatus.SENT]


def test_a_thread_begins_nothing_that_may_outlive_its_lease(settings: Settings) -> None:
    settings.DISPATCH_LEASE = NOBODY_WAITS
    make_delivery()
    gateway = FakeGateway()
    dispatcher = Dispatcher(gateway, threads=1)
    dispatcher.start()

    dispatcher.turn()
    dispatcher.stop(within=5)

    assert gateway.given == []
    assert states() in ([DeliveryStatus.QUEUED], [DeliveryStatus.IN_DOUBT])


def test_stopping_finishes_what_is_in_hand_and_hands_the_rest_back() -> None:
    for _ in range(8):
        make_delivery()
    begun, go_on = threading.Event(), threading.Event()

    def send(message: Outgoing) -> Accepted:
        begun.set()
        go_on.wait(10)
        return Accepted(f"SM{message.delivery_id.hex}")

    gateway = FakeGateway(send)
    dispatcher = Dispatcher(gateway, threads=2)
    dispatcher.start()
    dispatcher.turn()
    assert begun.wait(5)
    threading.Timer(0.2, go_on.set).start()

    dispatcher.stop(within=5)

    sent = len(gateway.given)
    assert sent <= 2
    assert sorted(states()) == sorted([DeliveryStatus.SENT] * sent + [DeliveryStatus.QUEUED] * (8 - sent))


def test_stopping_does_not_wait_for_ever() -> None:
    row = make_delivery()
    go_on = threading.Event()

    def send(_: Outgoing) -> Accepted:
        go_on.wait(10)
        return Accepted("SM1")

    dispatcher = Dispatcher(FakeGateway(send), threads=1)
    dispatcher.start()
    dispatcher.turn()
    began = time.monotonic()

    dispatcher.stop(within=0.2)
    go_on.set()

    assert time.monotonic() - began < 3
    row.refresh_from_db()
    assert row.state is DeliveryStatus.SENDING, "its lease will bring it into doubt"


def test_what_is_known_outlives_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    make_delivery()
    gateway = FakeGateway()
    dispatcher = Dispatcher(gateway, threads=1)
    dispatcher.start()
    dispatcher.turn()
    real = delivering.complete
    monkeypatch.setattr(delivering, "complete", raising_always)

    with pytest.raises(OperationalError):
        dispatcher.turn()
    monkeypatch.setattr(delivering, "complete", real)
    while dispatcher.turn():
        pass
    dispatcher.stop(within=5)

    assert (states(), len(gateway.given)) == ([DeliveryStatus.SENT], 1)


def raising_always(*_: object, **__: object) -> None:
    raise OperationalError


def test_a_ring_wakes_the_desk() -> None:
    gateway = FakeGateway()
    dispatcher = Dispatcher(gateway, threads=1)
    dispatcher.start()
    doorbell.ring()
    began = time.perf_counter()

    dispatcher._gather(5)

    assert time.perf_counter() - began < 1
    dispatcher.stop(within=1)
    assert not doorbell._listeners
