"""What stays of the orders of somebody who is gone: kinds, amounts and steps, with no name and no place."""

from __future__ import annotations

import uuid

from common.db import step
from orders.models import Order, Ping

NOBODY = {
    "patient_name": None,
    "patient_age": None,
    "patient_sex": "",
    "hospital_name": "",
    "ward": None,
    "address": None,
    "note": "",
    "code_sealed": None,
}


@step
def forget_person(*, user_id: uuid.UUID) -> None:
    """Wipe patient, address and note of the person's orders, and where their couriers were."""
    orders = Order.objects.filter(buyer_user_id=user_id)
    Ping.objects.filter(order__in=orders).delete()
    orders.update(**NOBODY)
    orders.filter(is_pickup=False).update(is_pickup=True, lat=None, lng=None, distance_km=None)
