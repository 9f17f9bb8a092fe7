"""Plans that began, want to be paid, or are over; credits; and a partner's month."""

from __future__ import annotations

from common.models import OutboxEvent
from common.money import Currency, Money, in_code
from common.outbox import on
from notifications.handlers.addressing import id_in, members, occasion, people
from notifications.kinds import Kind
from notifications.services import notify
from notifications.templates import Fact
from partners.states import Role
from payments import plan_selectors as plans
from payments.states import ChargeStatus, SubscriptionEnd, SubscriptionStatus


@on("subscription.started")
@on("subscription.renewed")
@on("subscription.changed")
def tell_plan_runs(event: OutboxEvent) -> None:
    charge = plans.charge_facts(id_in(event, "charge"))
    if charge.ends_at is not None:
        _tell(event, Kind.PLAN_RUNS, plan=charge.version.plan.name, until=charge.ends_at)


@on("subscription.renewal_near")
def tell_renewal_is_near(event: OutboxEvent) -> None:
    """What the next period will cost today, before credits; nothing where the person has cancelled meanwhile."""
    row = plans.subscription_facts(id_in(event, "subscription"))
    if row.state is not SubscriptionStatus.ACTIVE or row.cancels_at_end or row.ends_at is None:
        return
    offer = plans.offer_of(row.next_plan_id or row.version.plan_id)
    _tell(event, Kind.PLAN_RENEWAL_NEAR, plan=offer.plan.name, until=row.ends_at, amount=in_code(offer.version.price))


@on("subscription.payment_due")
def tell_payment_is_due(event: OutboxEvent) -> None:
    """Ask for the money, unless it has come or is not wanted any more."""
    charge = plans.charge_facts(id_in(event, "charge"))
    if charge.state is ChargeStatus.OPEN:
        _tell(
            event,
            Kind.PLAN_PAYMENT_DUE,
            plan=charge.version.plan.name,
            amount=in_code(charge.due),
            until=charge.closes_at,
        )


@on("subscription.ended")
def tell_plan_is_over(event: OutboxEvent) -> None:
    if event.payload["because"] != SubscriptionEnd.ERASED:
        row = plans.subscription_facts(id_in(event, "subscription"))
        _tell(event, Kind.PLAN_ENDED, plan=row.version.plan.name)


@on("credit.granted")
def tell_credits(event: OutboxEvent) -> None:
    money = Money(event.payload["amount"], Currency(event.payload["currency"]))
    _tell(event, Kind.CREDIT_GRANTED, amount=in_code(money))


@on("settlement.made")
def tell_settlement(event: OutboxEvent) -> None:
    """The owners read the statement in the app; the message says what is paid out."""
    money = Money(event.payload["amount"], Currency(event.payload["currency"]))
    notify(
        kind=Kind.SETTLEMENT_MADE,
        occasion=occasion(event),
        recipients=members(id_in(event, "partner"), (Role.OWNER,)),
        facts={"amount": in_code(money)},
    )


def _tell(event: OutboxEvent, kind: Kind, **facts: Fact) -> None:
    notify(kind=kind, occasion=occasion(event), recipients=people([id_in(event, "user")]), facts=facts)
