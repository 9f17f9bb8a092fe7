"""The worker as a whole: killed, stopped, cut off from its database, and against a provider that calls back."""

from __future__ import annotations

import datetime as dt
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from common import clock, outbox
from common.db import unit_of_work
from common.models import OutboxEvent
from notifications.models import Delivery, Notification, OptOut
from notifications.services import inbox
from notifications.services.inbox import KEEP
from notifications.states import REACHED, Channel, DeliveryStatus
from notifications.worker import Worker
from sandbox import server
from sandbox.server import Sandbox
from tests.notifications.factories import FakeGateway, make_delivery, make_notification, make_person, work
from tests.processes import until, worker_process
from users.models import User

PROJECT = Path(__file__).resolve().parent.parent.parent


def passwords_change(people: list[User]) -> None:
    with unit_of_work():
        for person in people:
            outbox.emit("account.password_changed", key=f"user:{person.pk}", user=str(person.pk))


@pytest.mark.real_time
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_at_its_work_loses_no_message_and_tells_nobody_twice() -> None:
    """K1: of what is leased when it dies, some was accepted and not written down, and some was not sent at all."""
    people = [make_person() for _ in range(12)]
    passwords_change(people[:10])
    outbox.drain()
    with server.running(latency_ms=600) as provider:
        with worker_process(provider, threads=2) as victim:
            passwords_change(people[10:])
            provider.wait_for(3)
            victim.send_signal(signal.SIGKILL)
            victim.wait(10)
        at_death = list(Delivery.objects.values_list("status", flat=True))
        accepted = len(provider.messages(limit=100))
        assert at_death.count(DeliveryStatus.SENT) < accepted < len(people)
        assert at_death.count(DeliveryStatus.SENDING) > accepted - at_death.count(DeliveryStatus.SENT)
        OutboxEvent.objects.filter(done_at=None).update(available_at=clock.now())  # their lease passes

        with worker_process(provider, threads=2):
            until(lambda: Delivery.objects.exclude(provider_id="").count() == len(people))

        assert [len(provider.messages(person.phone)) for person in people] == [1] * len(people)


@pytest.mark.django_db
def test_control_a_worker_that_sends_expired_leases_again_tells_somebody_twice(sandbox: Sandbox) -> None:
    """If nobody is told twice here, the test above proves nothing."""
    row = make_delivery()
    sandbox.faults(lost_reply={"times": 1})
    work()

    Delivery.objects.update(status=DeliveryStatus.QUEUED, run_at=clock.now())
    work()

    assert len(sandbox.messages(row.to)) == 2


@pytest.mark.real_time
@pytest.mark.django_db(transaction=True)
def test_a_worker_told_to_stop_finishes_what_is_on_its_way_and_leaves_the_rest_to_others() -> None:
    rows = [make_delivery() for _ in range(12)]
    with server.running(latency_ms=400) as provider, worker_process(provider, threads=2) as worker:
        provider.wait_for(2)
        began = time.monotonic()
        worker.send_signal(signal.SIGTERM)

        assert worker.wait(10) == 0
        assert time.monotonic() - began < 10
        accepted = len(provider.messages(limit=100))

    states = list(Delivery.objects.values_list("status", flat=True))
    assert states.count(DeliveryStatus.SENT) == accepted
    assert states.count(DeliveryStatus.QUEUED) == len(rows) - accepted > 0


@contextmanager
def worker_thread(gateway: FakeGateway) -> Iterator[Worker]:
    worker, stop = Worker(threads=2, gateway=gateway), threading.Event()

    def run() -> None:
        try:
            worker.run(stop)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield worker
    finally:
        stop.set()
        worker.dispatcher.poke()
        thread.join(20)


@pytest.mark.real_time
@pytest.mark.django_db(transaction=True)
def test_a_worker_outlives_its_database_connections() -> None:
    gateway = FakeGateway()
    with worker_thread(gateway):
        passwords_change([make_person()])
        until(lambda: len(gateway.given) == 1)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert cursor.fetchone()[0] >= 2
        passwords_change([make_person()])

        until(lambda: len(gateway.given) == 2)
        until(lambda: Delivery.objects.filter(status=DeliveryStatus.SENT).count() == 2)


@pytest.mark.real_time
@pytest.mark.django_db(transaction=True)
def test_a_message_leaves_at_once_after_its_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """The relay pokes the dispatcher: with looks this rare, nothing else could have been so quick."""
    monkeypatch.setattr("notifications.dispatch.POLL", 30.0)
    gateway = FakeGateway()
    with worker_thread(gateway):
        passwords_change([make_person()])

        until(lambda: len(gateway.given) == 1, seconds=10)


@pytest.mark.django_db
def test_once_tells_and_sends_what_is_due_and_returns(sandbox: Sandbox) -> None:
    person = make_person()
    passwords_change([person])

    call_command("worker", "--once", "--threads", "2")

    assert not outbox.open_events().exists()
    assert len(sandbox.messages(person.phone)) in {0, 1}
    call_command("worker", "--once", "--threads", "2")
    assert len(sandbox.messages(person.phone)) == 1


@pytest.mark.django_db
def test_the_provider_down_costs_no_request_and_no_message(settings: Settings) -> None:
    """K3: what was written waits, and goes when the provider is back."""
    person = make_person()
    settings.TWILIO_API_BASE = "http://127.0.0.1:9"
    passwords_change([person])
    call_command("worker", "--once", "--threads", "2")
    assert Delivery.objects.get().state is DeliveryStatus.FAILED

    with server.running() as provider:
        settings.TWILIO_API_BASE = provider.url
        Delivery.objects.update(run_at=clock.now())
        call_command("worker", "--once", "--threads", "2")

        assert len(provider.messages(person.phone)) == 1


@pytest.fixture
def called_back(live_server: LiveServer, settings: Settings) -> Iterator[Sandbox]:
    """A provider whose callbacks reach the product."""
    with server.running(public_url=live_server.url) as provider:
        settings.PUBLIC_URL = live_server.url
        settings.TWILIO_API_BASE = provider.url
        yield provider


def status_of(row: Delivery) -> str:
    return Delivery.objects.values_list("status", flat=True).get(pk=row.pk)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fault", ["none", "out_of_order_callbacks", "duplicate_callbacks"])
def test_receipts_of_the_provider_bring_each_message_to_its_end(called_back: Sandbox, fault: str) -> None:
    if_any = {} if fault == "none" else {fault: True}
    called_back.faults(**if_any)
    sms, whatsapp = make_delivery(), make_delivery(channel=Channel.WHATSAPP)

    work()

    until(lambda: (status_of(sms), status_of(whatsapp)) == (DeliveryStatus.DELIVERED, DeliveryStatus.READ))


@pytest.mark.django_db(transaction=True)
def test_a_receipt_settles_the_doubt_before_anybody_asks(called_back: Sandbox) -> None:
    called_back.faults(lost_reply=True)
    row = make_delivery()

    work()

    until(lambda: status_of(row) in REACHED)
    work()
    assert len(called_back.messages(row.to)) == 1


@pytest.mark.django_db(transaction=True)
def test_forged_receipts_move_nothing(called_back: Sandbox) -> None:
    called_back.faults(bad_signature={"times": 1})
    forged, genuine = make_delivery(run_at=clock.now() - dt.timedelta(seconds=1)), make_delivery()

    work(threads=1)

    until(lambda: status_of(genuine) == DeliveryStatus.DELIVERED)
    assert status_of(forged) == DeliveryStatus.SENT


@pytest.mark.django_db(transaction=True)
def test_the_phone_rings_when_neither_text_arrives(called_back: Sandbox) -> None:
    """K4, by receipts: accepted, and then undelivered."""
    phone = "+919899000006"
    notification = make_notification(is_critical=True)
    for channel in (Channel.SMS, Channel.WHATSAPP):
        make_delivery(notification, channel=channel, to=phone)

    work()
    until(lambda: Delivery.objects.filter(channel=Channel.VOICE).count() == 1)
    work()

    until(lambda: Delivery.objects.get(channel=Channel.VOICE).state is DeliveryStatus.DELIVERED)
    (call,) = called_back.messages(phone, channel="voice")
    assert "Blood is needed near you" in call["body"]


@pytest.mark.django_db(transaction=True)
def test_who_writes_stop_is_not_written_to_again(called_back: Sandbox) -> None:
    person = make_person()
    passwords_change([person])
    call_command("worker", "--once", "--threads", "1")
    call_command("worker", "--once", "--threads", "1")

    assert called_back.reply(person.phone, "STOP")["webhook_status"] == 204
    assert OptOut.objects.filter(phone=person.phone, channel=Channel.SMS).exists()
    passwords_change([person])
    call_command("worker", "--once", "--threads", "1")

    assert sorted(Delivery.objects.values_list("status", flat=True))[-1] == DeliveryStatus.SKIPPED
    assert len([one for one in called_back.messages(person.phone) if one["body"] != "STOP"]) == 1


@pytest.mark.django_db
def test_old_notifications_are_forgotten_and_young_ones_kept() -> None:
    make_delivery(make_notification(created_at=clock.now() - KEEP - dt.timedelta(minutes=1)))
    kept = make_notification(created_at=clock.now() - KEEP + dt.timedelta(minutes=1))

    assert inbox.prune() == 1

    assert list(Notification.objects.values_list("pk", flat=True)) == [kept.pk]
    assert not Delivery.objects.exists()
