"""300 donors enrol in one camp of 100 places at the same moment, over HTTP."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

from django.db import connection

from bench import crowd, people
from bench.accept_storm import outcome_of, together, warm_up
from bench.frame import Report, analyse, own_database, say
from bench.http import request
from bench.servers import running
from common import clock
from common.blood import DonationType
from donations.models import Camp, Enrolment
from donations.services import camps
from users.matching import may_give
from users.models import Donor

TITLE = "camp_rush: 300 donors, one camp of 100 places, gunicorn with 2 workers of 8 threads"
DONORS, PLACES, ROUNDS = 300, 100, 3
P95_BAR = 2.0  # seconds; a hundred of the answers are writes, of those of accept_storm three


def run(report: Report) -> None:
    with own_database() as url:
        crowd.add_donors(5000)
        analyse("users_user", "users_donor")
        fit = may_give(DonationType.WHOLE_BLOOD, clock.today("Asia/Kolkata"), clock.now())
        owner = people.make_hospital(crowd.CENTRE)
        donors = Donor.objects.filter(fit, available=True).order_by("pk").values_list("pk", flat=True)
        tokens = [people.person_token(donor) for donor in donors[: DONORS * ROUNDS]]
        connection.close()
        with running("web", database_url=url) as servers:
            warm_up(servers.port, tokens[0])
            for number in range(ROUNDS):
                say(f"  rush {number + 1} of {ROUNDS} ...")
                _rush(report, number, servers.port, owner, tokens[number * DONORS : (number + 1) * DONORS])
    report.note("Each donor with a connection of his own, from its opening to the end of the answer.")


def _rush(report: Report, number: int, port: int, owner: people.Member, tokens: list[str]) -> None:
    camp = _camp(owner)
    path = f"/api/v1/camps/{camp.pk}/enrol"
    replies, took = together([request(port, "POST", path, token) for token in tokens], port)
    outcomes = Counter(outcome_of(reply) for reply in replies)
    places = Enrolment.objects.filter(camp=camp).count()
    counted = Camp.objects.values_list("enrolled", flat=True).get(pk=camp.pk)
    said = ", ".join(f"{count} x {what}" for what, count in outcomes.most_common())
    exact = outcomes == {"201": PLACES, "409 camp_full": DONORS - PLACES} and places == counted == PLACES
    report.hold(f"rush {number + 1}: answers", said, "100 x 201, 200 x 409 camp_full", holds=exact)
    report.hold(f"rush {number + 1}: waits", took, f"p95 < {P95_BAR:g} s", holds=took.p95 < P95_BAR)


def _camp(owner: people.Member) -> Camp:
    starts_at = clock.now() + dt.timedelta(days=1)
    draft = camps.create_camp(
        partner_id=owner.partner_id,
        member_id=owner.pk,
        title="Rush",
        description="",
        place_name="Town hall",
        address="3 Main Road",
        lat=Decimal(str(crowd.CENTRE.lat)),
        lng=Decimal(str(crowd.CENTRE.lng)),
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(hours=6),
        capacity=PLACES,
    )
    return camps.publish_camp(camp_id=draft.pk, partner_id=owner.partner_id, member_id=owner.pk)
