"""Who sees what change, and that a change says no more than it must."""

from __future__ import annotations

import uuid

import pytest

from common import outbox
from common.models import LiveChange
from config.events import EVENTS
from notifications.kinds import Kind
from notifications.live import subjects
from notifications.models import Notification
from payments.parties import Party
from requests_app.services import posting, promises
from tests.appointments.scenes import book, booked, make_doctor
from tests.factories import make_donor, make_hospital, make_promise, make_request, make_user
from tests.notifications.factories import make_person, recipient_of, tell
from tests.orders.scenes import dispatched
from tests.orders.scenes import make_bank as make_selling_bank
from tests.requests_app.family_scenes import settled
from tests.stock.exchange import bank, hospital, offer, request

pytestmark = pytest.mark.django_db
MINE = "notification.created"


def seen_by(topic: uuid.UUID) -> list[str]:
    outbox.drain()
    assert not outbox.open_events().exists(), list(outbox.open_events().values_list("name", "last_error"))
    theirs = LiveChange.objects.filter(topic=topic).exclude(name=MINE).exclude(name__startswith="chat.")
    rows = theirs.order_by("number")
    return list(rows.values_list("name", flat=True))


def test_a_partner_and_its_donor_see_a_promise_and_nobody_else_does() -> None:
    owner, donor, other = make_hospital(), make_donor(), make_donor()
    wanted = make_request(owner)
    promise = make_promise(wanted, donor)
    promises.cancel_promise(assignment_id=promise.assignment.pk, donor_id=donor.pk, reason="ill")
    posting.cancel_request(
        request_id=wanted.pk, partner_id=owner.partner_id, member_id=owner.pk, reason="not needed any more"
    )

    assert seen_by(donor.pk) == ["assignment.accepted", "assignment.cancelled"]
    assert seen_by(owner.partner_id) == [
        *("request.opened", "request.filled", "assignment.accepted", "assignment.cancelled", "request.reopened"),
        "request.cancelled",
    ]
    assert seen_by(other.pk) == []


def test_both_sides_of_an_order_see_its_steps() -> None:
    seller, user = make_selling_bank(bags=2), make_user()
    dispatched(seller, buyer=Party.person(user.pk))

    steps = ["order.placed", "order.accepted", "order.paid", "order.packed", "order.dispatched"]
    assert seen_by(seller.partner_id) == seen_by(user.pk) == steps


def test_a_transfer_is_seen_by_its_sides_and_a_family_by_itself_and_its_hospital() -> None:
    asker, sender, idle = hospital(), bank(3, 2), bank(9, 2)
    offer(sender, request(asker, units=2))
    owner, person = make_hospital(), make_user()
    settled(owner, requester=person)

    assert seen_by(asker.partner_id)[-1] == seen_by(sender.partner_id)[-1] == "transfer.offered"
    assert "transfer.offered" not in seen_by(idle.partner_id)
    assert seen_by(person.pk)[0] == "family.asked"
    assert set(seen_by(person.pk)) <= set(seen_by(owner.partner_id))


def test_a_doctor_sees_a_visit_when_it_is_booked_and_not_before() -> None:
    doctor = make_doctor()
    held = book(doctor)
    assert (seen_by(held.patient_id), seen_by(doctor.user_id)) == (["appointment.held"], [])

    row = booked(make_doctor())

    assert seen_by(row.patient_id) == ["appointment.held", "appointment.confirmed"]
    assert "appointment.confirmed" in seen_by(row.doctor.user_id)


def test_a_change_holds_an_id_a_state_and_a_time() -> None:
    owner, donor = make_hospital(), make_donor()
    promise = make_promise(make_request(owner), donor)
    outbox.drain()

    change = LiveChange.objects.get(topic=donor.pk, name="assignment.accepted")

    assert change.data == {
        "id": str(promise.assignment.pk),
        "status": "accepted",
        "updated_at": change.data["updated_at"],
    }
    assert change.data["updated_at"].endswith("Z")


def test_a_new_message_is_seen_by_its_owner_once_and_says_only_its_kind() -> None:
    person = make_person()
    for _ in range(2):
        tell(
            kind=Kind.MISSED,
            occasion="one",
            recipients=[recipient_of(person)],
            facts={"partner": "City Hospital", "points": 10},
        )
    outbox.drain()

    change = LiveChange.objects.get(topic=person.pk)
    assert (change.name, change.data["id"], change.data["kind"]) == (MINE, str(Notification.objects.get().pk), "missed")
    assert set(change.data) == {"id", "kind", "updated_at"}


def test_what_is_told_is_an_event_of_the_product() -> None:
    names = {
        *(f"request.{step}" for step in subjects.REQUESTS),
        *(f"assignment.{step}" for step in subjects.ASSIGNMENTS),
        *(f"family.{step}" for step in subjects.FAMILIES),
        *(f"order.{step}" for step in subjects.ORDERS),
        *(f"transfer.{step}" for step in subjects.TRANSFERS),
        *(f"appointment.{step}" for step in subjects.APPOINTMENTS),
    }

    assert names <= set(EVENTS)
