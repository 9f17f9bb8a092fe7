"""What is held of a person who ordered, and what stays when it is forgotten."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection

from common.outbox import drain
from orders import personal_data
from orders.errors import OrderOpen
from orders.models import Order, OrderEvent
from orders.services import ending, forgetting
from payments.parties import Party
from tests.factories import make_user
from tests.orders.scenes import fresh, make_bank, place
from tests.stock.scenes import stepping

pytestmark = pytest.mark.django_db


def ordered():
    user = make_user()
    return user, place(make_bank(), buyer=Party.person(user.pk))


def cancel(user, order):
    ending.cancel_as_buyer(order_id=order.pk, buyer=Party.person(user.pk), actor="user", reason="No.")
    drain()


def test_the_copy_holds_the_persons_own_orders_in_clear():
    user, order = ordered()

    rows = personal_data.orders(user.pk)

    assert [(row["id"], row["patient_name"], row["address"]) for row in rows] == [
        (order.pk, "Meera Joshi", "5 Karve Road, Pune")
    ]
    assert personal_data.orders(make_user().pk) == []


def test_nobody_is_forgotten_while_an_order_is_open():
    user, order = ordered()

    with pytest.raises(OrderOpen):
        personal_data.refuse_open_order(user.pk)
    cancel(user, order)

    personal_data.refuse_open_order(user.pk)


def test_of_who_is_forgotten_no_name_and_no_place_stays():
    user, order = ordered()
    cancel(user, order)

    stepping(forgetting.forget_person, user_id=user.pk)

    left = fresh(order)
    assert (left.patient_name, left.patient_age, left.ward, left.address, left.lat) == (None, None, None, None, None)
    assert left.total_minor == order.total_minor
    assert left.events.count() == 2


def test_name_and_address_are_sealed_in_the_database():
    _, order = ordered()

    with connection.cursor() as cursor:
        cursor.execute("SELECT patient_name, ward, address FROM orders_order WHERE id = %s", [order.pk])
        kept = b"".join(bytes(value) for value in cursor.fetchone())

    assert not any(word in kept for word in (b"Meera", b"3B", b"Karve"))


@pytest.mark.parametrize("change", [lambda rows: rows.update(verb="x"), lambda rows: rows.delete()])
def test_history_is_never_changed(change):
    ordered()

    with pytest.raises(IntegrityError, match="never changed"):
        change(OrderEvent.objects.all())


def test_no_fact_of_the_history_names_the_patient():
    ordered()

    assert not any("Meera" in str(facts) for facts in OrderEvent.objects.values_list("facts", flat=True))
    assert Order.objects.count() == 1
