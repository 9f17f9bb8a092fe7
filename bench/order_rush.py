"""100 orders of one bag each are accepted at the same moment, by a bank that has 20, over HTTP."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any

from django.db import connection

from bench import crowd, people
from bench.accept_storm import together
from bench.frame import Report, own_database, say
from bench.http import Reply, request
from bench.servers import running
from common import clock
from common.blood import BloodGroup
from common.money import Currency
from orders.models import OrderBag
from orders.services import placing
from partners.models import Partner
from partners.services import prices
from payments.parties import Party
from sandbox.demo.people import blank_page
from stock.components import Component
from stock.models import Collection, Unit
from stock.services import Line
from users.models import Donor
from users.services import documents
from users.states import DocumentKind

TITLE = "order_rush: 100 buyers, 20 bags, gunicorn with 2 workers of 8 threads"
BUYERS, BAGS, ROUNDS = 100, 20, 3
P95_BAR = 2.0  # seconds; as of camp_rush, whose answers are writes too


def run(report: Report) -> None:
    with own_database() as url:
        crowd.add_donors(200)
        bank = people.make_hospital(crowd.CENTRE)
        Partner.objects.filter(pk=bank.partner_id).update(kind="both")
        _set_prices(bank)
        buyers = list(Donor.objects.order_by("pk").values_list("pk", flat=True)[:BUYERS])
        token = people.member_token(bank)
        papers = {buyer: _requisition(buyer) for buyer in buyers}
        connection.close()
        with running("web", database_url=url) as servers:
            together([request(servers.port, "GET", "/api/v1/partner", token)] * 64, servers.port)
            for number in range(ROUNDS):
                say(f"  rush {number + 1} of {ROUNDS} ...")
                _rush(report, number, servers.port, bank, token, papers)
    report.note("Each call with a connection of its own, from its opening to the end of the answer.")


def _rush(report: Report, number: int, port: int, bank: people.Member, token: str, papers: dict[Any, Any]) -> None:
    _shelve(bank, number)
    orders = [_order(bank, buyer, paper) for buyer, paper in papers.items()]
    calls = [
        request(port, "POST", f"/api/v1/partner/orders/{order}/accept", token, key=f"rush-{order}") for order in orders
    ]
    replies, took = together(calls, port)
    outcomes = Counter(_outcome(reply) for reply in replies)
    bags = OrderBag.objects.filter(order__in=orders)
    kept = bags.count() == bags.values("unit").distinct().count() == BAGS
    said = ", ".join(f"{count} x {what}" for what, count in outcomes.most_common())
    exact = outcomes == {"200": BAGS, "409 insufficient_stock": BUYERS - BAGS} and kept
    wanted = f"{BAGS} x 200, {BUYERS - BAGS} x 409 insufficient_stock"
    report.hold(f"rush {number + 1}: answers", said, wanted, holds=exact)
    report.hold(f"rush {number + 1}: waits", took, f"p95 < {P95_BAR:g} s", holds=took.p95 < P95_BAR)


def _outcome(reply: Reply) -> str:
    return "200" if reply.status == 200 else f"{reply.status} {reply.json().get('code', '')}"


def _set_prices(bank: people.Member) -> None:
    prices.set_price_list(
        partner_id=bank.partner_id,
        member_id=bank.pk,
        currency=Currency.INR,
        processing={"red_cells": 145_000},
        delivery={Decimal(10): 15_000},
        tax_name="GST",
        processing_tax_bp=0,
        delivery_tax_bp=1800,
        cancel_accepted_minor=0,
        cancel_packed_minor=0,
    )


def _shelve(bank: people.Member, number: int) -> None:
    """Put so many released bags on the shelf, where the round before has left none."""
    now = clock.now()
    dins = [f"B1234{now:%y}{number * BAGS + place:06d}" for place in range(BAGS)]
    Collection.objects.bulk_create(Collection(din=din, partner_id=bank.partner_id) for din in dins)
    Unit.objects.bulk_create(
        Unit(
            partner_id=bank.partner_id,
            din=din,
            component=Component.RED_CELLS,
            status="available",
            blood_group=BloodGroup.B_POS,
            volume_ml=250,
            collected_at=now - dt.timedelta(days=1),
            expires_at=now + dt.timedelta(days=30),
        )
        for din in dins
    )


def _requisition(buyer: Any) -> Any:
    """Let the buyer give a doctor's form, as the bank needs one to accept."""
    picture = blank_page()
    return documents.add_document(owner_id=buyer, kind=DocumentKind.REQUISITION, name="form.png", content=picture).pk


def _order(bank: people.Member, buyer: Any, requisition: Any) -> object:
    return placing.place_order(
        buyer=Party.person(buyer),
        actor="bench",
        bank_id=bank.partner_id,
        lines=[Line(component=Component.RED_CELLS, blood_group=BloodGroup.B_POS, units=1)],
        patient=placing.Patient(),
        destination=None,
        needed_by=clock.now() + dt.timedelta(hours=6),
        requisition=requisition,
    ).pk
