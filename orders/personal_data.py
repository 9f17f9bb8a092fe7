"""What this app holds of a person, and what must be over before a person may be forgotten."""

from __future__ import annotations

import uuid

from orders import selectors
from orders.errors import OrderOpen
from users.personal_data import Holding, Rows, hold, refuses_erasure

FIELDS = (
    "id",
    "bank_id",
    "status",
    "patient_name",
    "patient_age",
    "patient_sex",
    "hospital_name",
    "ward",
    "address",
    "note",
    "needed_by",
    "total_minor",
    "currency",
    "created_at",
    "ended_at",
)


def orders(user_id: uuid.UUID) -> Rows:
    return list(selectors.orders_of_person(user_id).order_by("pk").values(*FIELDS))


@refuses_erasure(OrderOpen)
def refuse_open_order(user_id: uuid.UUID) -> None:
    """Raises: OrderOpen. A bank keeps blood for it, or a courier is on the way."""
    if selectors.has_open_order(user_id):
        raise OrderOpen


hold(
    Holding(
        "orders",
        "To bring blood from a bank to the patient you ordered it for.",
        "The bank, and what its courier needs to find you.",
        "As long as the account.",
        "What was ordered and paid, with no name and no address: blood is traced for at least five years.",
        orders,
    )
)
