"""What a plan allows, taken by the apps above inside their own commands."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping

from django.db.models import F

from common import clock
from common.db import lock, lock_one, step
from payments import plan_selectors
from payments.errors import QuotaExceeded
from payments.models import QuotaCounter, QuotaTake
from payments.states import QuotaKind


@step
def take_quota(*, user_id: uuid.UUID, kind: QuotaKind, reference: uuid.UUID, amount: int = 1) -> None:
    """Take so much of the person's quota for the thing `reference`, once; two at once never exceed the limit.

    What is counted in a period (appointments) stays counted when the thing is cancelled by the person, and stays
    booked when the plan ends. Call it before steps of purchases. Locks: the counter.
    Raises: QuotaExceeded (with `limit`, `used`), Busy
    """
    take_quotas(user_id=user_id, kind=kind, amounts={reference: amount})


@step
def take_quotas(*, user_id: uuid.UUID, kind: QuotaKind, amounts: Mapping[uuid.UUID, int]) -> None:
    """`take_quota` for several things at once: all of them or none. Locks: the counter.      Raises: as `take_quota`"""
    standing = plan_selectors.standing_of(user_id, clock.now())
    row = _hold(user_id, kind, plan_selectors.window_of(standing, kind))
    taken = QuotaTake.objects.filter(kind=kind, reference__in=list(amounts)).values_list("reference", flat=True)
    wanted = {reference: amount for reference, amount in amounts.items() if reference not in set(taken)}
    total = sum(wanted.values())
    if not wanted:
        return
    limit = plan_selectors.limit_of(standing.version, kind)
    if limit is not None and row.used + total > limit:
        raise QuotaExceeded(kind=str(kind), limit=limit, used=row.used, plan=standing.version.plan.code)
    QuotaTake.objects.bulk_create(
        QuotaTake(counter=row, kind=kind, reference=reference, amount=amount) for reference, amount in wanted.items()
    )
    QuotaCounter.objects.filter(pk=row.pk).update(used=F("used") + total)


@step
def return_quota(*, kind: QuotaKind, reference: uuid.UUID) -> None:
    """Give back what the thing took: the doctor cancelled it, the file is gone. Once; nothing where it took nothing.

    Locks: the counter.      Raises: Busy
    """
    return_quotas(kind=kind, references=[reference])


@step
def return_quotas(*, kind: QuotaKind, references: Collection[uuid.UUID]) -> None:
    """`return_quota` for several things at once. Locks: their counters.      Raises: Busy"""
    takes = QuotaTake.objects.filter(kind=kind, reference__in=list(references))
    counters = lock(QuotaCounter, set(takes.values_list("counter_id", flat=True)))
    due = list(takes.filter(returned_at=None, counter__in=[row.pk for row in counters]))
    QuotaTake.objects.filter(pk__in=[take.pk for take in due]).update(returned_at=clock.now())
    for row in counters:
        back = sum(take.amount for take in due if take.counter_id == row.pk)
        QuotaCounter.objects.filter(pk=row.pk).update(used=F("used") - back)


def _hold(user_id: uuid.UUID, kind: QuotaKind, window: dt.datetime) -> QuotaCounter:
    names = {"user_id": user_id, "kind": kind, "window": window}
    QuotaCounter.objects.bulk_create([QuotaCounter(**names)], ignore_conflicts=True)
    return lock_one(QuotaCounter, QuotaCounter.objects.values_list("pk", flat=True).get(**names))
