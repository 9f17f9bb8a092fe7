"""What time does to a subscription: it is announced, charged, reminded of, and ended."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from common import clock
from common.db import command, lock_one
from common.outbox import emit
from payments import plan_selectors
from payments.models import Charge, Subscription
from payments.plan_selectors import GRACE
from payments.proration import add_months
from payments.services import charging
from payments.services.charging import REMINDERS, WARN, Wish
from payments.states import ChargeKind, ChargeStatus, SubscriptionEnd, SubscriptionStatus

AT_LEAST: Final = dt.timedelta(days=1)  # to pay a renewal, where the job itself was late


@command
def move_on(*, subscription_id: uuid.UUID) -> bool:
    """Do what is due of one subscription; return whether it was due. Safe to run twice and late.

    Locks: subscription, coupons, wallet, purchase.
    Emits: subscription.renewal_near, subscription.payment_due, subscription.renewed, subscription.ended
    Raises: NotFound, Busy
    """
    row, now = lock_one(Subscription, subscription_id), clock.now()
    if row.look_at is None or row.look_at > now:
        return False
    one = plan_selectors.open_charge_of(row)
    if one is not None and now >= one.closes_at:
        charging.conclude(row, one, charging.hold_for(row, one), actor="scheduler")
        if one.state is ChargeStatus.LAPSED and one.kind != ChargeKind.CHANGE:
            charging.end(row, SubscriptionEnd.UNPAID)
    elif row.state is SubscriptionStatus.ACTIVE:
        _live_on(row, one, now)
    if row.state is not SubscriptionStatus.ENDED:
        charging.watch(row)
    return True


def _live_on(row: Subscription, one: Charge | None, now: dt.datetime) -> None:
    if row.ends_at is None or now < row.ends_at - WARN:
        return
    if now < row.ends_at:
        _announce(row)
    elif row.cancels_at_end:
        charging.end(row, SubscriptionEnd.CANCELLED)
    elif one is None:
        _renew(row, now)
    else:
        _remind(row, one, now)


def _renew(row: Subscription, now: dt.datetime) -> None:
    """Charge the next period at today's price; credits may pay it at once."""
    starts_at, anchor = row.ends_at, row.anchored_at
    if starts_at is None or anchor is None:
        return
    version = plan_selectors.offer_of(row.next_plan_id or row.version.plan_id).version
    wish = Wish(
        kind=ChargeKind.RENEWAL,
        version=version,
        price=version.price_minor,
        starts_at=starts_at,
        ends_at=add_months(anchor, row.period + row.version.months + version.months),
        closes_at=max(starts_at + GRACE, now + AT_LEAST),
    )
    made = charging.charge(row, wish, charging.hold_for(row))
    if made.state is ChargeStatus.OPEN:
        _remind(row, made, now)


def _remind(row: Subscription, one: Charge, now: dt.datetime) -> None:
    """Ask for the money, once for each time that has passed; two that passed together are one."""
    passed = sum(1 for after in REMINDERS if one.starts_at is not None and now >= one.starts_at + after)
    if one.kind != ChargeKind.RENEWAL or passed <= one.reminded:
        return
    one.reminded = passed
    one.save(update_fields=["reminded"])
    facts = {"subscription": str(row.pk), "user": str(row.user_id), "charge": str(one.pk)}
    emit("subscription.payment_due", key=f"subscription:{row.pk}", **facts)


def _announce(row: Subscription) -> None:
    if row.cancels_at_end or row.warned_for == row.ends_at:
        return
    row.warned_for = row.ends_at
    emit("subscription.renewal_near", key=f"subscription:{row.pk}", subscription=str(row.pk), user=str(row.user_id))
