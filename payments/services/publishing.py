"""What a plan costs and allows from now on; what was sold keeps its terms."""

from __future__ import annotations

import uuid

from django.db.models import Max

from common.db import step
from common.money import Money
from payments.models import PlanVersion


@step
def publish_version(
    *,
    plan_id: uuid.UUID,
    price: Money,
    months: int,
    appointments: int | None,
    storage_bytes: int | None,
    tax_points: int,
    sac: str,
    actor: str,
) -> PlanVersion:
    """Write the plan's next version; renewals and new subscribers take it, periods that are paid do not."""
    last = PlanVersion.objects.filter(plan_id=plan_id).aggregate(last=Max("number"))["last"] or 0
    return PlanVersion.objects.create(
        plan_id=plan_id,
        number=last + 1,
        price_minor=price.minor,
        currency=price.currency,
        months=months,
        appointments=appointments,
        storage_bytes=storage_bytes,
        tax_points=tax_points,
        sac=sac,
        actor=actor,
    )
