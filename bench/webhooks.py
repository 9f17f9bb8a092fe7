"""Webhooks of providers, 50 a second: how long a provider waits until one is taken."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import threading
import time
import uuid
from collections import Counter

from django.conf import settings
from django.db import connection

from bench import crowd, people
from bench.frame import Report, Spread, analyse, ms, own_database, say
from bench.http import Client
from bench.servers import running
from common import clock
from common.db import unit_of_work
from common.money import Currency, Money
from payments.gateways.razorpay import webhook_signature
from payments.models import Payment, ProviderNotice
from payments.parties import Party
from payments.services import purchasing
from payments.states import NoticeOutcome, PaymentStatus, Provider, PurchaseKind

TITLE = "webhooks: signed events at a steady 50/s, gunicorn with 2 workers of 8 threads, one worker process"
RATE, SECONDS, CONNECTIONS = 50, 30, 16
P95_BAR = 0.050  # seconds
HANDLED_WITHIN = 60.0  # seconds after the last one


def run(report: Report) -> None:
    with own_database() as url:
        say("  payments ...")
        orders = _payments(200)
        analyse("payments_payment", "payments_purchase")
        connection.close()
        with running("web", "worker", "sandbox", database_url=url) as servers:
            _send(servers.port, orders, RATE)  # every thread of the server opens its connections
            say(f"  {RATE} events a second for {SECONDS} s ...")
            statuses, took = _send(servers.port, orders, RATE * SECONDS)
            sent = RATE * (SECONDS + 1)
            handled = _handled(sent)
        exact = statuses == {204: RATE * SECONDS}
        report.hold("answers", dict(statuses), f"{RATE * SECONDS} x 204", holds=exact)
        report.hold("from when it was due to the answer", took, "p95 < 50 ms", holds=took.p95 < P95_BAR)
        report.tell("the slowest", ms(took.slowest))
        kept = ProviderNotice.objects.count()
        report.hold("kept, once each", f"{kept:,}", f"{sent:,}", holds=kept == sent)
        report.tell("handled by the worker after the last one", handled)
    report.note(f"{CONNECTIONS} kept-alive connections take turns; an event that has to wait for one counts the wait.")


def _payments(count: int) -> list[str]:
    """Return what Razorpay calls the orders of some pending payments."""
    owner = people.make_hospital(crowd.CENTRE)
    refs = []
    for number in range(count):
        with unit_of_work():
            purchase = purchasing.register_purchase(
                kind=PurchaseKind.ORDER,
                reference=uuid.uuid4(),
                payer=Party.partner(owner.partner_id),
                payee=Party.partner(owner.partner_id),
                amount=Money(310_000, Currency.INR),
                description="Blood order",
            )
        Payment.objects.create(
            purchase=purchase,
            provider=Provider.RAZORPAY,
            status=PaymentStatus.PENDING,
            payer_partner_id=owner.partner_id,
            payee_partner_id=owner.partner_id,
            amount_minor=310_000,
            currency=Currency.INR,
            provider_ref=f"order_bench{number}",
            expires_at=clock.now() + dt.timedelta(hours=1),
        )
        refs.append(f"order_bench{number}")
    return refs


def _send(port: int, orders: list[str], count: int) -> tuple[Counter[int], Spread]:
    """Send each event when it is due; return the answers' statuses, and the waits from then on."""
    names = itertools.cycle(orders)
    messages = [_message(port, next(names)) for _ in range(count)]
    statuses, took, lock = Counter[int](), [0.0] * count, threading.Lock()
    numbers, began = iter(range(count)), time.perf_counter() + 0.5

    def send() -> None:
        client = Client(port)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                break
            due = began + number / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            reply = client.send(messages[number])
            took[number] = time.perf_counter() - due
            with lock:
                statuses[reply.status] += 1
        client.close()

    threads = [threading.Thread(target=send) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses, Spread(took)


def _message(port: int, order: str) -> bytes:
    entity = {"id": f"pay_{uuid.uuid4().hex[:14]}", "order_id": order, "amount": 310_000, "notes": []}
    body = json.dumps({"event": "payment.authorized", "payload": {"payment": {"entity": entity}}}).encode()
    lines = [
        "POST /api/v1/webhooks/razorpay HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"X-Razorpay-Event-Id: {uuid.uuid4().hex}",
        f"X-Razorpay-Signature: {webhook_signature(body, settings.RAZORPAY_WEBHOOK_SECRET)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _handled(sent: int) -> str:
    began = time.perf_counter()
    while time.perf_counter() - began < HANDLED_WITHIN:
        waiting = ProviderNotice.objects.filter(outcome=NoticeOutcome.WAITING).count()
        if not waiting and ProviderNotice.objects.count() >= sent:
            return f"all, {ms(time.perf_counter() - began)} later"
        time.sleep(0.05)
    return f"{waiting:,} still wait after {HANDLED_WITHIN:.0f} s"
