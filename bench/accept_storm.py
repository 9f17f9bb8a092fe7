"""200 donors accept one request of 3 units at the same moment, over HTTP."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import Counter

from django.db import connection

from bench import crowd, people
from bench.frame import Report, Spread, analyse, own_database, say
from bench.http import Client, Reply, request
from bench.servers import running
from common import clock
from common.blood import BloodGroup, DonationType
from requests_app.models import Assignment
from requests_app.services import posting
from requests_app.states import Urgency
from stock.components import Component
from users.matching import may_give
from users.models import Donor

TITLE = "accept_storm: 200 donors, one request of 3 units, gunicorn with 2 workers of 8 threads"
DONORS, UNITS, ROUNDS = 200, 3, 5
P95_BAR = 1.0  # seconds


def run(report: Report) -> None:
    with own_database() as url:
        crowd.add_donors(5000)
        analyse("users_user", "users_donor")
        fit = may_give(DonationType.WHOLE_BLOOD, clock.today("Asia/Kolkata"), clock.now())
        owner = people.make_hospital(crowd.CENTRE)
        donors = (
            Donor.objects.filter(fit, available=True).order_by("pk")[: DONORS * ROUNDS].values_list("pk", flat=True)
        )
        tokens = [people.person_token(donor) for donor in donors]
        connection.close()
        with running("web", database_url=url) as servers:
            warm_up(servers.port, tokens[0])
            for number in range(ROUNDS):
                say(f"  storm {number + 1} of {ROUNDS} ...")
                _storm(report, number, servers.port, owner, tokens[number * DONORS : (number + 1) * DONORS])
    report.note("Each donor with a connection of his own, from its opening to the end of the answer.")


def _storm(report: Report, number: int, port: int, owner: people.Member, tokens: list[str]) -> None:
    wanted = posting.post_request(
        partner_id=owner.partner_id,
        member_id=owner.pk,
        blood_group=BloodGroup.AB_POS,  # everybody may give red cells to AB+
        component=Component.RED_CELLS,
        units=UNITS,
        urgency=Urgency.CRITICAL,
        needed_by=clock.now() + dt.timedelta(hours=6),
        radius_km=100,
    )
    path = f"/api/v1/requests/{wanted.pk}/accept"
    replies, took = together([request(port, "POST", path, token) for token in tokens], port)
    outcomes = Counter(outcome_of(reply) for reply in replies)
    promised = Assignment.objects.filter(request=wanted).count()
    said = ", ".join(f"{count} x {what}" for what, count in outcomes.most_common())
    exact = outcomes == {"201": UNITS, "409 request_full": DONORS - UNITS} and promised == UNITS
    report.hold(f"storm {number + 1}: answers", said, "3 x 201, 197 x 409 request_full", holds=exact)
    report.hold(f"storm {number + 1}: waits", took, "p95 < 1 s", holds=took.p95 < P95_BAR)


def warm_up(port: int, token: str) -> None:
    """Let every thread of the server open its connection to the database."""
    messages = [request(port, "GET", "/api/v1/me", token)] * 64
    together(messages, port)


def together(messages: list[bytes], port: int) -> tuple[list[Reply], Spread]:
    """Send each message over its own connection at the same moment; return the answers and how long each took."""
    start = threading.Barrier(len(messages))
    replies: list[Reply | None] = [None] * len(messages)
    took = [0.0] * len(messages)

    def send(number: int) -> None:
        start.wait()
        began = time.perf_counter()
        client = Client(port)
        replies[number] = client.send(messages[number])
        took[number] = time.perf_counter() - began
        client.close()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(len(messages))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [reply for reply in replies if reply is not None], Spread(took)


def outcome_of(reply: Reply) -> str:
    return "201" if reply.status == 201 else f"{reply.status} {reply.json().get('code', '')}"
