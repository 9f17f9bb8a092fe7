"""One charge of a subscription: its price fixed and reduced, then paid or given up. The subscription is held."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, Final

from common import clock
from common.db import step
from common.ids import uuid7
from common.money import Currency, Money
from common.outbox import emit
from common.transitions import advance
from payments import plan_selectors, selectors
from payments.models import Charge, PlanVersion, Subscription
from payments.parties import PLATFORM, Party
from payments.proration import add_months, tax_within
from payments.services import purchasing, reductions
from payments.services.reductions import Held
from payments.states import (
    CHARGE_TRANSITIONS,
    SUBSCRIPTION_TRANSITIONS,
    ChargeKind,
    PurchaseKind,
    SubscriptionEnd,
    SubscriptionStatus,
)

PAY_WITHIN: Final = dt.timedelta(hours=1)  # for a first period or a change; as long a coupon and credits are held
WARN: Final = dt.timedelta(days=3)  # before the end of a period
# After a renewal was asked for; the last is a day before the grace is over.
REMINDERS: Final = (dt.timedelta(0), dt.timedelta(days=3), dt.timedelta(days=6))
SOON: Final = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is charged for: a stretch of a plan, at its price, less what is unused of the time before."""

    kind: ChargeKind
    version: PlanVersion
    price: int
    closes_at: dt.datetime
    unused: int = 0
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None


@step
def charge(row: Subscription, wish: Wish, held: Held, *, coupon: str = "") -> Charge:
    """Fix what is to be paid: coupon first, then credits; where nothing is left to pay it is settled at once.

    Locks: the purchase.      Raises: what a coupon is refused with, ChargeOpen, RenewalExists
    """
    version, pk, currency = wish.version, uuid7(), Currency(wish.version.currency)
    amount = Money(wish.price - wish.unused, currency)
    discount = reductions.take_discount(
        held, code=coupon, kind=PurchaseKind.SUBSCRIPTION, reference=pk, amount=amount, plan=version.plan.code
    )
    amount -= Money(discount, currency)
    spent = reductions.take_credit(held, reference=key_of(pk), amount=amount) if row.uses_credits else 0
    made = Charge.objects.create(
        id=pk,
        subscription=row,
        kind=wish.kind,
        version=version,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        price_minor=wish.price,
        unused_minor=wish.unused,
        discount_minor=discount,
        credit_minor=spent,
        due_minor=amount.minor - spent,
        currency=currency,
        closes_at=wish.closes_at,
    )
    if made.due_minor:
        purchasing.register_purchase(
            kind=PurchaseKind.SUBSCRIPTION,
            reference=pk,
            payer=Party.person(row.user_id),
            payee=PLATFORM,
            amount=made.due,
            description=f"{version.plan.name} plan",
            lines=invoice_lines(made),
            closes_at=wish.closes_at,
        )
    else:
        settle(row, made)
    return made


@step
def settle(row: Subscription, one: Charge) -> None:
    """The charge is paid: the stretch is the person's. Emits: subscription.started, .renewed, .changed"""
    now = clock.now()
    one.status = advance(CHARGE_TRANSITIONS, one.state, "pay")
    one.settled_at = now
    if one.starts_at is None or one.ends_at is None:
        one.starts_at, one.ends_at = now, add_months(now, one.version.months)
    one.save()
    currency = Currency(one.currency)
    reductions.settle(
        kind=PurchaseKind.SUBSCRIPTION,
        reference=one.pk,
        key=key_of(one.pk),
        discount=Money(one.discount_minor, currency),
        spent=Money(one.credit_minor, currency),
        seller=PLATFORM,
    )
    _extend(row, one, one.starts_at, one.ends_at)
    facts = {"subscription": str(row.pk), "user": str(row.user_id), "charge": str(one.pk)}
    key = f"subscription:{row.pk}"
    match one.kind:
        case ChargeKind.FIRST:
            emit("subscription.started", key=key, **facts)
        case ChargeKind.RENEWAL:
            emit("subscription.renewed", key=key, **facts)
        case _:
            emit("subscription.changed", key=key, **facts)


@step
def conclude(row: Subscription, one: Charge, held: Held, *, actor: str) -> None:
    """End an open charge: as paid if its money is here, else given up, with coupon and credits returned.

    Money that comes all the same goes back by itself. Locks: the purchase and its payments, while it may be paid.
    """
    if selectors.is_paid(PurchaseKind.SUBSCRIPTION, one.pk):
        settle(row, one)
        return
    now = clock.now()
    one.status = advance(CHARGE_TRANSITIONS, one.state, "lapse")
    one.settled_at = now
    one.save(update_fields=["status", "settled_at"])
    reductions.give_back(held, kind=PurchaseKind.SUBSCRIPTION, reference=one.pk, key=key_of(one.pk))
    if now < one.closes_at:
        purchasing.close_purchase(
            kind=PurchaseKind.SUBSCRIPTION, reference=one.pk, reason="Not wanted any more.", actor=actor
        )


@step
def end(row: Subscription, because: SubscriptionEnd) -> None:
    """Emits: subscription.ended, unless it had never begun"""
    has_begun = row.state is SubscriptionStatus.ACTIVE
    row.status = advance(SUBSCRIPTION_TRANSITIONS, row.state, "end")
    row.ended_at, row.ended_because, row.next_plan, row.look_at = clock.now(), because, None, None
    row.save()
    if has_begun:
        facts = {"subscription": str(row.pk), "user": str(row.user_id), "because": str(because)}
        emit("subscription.ended", key=f"subscription:{row.pk}", **facts)


@step
def hold_for(row: Subscription, *charges: Charge | None, coupon: str = "") -> Held:
    """Hold what these charges of the subscription may take from or give back to. Locks: coupons, wallet."""
    references = [one.pk for one in charges if one is not None]
    currency = Currency(row.version.currency)
    return reductions.hold(user_id=row.user_id, currency=currency, codes=[coupon], references=references)


@step
def watch(row: Subscription) -> None:
    """Say when the subscription is to be looked at next, and write it down."""
    one = plan_selectors.open_charge_of(row)
    times: list[dt.datetime] = [one.closes_at] if one is not None else []
    if row.state is SubscriptionStatus.ACTIVE and row.ends_at is not None:
        if one is None or one.kind != ChargeKind.RENEWAL:
            times.append(row.ends_at)
        elif one.reminded < len(REMINDERS) and one.starts_at is not None:
            times.append(one.starts_at + REMINDERS[one.reminded])
        if row.warned_for != row.ends_at and not row.cancels_at_end:
            times.append(row.ends_at - WARN)
    is_over = row.state is SubscriptionStatus.ENDED or not times
    row.look_at = None if is_over else max(min(times), clock.now() + SOON)
    row.save()


def key_of(charge_id: uuid.UUID) -> str:
    """Return how a charge is named in the ledger."""
    return f"charge:{charge_id}"


def invoice_lines(one: Charge) -> list[dict[str, Any]]:
    """Return the invoice's line: the price holds the tax.

    The person's address is not on record, so the supply is where the platform is: CGST and SGST in halves
    (IGST Act 2017, section 12(2)(b)(ii)).
    """
    points = one.version.tax_points
    tax = tax_within(one.due_minor, points)
    halves = (("CGST", tax // 2), ("SGST", tax - tax // 2))
    rate = f"{points / 200:g}"
    return [
        {
            "description": f"{one.version.plan.name} plan",
            "hsn": one.version.sac,
            "quantity": 1,
            "amount": one.due_minor - tax,
            "taxes": [{"name": name, "rate": rate, "amount": part} for name, part in halves if part],
        }
    ]


def _extend(row: Subscription, one: Charge, starts_at: dt.datetime, ends_at: dt.datetime) -> None:
    if row.state is SubscriptionStatus.PENDING:
        row.status = advance(SUBSCRIPTION_TRANSITIONS, row.state, "start")
    if one.kind == ChargeKind.RENEWAL and row.anchored_at is not None:
        row.period += row.version.months
        row.starts_at, row.ends_at = starts_at, ends_at
    elif ends_at != row.ends_at:  # a first period, or a change to periods of another length
        row.anchored_at, row.period, row.starts_at, row.ends_at = starts_at, 0, starts_at, ends_at
    row.version, row.next_plan = one.version, None
    row.save()
