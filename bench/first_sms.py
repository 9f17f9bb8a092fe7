"""From posting a request over HTTP to the provider's receipt of the first SMS, at idle."""

from __future__ import annotations

import datetime as dt
import random
import time

from django.db import connection

from bench import people
from bench.frame import Report, Spread, ms, own_database, say
from bench.http import Client
from bench.servers import running
from common import clock
from common.geo import Point
from sandbox.server import Sandbox

TITLE = "first_sms: POST /partner/requests to the first SMS at the provider"
POSTS, WARM_UP = 60, 5
P95_BAR = 0.3  # seconds
APART = 0.5  # degrees between two hospitals: nobody is near two of them


def run(report: Report) -> None:
    chance = random.Random(3)
    with own_database() as url:
        asked = []
        for number in range(POSTS + WARM_UP):
            place = Point(9 + APART * (number // 10), 72 + APART * (number % 10))
            member = people.make_hospital(place)
            donor = people.make_donor(Point(place.lat + 0.01, place.lng), blood_group="O-")
            asked.append((people.member_token(member), donor.user.phone))
        connection.close()
        with running("sandbox", "web", "worker", database_url=url) as servers:
            say(f"  {POSTS} posts, one after the other ...")
            sandbox = Sandbox(servers.sandbox_url)
            client, posted, answered = Client(servers.port), list[float](), list[float]()
            for token, _ in asked:
                body = {
                    "blood_group": "O-",
                    "component": "red_cells",
                    "units": 1,
                    "urgency": "critical",
                    "needed_by": (clock.now() + dt.timedelta(hours=6)).isoformat(),
                }
                client.close()  # idle connections are closed by the server; a client opens its own
                client = Client(servers.port)
                posted.append(time.time())
                reply = client.post("/api/v1/partner/requests", token, body)
                answered.append(time.time() - posted[-1])
                if reply.status != 201:
                    raise RuntimeError(f"POST answered {reply.status}: {reply.body.decode()}")
                time.sleep(chance.uniform(0.4, 0.7))
            waits = []
            for (_, phone), began in zip(asked, posted, strict=True):
                [message] = sandbox.wait_for(1, to=phone, channel="sms")
                waits.append(dt.datetime.fromisoformat(message["at"]).timestamp() - began)
            client.close()
            sandbox.close()
    spread = Spread(waits[WARM_UP:])
    report.hold(f"{POSTS} critical requests, one donor each", spread, "p95 < 300 ms", holds=spread.p95 < P95_BAR)
    report.tell("of which the answer to the POST", Spread(answered[WARM_UP:]))
    report.tell("slowest", ms(spread.slowest))
