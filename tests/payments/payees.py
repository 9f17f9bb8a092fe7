"""What tests of payouts need: payees with accounts at Stripe, and what its dashboard does."""

from __future__ import annotations

import json
import uuid
from typing import Any

from common.db import unit_of_work
from common.money import Currency, Money
from payments import payout_selectors
from payments.models import Payment, Payout, PayoutAccount, Purchase
from payments.parties import Party
from payments.services import payees, paying_out
from payments.states import Provider, PurchaseKind
from sandbox.server import Sandbox
from tests.factories import make_user
from tests.payments.scenes import Stripe, paid, run_all, webhook

DOCTOR_ACCOUNT = "acct_1Nv0FGQ9RKHgk3Qz"


def make_payee(reference: str = DOCTOR_ACCOUNT) -> Party:
    """A person whose account has been found ready."""
    payee = Party.person(make_user().pk)
    set_account(payee, reference)
    run_all()
    return payee


def set_account(payee: Party, reference: str = DOCTOR_ACCOUNT) -> PayoutAccount:
    return payees.set_account(owner=payee, provider=Provider.STRIPE, reference=reference, actor="test")


def account_of(payee: Party) -> PayoutAccount:
    return payout_selectors.account_of(payee)


def sold(stripe: Stripe, payee: Party, **values: Any) -> tuple[Purchase, Payment]:
    """An appointment with the payee that was paid by card; the platform keeps a tenth."""
    return paid(stripe, kind=PurchaseKind.APPOINTMENT, payee=payee, fee_minor=31_000, **values)


def pay_out(purchase: Purchase) -> Payout | None:
    with unit_of_work():
        return paying_out.pay_out_purchase(kind=PurchaseKind(purchase.kind), reference=purchase.reference, actor="test")


def owe(payee: Party, minor: int, key: str = "k") -> Payout:
    return paying_out.settle_owed(
        payee=payee, amount=Money(minor, Currency.INR), key=key, description="Owed", actor="test"
    )


def transfers(stripe: Stripe) -> list[dict[str, Any]]:
    return list(stripe.books()["transfers"])


def dashboard(sandbox: Sandbox, path: str, method: str = "POST", **wish: Any) -> dict[str, Any]:
    return dict(sandbox._ask(method, path, wish))


def told(kind: str, **about: Any) -> None:
    """Stripe posts a webhook about an object, and everything that follows from it happens."""
    event = {"id": f"evt_{uuid.uuid4().hex}", "type": kind, "data": {"object": about}}
    assert webhook(json.dumps(event).encode()).status_code == 204
    run_all()
