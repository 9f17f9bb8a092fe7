"""What tests of plans need: people who subscribe and pay, coupons, credits, and time that passes."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from rest_framework.test import APIClient

from common.db import unit_of_work
from common.money import Currency, Money
from common.outbox import drain
from payments import jobs, plan_selectors
from payments.gateways.base import Action, ChargeState, Created, Found
from payments.models import Charge, Coupon, Payment, Plan, PlanVersion, Subscription
from payments.parties import Party
from payments.services import paying, quotas, referring, settling
from payments.states import ActionType, Provider, PurchaseKind, QuotaKind
from tests.factories import make_user, person_client
from users.models import User

API = "/api/v1/me/subscription"
BASIC, PREMIUM, ENTERPRISE = 19_900, 49_900, 199_900


@dataclass
class Subscriber:
    """A person with a client, whose token is fresh whatever the clock says."""

    user: User

    @property
    def app(self) -> APIClient:
        return person_client(self.user)

    def post(self, path: str = "", **body: Any) -> Any:
        return self.app.post(f"{API}{path}", body, format="json")

    def get(self, path: str = "", **query: Any) -> Any:
        return self.app.get(f"{API}{path}", query)

    def now(self) -> dict[str, Any]:
        return dict(self.get().json())

    def row(self) -> Subscription:
        return Subscription.objects.filter(user=self.user).latest("pk")

    def charge(self) -> Charge:
        return Charge.objects.filter(subscription__user=self.user).latest("pk")


def somebody(**values: Any) -> Subscriber:
    return Subscriber(make_user(**values))


def begin(who: Subscriber) -> Payment:
    """Begin to pay what waits to be paid."""
    begun = paying.begin(
        payer=Party.person(who.user.pk),
        kind=PurchaseKind.SUBSCRIPTION,
        reference=who.charge().pk,
        provider=Provider.STRIPE,
        return_url="",
        key=None,
    )
    settling.record_created(
        payment_id=begun.payment.pk, created=Created(f"pi_{begun.payment.pk}", Action(ActionType.SDK))
    )
    return begun.payment


def arrive(payment: Payment, minor: int | None = None) -> None:
    """The money is here, and whoever waits for it hears so."""
    amount = Money(payment.amount_minor if minor is None else minor, Currency(payment.currency))
    settling.settle(payment_id=payment.pk, found=Found(state=ChargeState.PAID, received=amount, payment_ref="pi"))
    drain()


def pay(who: Subscriber) -> Payment:
    payment = begin(who)
    arrive(payment)
    return payment


def subscriber(plan: str = "basic", **body: Any) -> Subscriber:
    """Somebody who has paid a first period."""
    who = somebody()
    reply = who.post(plan=plan, **body)
    assert reply.status_code == 201, reply.content
    if who.charge().status == "open":
        pay(who)
    return who


def run_jobs() -> None:
    jobs.move_subscriptions()
    drain()


def coupon(code: str = "MONSOON", **values: Any) -> Coupon:
    defaults = {"kind": "percent", "percent": 10, "kinds": ["subscription"]}
    return Coupon.objects.create(code=code, **{**defaults, **values})


def give_credits(who: Subscriber, minor: int) -> None:
    amount = Money(minor, Currency.INR)
    referring.grant_credit(user_id=who.user.pk, amount=amount, words=f"Present {uuid.uuid4()}")


def balance(who: Subscriber) -> int:
    return sum(row.balance_minor for row in plan_selectors.wallets_of(who.user.pk))


def new_price(plan: str, minor: int, **values: Any) -> PlanVersion:
    last = PlanVersion.objects.filter(plan__code=plan).latest("number")
    kept = {name: getattr(last, name) for name in ("appointments", "storage_bytes", "tax_points", "sac", "months")}
    wish = {**kept, "number": last.number + 1, "price_minor": minor, "actor": "test", **values}
    return PlanVersion.objects.create(plan=Plan.objects.get(code=plan), **wish)


def take(who: Subscriber, kind: QuotaKind = QuotaKind.APPOINTMENTS, amount: int = 1, reference: Any = None) -> None:
    with unit_of_work():
        quotas.take_quota(user_id=who.user.pk, kind=kind, reference=reference or uuid.uuid4(), amount=amount)


def days(number: float) -> dt.timedelta:
    return dt.timedelta(days=number)
