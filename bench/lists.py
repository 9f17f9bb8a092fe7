"""Authenticated lists of 50 rows against a view that does nothing, on the same server."""

from __future__ import annotations

import datetime as dt
import statistics

from django.db import connection

from bench import crowd, people
from bench.frame import Report, analyse, own_database, say
from bench.http import Client, rate
from bench.servers import running
from common import clock
from notifications.models import Notification
from requests_app.models import BloodRequest, Wave

TITLE = "lists: 50 rows for somebody signed in, against an empty view"
ROWS, ROUNDS = 50, 3
SHARE_BAR = 0.5
EMPTY, SIGNED_IN = "/bench/empty", "/bench/signed-in"


def run(report: Report) -> None:
    with own_database() as url:
        donor = people.make_donor(crowd.CENTRE, blood_group="O-")
        owner = people.make_hospital(crowd.CENTRE)
        _fill(owner, donor)
        person, member = people.person_token(donor.pk), people.member_token(owner)
        lists = {
            "GET /partner/requests, each with 2 waves": ("/api/v1/partner/requests", member),
            "GET /me/notifications": ("/api/v1/me/notifications", person),
        }
        analyse("requests_app_bloodrequest", "requests_app_wave", "notifications_notification")
        connection.close()
        with running("web", database_url=url) as servers:
            for path, token in lists.values():
                _check(servers.port, path, token)
            rates: dict[str, list[float]] = {name: [] for name in (EMPTY, SIGNED_IN, *lists)}
            for number in range(ROUNDS):
                say(f"  round {number + 1} of {ROUNDS} ...")
                rates[EMPTY].append(rate(servers.port, EMPTY))
                rates[SIGNED_IN].append(rate(servers.port, SIGNED_IN, person))
                for name, (path, token) in lists.items():
                    rates[name].append(rate(servers.port, path, token))
    empty, signed_in = statistics.median(rates.pop(EMPTY)), statistics.median(rates.pop(SIGNED_IN))
    report.tell("empty view", f"{empty:.0f} requests/s")
    report.tell("empty view for somebody signed in", f"{signed_in:.0f} requests/s, {signed_in / empty:.0%}")
    for name, found in rates.items():
        share = statistics.median(found) / empty
        measured = f"{statistics.median(found):.0f} requests/s, {share:.0%}"
        report.hold(f"{name}: {ROWS} rows", measured, ">= 50 % of the empty view", holds=share >= SHARE_BAR)
    report.note(
        "gunicorn with 2 workers of 8 threads, 32 kept-alive connections; server, database and client on one machine."
    )


def _fill(owner: people.Member, donor: people.Donor) -> None:
    now = clock.now()
    requests = [
        BloodRequest(
            partner=owner.partner,
            posted_by=owner,
            blood_group="B+",
            component="red_cells",
            units=3,
            urgency="urgent",
            needed_by=now + dt.timedelta(hours=8),
            expires_at=now + dt.timedelta(hours=8),
            lat=owner.partner.lat,
            lng=owner.partner.lng,
            note="Ask for the ward sister.",
        )
        for _ in range(ROWS)
    ]
    BloodRequest.objects.bulk_create(requests)
    Wave.objects.bulk_create(
        Wave(request=request, number=number, radius_km=2.5 * number, asked=20, answered=1, started_at=now)
        for request in requests
        for number in (1, 2)
    )
    Notification.objects.bulk_create(
        Notification(
            dedupe_key=f"bench:{number}",
            kind="ask",
            user_id=donor.pk,
            title="Blood is needed near you",
            body="City Hospital needs O- blood by 21 Nov 18:00, 2.4 km from you. Can you give?",
            subject_kind="request",
            subject_id=request.pk,
            created_at=now,
        )
        for number, request in enumerate(requests)
    )


def _check(port: int, path: str, token: str) -> None:
    client = Client(port)
    reply = client.get(path, token)
    client.close()
    if reply.status != 200 or len(reply.json()["results"]) != ROWS:
        raise RuntimeError(f"{path} answered {reply.status}: {reply.body[:200].decode()}")
