"""Who of a partner may do what with money."""

from __future__ import annotations

import uuid

import pytest

from tests.factories import make_hospital, member_client
from tests.partners.factories import make_member
from tests.payments.scenes import make_purchase, wish_for

pytestmark = pytest.mark.django_db
OWNER, COORDINATOR, INVENTORY = "owner", "coordinator", "inventory"
ANY = uuid.UUID(int=1)
# What is asked, and the answer to each role: nothing is there, so «let in» is 404, 200 or 400.
WRITES = [
    ("", "purchase", {OWNER: 400, COORDINATOR: 400, INVENTORY: 403}),
    (f"/{ANY}/cancel", "nothing", {OWNER: 404, COORDINATOR: 404, INVENTORY: 403}),
    (f"/{ANY}/record", "money", {OWNER: 404, COORDINATOR: 404, INVENTORY: 403}),
    (f"/{ANY}/refunds", "reason", {OWNER: 404, COORDINATOR: 403, INVENTORY: 403}),
]
READS = [
    ("payments", {OWNER: 200, COORDINATOR: 200, INVENTORY: 200}),
    ("invoices", {OWNER: 200, COORDINATOR: 200, INVENTORY: 200}),
    ("payouts", {OWNER: 200, COORDINATOR: 403, INVENTORY: 403}),
    ("payout-account", {OWNER: 404, COORDINATOR: 403, INVENTORY: 403}),
    ("balance", {OWNER: 200, COORDINATOR: 403, INVENTORY: 403}),
]
each_role = pytest.mark.parametrize("role", [OWNER, COORDINATOR, INVENTORY])


def client_as(role: str, **partner):
    return member_client(make_member(make_hospital(**partner).partner, role=role))


def bodies():
    return {
        "purchase": wish_for(make_purchase()[0], "offline"),
        "nothing": {},
        "money": {"amount": {"amount": 100, "currency": "INR"}, "method": "cash"},
        "reason": {"reason": "Because."},
    }


@each_role
@pytest.mark.parametrize(("path", "body", "answers"), WRITES, ids=[path or "pay" for path, _, _ in WRITES])
def test_each_role_writes_what_it_may(role, path, body, answers):
    reply = client_as(role).post(
        f"/api/v1/partner/payments{path}", bodies()[body], format="json", headers={"Idempotency-Key": "k"}
    )

    assert reply.status_code == answers[role]


@each_role
@pytest.mark.parametrize(("path", "answers"), READS, ids=[path for path, _ in READS])
def test_each_role_reads_what_it_may(role, path, answers):
    assert client_as(role).get(f"/api/v1/partner/{path}").status_code == answers[role]


@pytest.mark.parametrize("path", ["payments", "invoices", "payouts", "balance"])
def test_a_suspended_partner_reads_nothing(path):
    client = client_as(OWNER, status="suspended")

    assert client.get(f"/api/v1/partner/{path}").status_code in (401, 403)
