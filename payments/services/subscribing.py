"""A person subscribes, pays, cancels and thinks better of it."""

from __future__ import annotations

import uuid

from common import clock
from common.db import command, lock_one, step
from payments import plan_selectors
from payments.errors import NotSubscribed, PlanUnknown, SubscriptionExists
from payments.models import Charge, Subscription
from payments.services import charging, referring, refunding
from payments.services.charging import Wish
from payments.services.reductions import Held
from payments.states import (
    ChargeKind,
    ChargeStatus,
    PurchaseKind,
    SubscriptionEnd,
    SubscriptionStatus,
)


@command
def subscribe(*, user_id: uuid.UUID, plan: str, coupon: str = "", uses_credits: bool = True) -> Subscription:
    """Begin a subscription; it starts when its first period is paid, at once where nothing is left to pay.

    Locks: a subscription whose time is over, coupons, wallet, purchase.      Emits: subscription.started
    Raises: PlanUnknown, SubscriptionExists, what a coupon is refused with, Busy
    """
    offer = next((one for one in plan_selectors.offers() if one.plan.code == plan and one.plan.rank), None)
    if offer is None:
        raise PlanUnknown
    old = plan_selectors.subscription_of(user_id)
    held = None
    if old is not None:
        held = _clear_away(old, coupon)
    row = Subscription.objects.create(user_id=user_id, version=offer.version, uses_credits=uses_credits)
    wish = Wish(
        kind=ChargeKind.FIRST,
        version=offer.version,
        price=offer.version.price_minor,
        closes_at=clock.now() + charging.PAY_WITHIN,
    )
    charging.charge(row, wish, held or charging.hold_for(row, coupon=coupon), coupon=coupon)
    charging.watch(row)
    return row


@command
def cancel(*, user_id: uuid.UUID) -> Subscription:
    """Let the subscription end with the period that is paid; one that waits for money ends at once.

    A second call changes nothing. Locks: subscription, coupons, wallet, purchase.
    Emits: subscription.ended where it ends at once      Raises: NotSubscribed, Busy
    """
    row = _own(user_id)
    one = plan_selectors.open_charge_of(row)
    if one is not None:
        charging.conclude(row, one, charging.hold_for(row, one), actor="subscriber")
    if row.state is SubscriptionStatus.ACTIVE and row.ends_at is not None and clock.now() < row.ends_at:
        row.cancels_at_end, row.next_plan = True, None
        charging.watch(row)
    else:
        charging.end(row, SubscriptionEnd.CANCELLED)
    return row


@command
def resume(*, user_id: uuid.UUID) -> Subscription:
    """Take a cancellation back while the period lasts; what was not cancelled stays as it is.

    Locks: the subscription.      Raises: NotSubscribed, Busy
    """
    row = _own(user_id)
    if row.state is not SubscriptionStatus.ACTIVE or not plan_selectors.is_in_force(row, clock.now()):
        raise NotSubscribed
    row.cancels_at_end = False
    charging.watch(row)
    return row


@step
def record_paid(*, charge_id: uuid.UUID) -> None:
    """The money of a charge has come; if nobody waits for it any more it goes back.

    Locks: subscription, the wallet of a friend, or the payment.      Raises: NotFound, Busy
    """
    subscription_id = plan_selectors.charge_facts(charge_id).subscription_id
    row = lock_one(Subscription, subscription_id)
    one = plan_selectors.charge_facts(charge_id)
    if one.state is ChargeStatus.LAPSED:
        reason = "Nobody waits for this payment any more."
        refunding.refund_purchase(
            kind=PurchaseKind.SUBSCRIPTION, reference=one.pk, key="lapsed", reason=reason, actor="worker"
        )
        return
    if one.state is ChargeStatus.OPEN:
        charging.settle(row, one)
        charging.watch(row)
    referring.reward_friend(user_id=row.user_id)


@step
def record_refunded(*, charge_id: uuid.UUID) -> None:
    """All that was paid for the running stretch has gone back: it ends.

    Locks: subscription, coupons, wallet, purchase.      Emits: subscription.ended      Raises: NotFound, Busy
    """
    row = lock_one(Subscription, plan_selectors.charge_facts(charge_id).subscription_id)
    running = plan_selectors.running_charge_of(row)
    if row.state is SubscriptionStatus.ACTIVE and running is not None and running.pk == charge_id:
        other = plan_selectors.open_charge_of(row)
        if other is not None:
            charging.conclude(row, other, charging.hold_for(row, other), actor="worker")
        charging.end(row, SubscriptionEnd.REFUNDED)


def _own(user_id: uuid.UUID) -> Subscription:
    found = plan_selectors.subscription_of(user_id)
    if found is None:
        raise NotSubscribed
    row = lock_one(Subscription, found.pk)
    if row.state is SubscriptionStatus.ENDED:
        raise NotSubscribed
    return row


def _clear_away(found: Subscription, coupon: str) -> Held | None:
    """End a subscription whose time is over though no job has seen it. Raises: SubscriptionExists"""
    row, now = lock_one(Subscription, found.pk), clock.now()
    if row.state is SubscriptionStatus.ENDED:
        return None
    one: Charge | None = plan_selectors.open_charge_of(row)
    if plan_selectors.is_in_force(row, now) or (one is not None and now < one.closes_at):
        raise SubscriptionExists(subscription=str(row.pk))
    held = charging.hold_for(row, one, coupon=coupon)
    if one is not None:
        charging.conclude(row, one, held, actor="subscriber")
        if one.state is ChargeStatus.PAID:
            raise SubscriptionExists(subscription=str(row.pk))
    because = SubscriptionEnd.CANCELLED if row.cancels_at_end else SubscriptionEnd.UNPAID
    charging.end(row, because)
    return held
