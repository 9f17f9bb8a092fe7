"""Sending what is queued, against a bare pool of as many threads making the same calls of the SDK."""

from __future__ import annotations

import statistics
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import connection

from bench.frame import Report, ms, own_database, say, timed
from bench.servers import running
from common import clock
from common.ids import uuid7
from notifications.dispatch import Dispatcher
from notifications.gateways import Outgoing, TwilioGateway
from notifications.models import Delivery, Notification
from notifications.services.telling import WORTH_SENDING
from notifications.states import Channel, DeliveryStatus
from sandbox.server import Sandbox

TITLE = "dispatch: 5 000 queued messages, provider latency 50 ms"
DELIVERIES, ROUNDS = 5000, 3
LATENCY_MS = 50
SHARE_BAR = 0.8
BODY = "City Hospital needs O- blood by 21 Nov 18:00, 2.4 km from you. Can you give?"


def run(report: Report) -> None:
    threads = settings.DISPATCH_THREADS
    with own_database() as url, running("sandbox", database_url=url, SANDBOX_LATENCY_MS=str(LATENCY_MS)) as servers:
        settings.TWILIO_API_BASE = servers.sandbox_url
        sandbox = Sandbox(servers.sandbox_url)
        sandbox.faults(no_callbacks=True)
        bare, ours = list[float](), list[float]()
        for number in range(ROUNDS):
            say(f"  round {number + 1} of {ROUNDS} ...")
            sandbox.clear()
            bare.append(_bare(threads))
            sandbox.clear()
            _queue()
            ours.append(timed(lambda: _dispatch(threads)))
            sent = Delivery.objects.filter(status=DeliveryStatus.SENT).count()
            if sent != DELIVERIES:
                raise RuntimeError(f"only {sent} of {DELIVERIES} were sent")
        sandbox.close()
    share = statistics.median(bare) / statistics.median(ours)
    report.tell("bare pool", f"{DELIVERIES / statistics.median(bare):.0f} messages/s ({ms(statistics.median(bare))})")
    report.tell("dispatcher", f"{DELIVERIES / statistics.median(ours):.0f} messages/s ({ms(statistics.median(ours))})")
    report.hold("dispatcher to bare pool", f"{share:.0%}", ">= 80 %", holds=share >= SHARE_BAR)
    ceiling = threads / LATENCY_MS * 1000
    report.note(
        f"{threads} threads, median of {ROUNDS} rounds each; the latency alone allows {ceiling:.0f} messages/s."
    )


def _bare(threads: int) -> float:
    gateway = TwilioGateway(connections=threads)
    messages = [
        Outgoing(delivery_id=uuid7(), channel=Channel.SMS, to=_phone(number), body=BODY, language="en", attempt=1)
        for number in range(DELIVERIES)
    ]
    with ThreadPoolExecutor(threads) as pool:
        return timed(lambda: list(pool.map(gateway.send, messages)))


def _queue() -> None:
    now = clock.now()
    Notification.objects.all().delete()
    notifications = [
        Notification(dedupe_key=f"bench:{number}", kind="ask", title="Blood is needed", body=BODY, created_at=now)
        for number in range(DELIVERIES)
    ]
    Notification.objects.bulk_create(notifications)
    Delivery.objects.bulk_create(
        Delivery(
            notification=notification,
            channel=Channel.SMS,
            to=_phone(number),
            body=BODY,
            run_at=now,
            valid_until=now + WORTH_SENDING,
            created_at=now,
        )
        for number, notification in enumerate(notifications)
    )
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE) {Delivery._meta.db_table}")


def _dispatch(threads: int) -> None:
    dispatcher = Dispatcher(TwilioGateway(connections=threads), threads=threads)
    dispatcher.start()
    while dispatcher.turn():
        pass
    dispatcher.stop(within=10)


def _phone(number: int) -> str:
    return f"+9198{number:08d}"
