"""What a plan allows, taken by the apps above inside their own commands."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from django.db.models import F

from common import clock
from common.db import lock_one, on_one_rung, step
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
    standing = plan_selectors.standing_of(user_id, clock.now())
    row = _hold(user_id, kind, plan_selectors.window_of(standing, kind))
    if QuotaTake.objects.filter(kind=kind, reference=reference).exists():
        return
    limit = plan_selectors.limit_of(standing.version, kind)
    if limit is not None and row.used + amount > limit:
        raise QuotaExceeded(kind=str(kind), limit=limit, used=row.used, plan=standing.version.plan.code)
    QuotaTake.objects.create(counter=row, kind=kind, reference=reference, amount=amount)
    QuotaCounter.objects.filter(pk=row.pk).update(used=F("used") + amount)


@step
def take_quotas(*, user_id: uuid.UUID, kind: QuotaKind, references: Iterable[uuid.UUID]) -> None:
    """`take_quota` for several things that are had together, or none of them. Raises: QuotaExceeded, Busy"""
    with on_one_rung(QuotaCounter):
        for reference in references:
            take_quota(user_id=user_id, kind=kind, reference=reference)


@step
def return_quota(*, kind: QuotaKind, reference: uuid.UUID) -> None:
    """Give back what the thing took: the doctor cancelled it, the file is gone. Once; nothing where it took nothing.

    Locks: the counter.      Raises: Busy
    """
    counter_id = QuotaTake.objects.filter(kind=kind, reference=reference).values_list("counter_id", flat=True).first()
    if counter_id is None:
        return
    row = lock_one(QuotaCounter, counter_id)
    take = QuotaTake.objects.get(kind=kind, reference=reference)
    if take.returned_at is None:
        take.returned_at = clock.now()
        take.save(update_fields=["returned_at"])
        QuotaCounter.objects.filter(pk=row.pk).update(used=F("used") - take.amount)


def _hold(user_id: uuid.UUID, kind: QuotaKind, window: dt.datetime) -> QuotaCounter:
    names = {"user_id": user_id, "kind": kind, "window": window}
    QuotaCounter.objects.bulk_create([QuotaCounter(**names)], ignore_conflicts=True)
    return lock_one(QuotaCounter, QuotaCounter.objects.values_list("pk", flat=True).get(**names))
