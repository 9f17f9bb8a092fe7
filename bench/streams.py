"""1,000 live streams of one process, with people who write to each other."""

from __future__ import annotations

import json
import random
import select
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from bench import crowd, people
from bench.frame import Report, Spread, ms, own_database, say
from bench.servers import Servers, running
from common import live
from common.db import unit_of_work
from common.live import Change
from users.models import User

TITLE = "streams: 1,000 live streams of one process, 100 messages a second between pairs"
STREAMS, MESSAGES, RATE, WRITERS = 1000, 2000, 100, 4
P99_BAR = 0.250  # seconds
LINGER = 5.0  # seconds for the last of them to arrive
BARE = 300  # publications to measure the bare LISTEN by


def run(report: Report) -> None:
    with own_database() as url:
        crowd.add_donors(STREAMS)
        users = list(User.objects.order_by("pk").values_list("pk", flat=True)[:STREAMS])
        tokens = [people.person_token(user) for user in users]
        bare = _bare_notify()
        connection.close()
        more = {"STREAMS_PER_ADDRESS": str(STREAMS), "STREAMS_PER_PROCESS": str(STREAMS)}
        with running("stream", database_url=url, **more) as servers:
            opened, waits, faults = _streams(servers, users, tokens)
    took = Spread(waits)
    report.tell(f"{STREAMS:,} streams opened and greeted", ms(opened))
    report.hold(
        "messages that arrived",
        f"{len(waits):,}, {faults} streams at fault",
        f"{MESSAGES * 2:,}, once each",
        holds=len(waits) == MESSAGES * 2 and not faults,
    )
    report.hold("p99, from before the transaction", ms(took.at(0.99)), "< 250 ms", holds=took.at(0.99) < P99_BAR)
    report.tell("median and slowest", f"{ms(took.median)}, {ms(took.slowest)}")
    report.tell("a bare LISTEN of the same publishing, p99", ms(bare.at(0.99)))
    report.tell("ratio of the p99s", f"{took.at(0.99) / bare.at(0.99):.1f}")
    report.note(
        "Each message is published to its two people in a transaction of its own; their clients run in a process "
        "of their own."
    )


def _streams(servers: Servers, users: list[uuid.UUID], tokens: list[str]) -> tuple[float, list[float], int]:
    """Return how long opening took, how long each change was on its way, and how many streams heard not just theirs."""
    port = servers.stream_url.rpartition(":")[2]
    seconds = MESSAGES / RATE + LINGER
    command = [sys.executable, "-m", "bench.stream_clients", port, str(seconds)]
    clients = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        clients.stdin.write("\n".join(tokens))
        clients.stdin.close()
        [word, opened] = clients.stdout.readline().split() or ["", "0"]
        if word != "open":
            raise RuntimeError("the clients could not open their streams")
        say(f"  {STREAMS} streams are open ...")
        meant = _write_to_each_other(users)
        heard = [json.loads(line) for line in clients.stdout]
    finally:
        clients.kill()
        clients.wait(10)
    expected = [list(range(1, meant[user] + 1)) for user in users]
    faults = sum(numbers != wanted for (numbers, _), wanted in zip(heard, expected, strict=True))
    return float(opened), [wait for _, waits in heard for wait in waits], faults


def _write_to_each_other(users: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Publish at an even rate whether the server keeps up or not; return how many changes each person has."""
    dice = random.Random(6)
    pairs = [tuple(dice.sample(users, 2)) for _ in range(MESSAGES)]
    meant = dict.fromkeys(users, 0)
    for pair in pairs:
        for user in pair:
            meant[user] += 1
    began = time.monotonic() + 0.2

    def write(first: int) -> None:
        for number in range(first, MESSAGES, WRITERS):
            time.sleep(max(0.0, began + number / RATE - time.monotonic()))
            _publish(pairs[number])
        connection.close()

    threads = [threading.Thread(target=write, args=(first,)) for first in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return meant


def _publish(pair: tuple[uuid.UUID, ...]) -> None:
    told = {"conversation": str(uuid.uuid4()), "message": str(uuid.uuid4()), "sent": time.monotonic()}
    with unit_of_work():
        live.publish([Change(user, "chat.message", told) for user in pair])


def _bare_notify() -> Spread:
    """Publish a little while one connection listens and reads nothing: no stream can be quicker."""
    waits: list[float] = []
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {live.CHANNEL}")
    raw = connection.connection
    pair = (uuid.uuid4(), uuid.uuid4())
    with ThreadPoolExecutor(1) as other:
        for _ in range(BARE):
            began = time.monotonic()
            published = other.submit(_publish, pair)
            select.select([raw], [], [], 10)
            raw.poll()
            waits.append(time.monotonic() - began)
            raw.notifies.clear()
            published.result()
        other.submit(lambda: connection.close()).result()  # noqa: PLW0108 (of that thread)
    return Spread(waits)
