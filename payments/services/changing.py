"""From one plan to another: up at once for what is left of the period, down when it ends."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from common import clock
from common.db import command, lock_one
from payments import plan_selectors, proration
from payments.errors import (
    ChargeOpen,
    NotSubscribed,
    PlanUnchanged,
    PlanUnknown,
    SubscriptionEnding,
    SubscriptionUnpaid,
)
from payments.models import Payment, PlanVersion, Subscription
from payments.plan_selectors import Offer
from payments.proration import Stretch, add_months
from payments.services import charging, reductions
from payments.services.charging import Wish
from payments.services.ledger import Holder
from payments.states import AccountKind, ChargeKind, CreditReason, PurchaseKind, SubscriptionStatus


@dataclass(frozen=True, slots=True)
class Quote:
    """What a change would mean: when, and what of which is due. A later change costs nothing now."""

    version: PlanVersion
    is_now: bool
    starts_at: dt.datetime
    ends_at: dt.datetime
    price: int = 0
    unused: int = 0
    left: int = 0

    @property
    def due(self) -> int:
        return self.price - self.unused


def quote(*, user_id: uuid.UUID, plan: str) -> Quote:
    """Return what a change to the plan would cost at this moment; before credits.

    Raises: PlanUnknown, PlanUnchanged, NotSubscribed, SubscriptionUnpaid, SubscriptionEnding
    """
    row = plan_selectors.subscription_of(user_id)
    if row is None:
        raise NotSubscribed
    return _quote(row, _offer(plan, row), clock.now())


@command
def change_plan(*, user_id: uuid.UUID, plan: str) -> Subscription:
    """Go to a higher plan as soon as the difference is paid, or to a lower one when the period ends.

    Back to the present plan takes a step down back. Locks: subscription, wallet, purchase.
    Emits: subscription.changed where nothing is left to pay
    Raises: as `quote`, ChargeOpen, Busy
    """
    found = plan_selectors.subscription_of(user_id)
    if found is None:
        raise NotSubscribed
    row, now = lock_one(Subscription, found.pk), clock.now()
    offer = _offer(plan, row)
    if plan_selectors.open_charge_of(row) is not None and plan_selectors.is_in_force(row, now):
        raise SubscriptionUnpaid if row.ends_at is None or now >= row.ends_at else ChargeOpen
    if row.next_plan_id is not None and offer.plan.pk == row.version.plan_id:
        row.next_plan = None
        row.save(update_fields=["next_plan"])
        return row
    wanted = _quote(row, offer, now)
    if wanted.is_now:
        _upgrade(row, wanted, now)
    else:
        row.next_plan = offer.plan
        row.save(update_fields=["next_plan"])
    return row


def _upgrade(row: Subscription, wanted: Quote, now: dt.datetime) -> None:
    held = charging.hold_for(row)
    wish = Wish(
        kind=ChargeKind.CHANGE,
        version=wanted.version,
        price=wanted.price,
        unused=wanted.unused,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        closes_at=min(now + charging.PAY_WITHIN, wanted.ends_at),
    )
    made = charging.charge(row, wish, held)
    if wanted.left:
        reductions.move_credit(
            held.wallet,
            reason=CreditReason.CHANGED,
            minor=wanted.left,
            reference=f"{charging.key_of(made.pk)}:left",
            against=Holder(AccountKind.REVENUE),
        )
    charging.watch(row)


def _offer(plan: str, row: Subscription) -> Offer:
    if plan == row.version.plan.code:
        return plan_selectors.offer_of(row.version.plan_id)
    offer = next((one for one in plan_selectors.offers() if one.plan.code == plan and one.plan.rank), None)
    if offer is None:
        raise PlanUnknown
    return offer


def _quote(row: Subscription, offer: Offer, now: dt.datetime) -> Quote:
    if row.state is not SubscriptionStatus.ACTIVE or row.starts_at is None or row.ends_at is None:
        raise NotSubscribed
    if row.cancels_at_end:
        raise SubscriptionEnding
    if now >= row.ends_at:
        raise SubscriptionUnpaid
    plan = row.version.plan
    if offer.plan.pk == plan.pk:
        raise PlanUnchanged
    version = offer.version
    if offer.plan.rank < plan.rank:
        ends_at = add_months(row.ends_at, version.months)
        return Quote(version, is_now=False, starts_at=row.ends_at, ends_at=ends_at)
    whole = Stretch(row.starts_at, row.ends_at, version.price_minor)
    if version.months != row.version.months:
        whole = Stretch(now, add_months(now, version.months), version.price_minor)
    change = proration.change(paid=_paid(row), wanted=whole, at=now)
    return Quote(
        version,
        is_now=True,
        starts_at=now,
        ends_at=whole.ends_at,
        price=change.price,
        unused=change.unused,
        left=change.left,
    )


def _paid(row: Subscription) -> Stretch:
    """Return the stretch that is running, worth what was paid for it less what went back."""
    one = plan_selectors.running_charge_of(row)
    if one is None or one.starts_at is None or one.ends_at is None:
        raise NotSubscribed
    payments = Payment.objects.filter(
        purchase__kind=PurchaseKind.SUBSCRIPTION, purchase__reference=one.pk, is_applied=True
    )
    returned = sum(payments.values_list("refunded_minor", flat=True))
    return Stretch(one.starts_at, one.ends_at, max(one.value_minor - returned, 0))
