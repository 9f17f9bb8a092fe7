"""What others may read of plans, subscriptions, credits and quotas."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

from django.db.models import Prefetch, Q, QuerySet

from common import clock
from common.errors import NotFound
from payments.models import (
    Charge,
    CreditMove,
    Plan,
    PlanVersion,
    QuotaCounter,
    Referral,
    ReferralCode,
    Subscription,
    Wallet,
)
from payments.proration import month_start
from payments.states import ChargeStatus, QuotaKind, SubscriptionStatus

GRACE: Final = dt.timedelta(days=7)  # after a period in which its renewal may be paid and the plan goes on
EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)  # the window of what is kept rather than counted


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan as it is sold today."""

    plan: Plan
    version: PlanVersion


@dataclass(frozen=True, slots=True)
class Quota:
    """How a person stands: no `limit` means that there is none."""

    kind: QuotaKind
    limit: int | None
    used: int
    window: dt.datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """The plan in force for a person at a moment, and since when its quotas count."""

    version: PlanVersion
    window: dt.datetime


def offers() -> list[Offer]:
    """Return every plan that takes subscribers and has a price, lowest first."""
    latest = PlanVersion.objects.order_by("plan_id", "-number").distinct("plan_id")
    rows = Plan.objects.filter(is_offered=True).order_by("rank")
    found = rows.prefetch_related(Prefetch("versions", latest, "newest"))
    return [Offer(row, version) for row in found for version in row.newest]


def offer_of(plan_id: uuid.UUID) -> Offer:
    """Return what a plan costs from now on. Raises: NotFound"""
    version = PlanVersion.objects.select_related("plan").filter(plan_id=plan_id).order_by("-number").first()
    if version is None:
        raise NotFound
    return Offer(version.plan, version)


def free_version() -> PlanVersion:
    """Return the plan of everybody who has subscribed to nothing."""
    return PlanVersion.objects.select_related("plan").filter(plan__rank=0).order_by("-number")[0]


def lasts_until(row: Subscription) -> dt.datetime | None:
    """Return until when an active subscription gives what it gives, whether a job has run or not."""
    if row.state is not SubscriptionStatus.ACTIVE or row.ends_at is None:
        return None
    return row.ends_at if row.cancels_at_end else row.ends_at + GRACE


def is_in_force(row: Subscription, now: dt.datetime) -> bool:
    until = lasts_until(row)
    return until is not None and now < until


def subscription_of(user_id: uuid.UUID) -> Subscription | None:
    """Return the person's subscription that has not been ended."""
    rows = Subscription.objects.select_related("version__plan", "next_plan").filter(user_id=user_id)
    return rows.exclude(status=SubscriptionStatus.ENDED).first()


def open_charge_of(row: Subscription) -> Charge | None:
    return Charge.objects.select_related("version__plan").filter(subscription=row, status=ChargeStatus.OPEN).first()


def running_charge_of(row: Subscription) -> Charge | None:
    """Return the charge that paid the stretch which is running, or the last that did."""
    paid = Charge.objects.filter(subscription=row, status=ChargeStatus.PAID)
    return paid.order_by("-starts_at", "-pk").first()


def standing_of(user_id: uuid.UUID, now: dt.datetime) -> Standing:
    """Return the plan that is in force for the person: the free one unless a subscription is."""
    row = subscription_of(user_id)
    if row is None or not is_in_force(row, now) or row.starts_at is None:
        return Standing(free_version(), month_start(now))
    return Standing(row.version, row.starts_at)


def limit_of(version: PlanVersion, kind: QuotaKind) -> int | None:
    return {QuotaKind.APPOINTMENTS: version.appointments, QuotaKind.STORAGE: version.storage_bytes}[kind]


def window_of(standing: Standing, kind: QuotaKind) -> dt.datetime:
    """Return since when a quota is counted: the period's start, or for ever for what is kept."""
    return EPOCH if kind is QuotaKind.STORAGE else standing.window


def quotas_of(user_id: uuid.UUID) -> list[Quota]:
    """Return how the person stands with every quota now."""
    standing = standing_of(user_id, clock.now())
    windows = {kind: window_of(standing, kind) for kind in QuotaKind}
    wanted = Q()
    for kind, window in windows.items():
        wanted |= Q(kind=kind, window=window)
    used = dict(QuotaCounter.objects.filter(wanted, user_id=user_id).values_list("kind", "used"))
    return [Quota(kind, limit_of(standing.version, kind), used.get(kind, 0), windows[kind]) for kind in QuotaKind]


def due_subscriptions(limit: int) -> list[uuid.UUID]:
    """Return the subscriptions that somebody has to look at now."""
    due = Subscription.objects.filter(look_at__lte=clock.now()).order_by("look_at", "id")
    return list(due.values_list("pk", flat=True)[:limit])


def wallets_of(user_id: uuid.UUID) -> list[Wallet]:
    return list(Wallet.objects.filter(user_id=user_id).order_by("currency"))


def credit_moves(user_id: uuid.UUID) -> QuerySet[CreditMove]:
    return CreditMove.objects.select_related("wallet").filter(wallet__user_id=user_id)


def referral_code_of(user_id: uuid.UUID) -> str:
    """Return the person's code for friends, or nothing where none was asked for."""
    return ReferralCode.objects.filter(user_id=user_id).values_list("code", flat=True).first() or ""


def friends_of(user_id: uuid.UUID) -> tuple[int, int]:
    """Return how many came by the person's code, and how many of them have paid."""
    rows = Referral.objects.filter(referrer_id=user_id)
    return rows.count(), rows.filter(rewarded_at__isnull=False).count()


def charge_facts(charge_id: uuid.UUID) -> Charge:
    """Return a charge with its plan and subscription. Raises: NotFound"""
    row = Charge.objects.select_related("version__plan", "subscription").filter(pk=charge_id).first()
    if row is None:
        raise NotFound
    return row


def subscription_facts(subscription_id: uuid.UUID) -> Subscription:
    """Return a subscription with its plan. Raises: NotFound"""
    row = Subscription.objects.select_related("version__plan", "next_plan").filter(pk=subscription_id).first()
    if row is None:
        raise NotFound
    return row


def personal_rows(user_id: uuid.UUID) -> list[dict[str, object]]:
    """Return the person's charges and credits, for a copy of its data."""
    charges = Charge.objects.filter(subscription__user_id=user_id).order_by("pk")
    names = ("id", "kind", "status", "version__plan__code", "price_minor", "discount_minor", "credit_minor")
    times = ("due_minor", "currency", "starts_at", "ends_at", "created_at")
    moves = CreditMove.objects.filter(wallet__user_id=user_id).order_by("pk")
    return [*charges.values(*names, *times), *moves.values("id", "reason", "amount_minor", "note", "created_at")]


def personal_friends(user_id: uuid.UUID) -> list[dict[str, object]]:
    """Return the code by which the person brings friends, and when friends came, or the person by a friend's."""
    codes = ReferralCode.objects.filter(user_id=user_id).order_by("pk")
    came = Referral.objects.filter(Q(referrer_id=user_id) | Q(referee_id=user_id)).order_by("pk")
    own: list[dict[str, object]] = [{"code": row.code, "created_at": row.created_at} for row in codes]
    own.extend({"created_at": row.created_at, "rewarded_at": row.rewarded_at} for row in came)
    return own
