"""A courier of the logistics provider: booked once whatever is lost on the way, called off when nobody needs one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from common import clock
from common.models import OutboxEvent
from notifications.kinds import Kind
from notifications.models import Notification
from orders import errands, gateways, jobs
from orders.errors import CourierBooked, CourierHasBoxes, CourierProviderUnavailable, NotOnTheRoad
from orders.models import BookingEvent, CourierBooking
from orders.services import assigning, bookings, couriers, road
from orders.services.assigning import Courier
from orders.states import Fault
from tests.orders.couriers import BY_PROVIDER, SOON, ask, booked, booking_of, run_all, sent, steps, tell
from tests.orders.scenes import fresh, make_bank, of, packed, place, send, verbs
from tests.partners.factories import client_of

pytestmark = pytest.mark.django_db
LOST = ["lost_reply", "lost_request", "truncated_json", "error_5xx", "html_body", "rate_limit"]


def told(kind):
    return Notification.objects.filter(kind=kind).count()


def emitted(name):
    return OutboxEvent.objects.filter(name=name).count()


def another(order, bank, **values):
    return assigning.send_another(**of(order, bank), courier=Courier(**values))


def fail(order, bank):
    return road.fail(**of(order, bank), reason="Nobody there.", fault=Fault.COURIER)


def make_due():
    CourierBooking.objects.filter(ask_at__isnull=False).update(ask_at=clock.now())


def test_a_provider_is_offered_when_it_is_configured(provider, settings):
    before = [gateway.kind for gateway in gateways.offered()]
    settings.LOGISTICS_WEBHOOK_SECRET = ""
    bank = make_bank(bags=2)

    assert before == ["rider", "provider"]
    assert client_of(bank).get("/api/v1/partner/couriers").json()["couriers"] == [
        {"kind": "rider", "name": "Your riders"}
    ]
    with pytest.raises(CourierProviderUnavailable):
        send(packed(bank), bank, courier=BY_PROVIDER)


def test_an_order_is_sent_off_while_the_provider_is_down(provider):
    provider.faults(lost_request={"channel": "logistics"}, on="any")
    bank = make_bank(bags=2)
    order = packed(bank)

    reply = client_of(bank).post(
        f"/api/v1/partner/orders/{order.pk}/dispatch",
        {"provider": True},
        format="json",
        headers={"Idempotency-Key": "k"},
    )
    errands.run_due()

    courier = {"kind": "provider", "name": "Courier service", "vehicle": "", "status": "requested", "tracking_url": ""}
    assert (reply.status_code, reply.json()["status"], reply.json()["courier"]) == (200, "dispatched", courier)
    assert booking_of(order).asked == 1


def test_who_brings_it_is_one(provider):
    bank = make_bank(bags=2)
    order = packed(bank)

    reply = client_of(bank).post(
        f"/api/v1/partner/orders/{order.pk}/dispatch",
        {"provider": True, "courier": "Ravi"},
        format="json",
        headers={"Idempotency-Key": "k"},
    )

    assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (400, "/courier")


def test_what_is_fetched_is_brought_by_nobody(provider):
    bank = make_bank(bags=2)

    with pytest.raises(CourierProviderUnavailable):
        send(packed(bank, destination=None), bank, courier=BY_PROVIDER)


def test_a_courier_gets_places_and_the_banks_number_and_no_name_of_a_person(provider):
    order, bank, booking = booked()

    wish = provider.bookings()[0]["wish"]

    assert (booking.status, booking.provider_ref) == ("booked", provider.bookings()[0]["id"])
    assert wish["reference"] == str(booking.pk)
    assert wish["drop"]["address"] == "5 Karve Road, Pune"
    assert wish["drop"]["phone"] == bank.partner.phone
    assert "Meera" not in str(wish)
    assert steps(booking) == ["request", "book"]


@pytest.mark.parametrize("fault", LOST)
def test_a_booking_that_got_no_answer_is_made_once(provider, fault, noon):
    order, _ = sent()
    provider.faults(**{fault: {"times": 1, "channel": "logistics", "only_to": "booking"}})
    errands.run_due()
    first = booking_of(order).status
    noon.shift(SOON)

    errands.run_due()

    assert (first, booking_of(order).status) == ("requested", "booked")
    assert len(provider.bookings()) == 1


def test_after_a_lost_reply_the_provider_is_asked_before_anything_is_wanted_again(provider, noon):
    sent()
    provider.faults(lost_reply={"times": 1, "channel": "logistics", "only_to": "booking"})
    errands.run_due()
    noon.shift(SOON)

    errands.run_due()

    assert provider.asked() == 1


@pytest.mark.parametrize("fault", LOST)
def test_a_question_that_got_no_answer_is_asked_again(provider, fault):
    _, _, booking = booked()
    provider.drive(booking, "pick-up")
    provider.faults(**{fault: {"times": 1, "channel": "logistics", "on": "look_up"}})

    asked = ask(booking).status

    assert (asked, ask(booking).status) == ("booked", "picked_up")


@pytest.mark.parametrize("fault", LOST)
def test_a_courier_is_called_off_whatever_is_lost(provider, fault, noon):
    order, bank, booking = booked()
    provider.faults(**{fault: {"times": 1, "channel": "logistics", "only_to": "cancel"}})
    fail(order, bank)

    for _ in range(2):
        run_all()
        noon.shift(SOON)
    run_all()

    booking.refresh_from_db()
    assert (booking.status, booking.ask_at, provider.bookings()[0]["status"]) == ("cancelled", None, "cancelled")
    assert told(Kind.COURIER_LOST) == 0


def test_after_some_tries_in_vain_the_bank_is_told_once_and_sends_its_own(provider, noon):
    order, bank = sent()
    provider.faults(error_5xx={"channel": "logistics"}, on="any")

    for _ in range(bookings.MOST_TRIES + 2):
        run_all()
        noon.shift(dt.timedelta(minutes=2))

    assert (booking_of(order).status, booking_of(order).failure) == ("failed", "http_503")
    assert emitted("courier.lost") == 1
    assert told(Kind.COURIER_LOST) == 1
    assert fresh(order).status == "dispatched"
    assert another(order, bank, name="Ravi").courier == "Ravi"


def test_what_was_booked_after_all_is_called_off_once_the_provider_is_back(provider, noon):
    order, _ = sent()
    provider.faults(
        lost_reply={"channel": "logistics", "only_to": "booking", "on": "any"},
        error_5xx={"channel": "logistics", "only_to": "cancel"},
    )
    for _ in range(bookings.MOST_TRIES + 1):
        run_all()
        noon.shift(dt.timedelta(minutes=2))
    before = provider.bookings()[0]["status"]
    provider.faults()
    make_due()

    run_all()

    booking = booking_of(order)
    assert (before, provider.bookings()[0]["status"]) == ("booked", "cancelled")
    assert (booking.status, booking.ask_at) == ("failed", None)


def test_what_the_provider_refuses_is_told_at_once(provider, settings):
    order, _ = sent()
    provider.faults()
    CourierBooking.objects.filter(order=order).update(ask_at=clock.now())
    order.boxes.update(closed_at=clock.now())  # a wish without boxes is refused

    run_all()

    assert (booking_of(order).status, booking_of(order).failure) == ("failed", "boxes")
    assert told(Kind.COURIER_LOST) == 1


def test_a_refused_account_is_tried_again_and_not_given_up_at_once(provider, settings):
    order, _ = sent()
    settings.LOGISTICS_KEY = "of-somebody-else"

    errands.run_due()

    assert (booking_of(order).status, booking_of(order).asked) == ("requested", 1)


def test_a_bank_that_lost_patience_has_its_own_rider_bring_it(provider):
    order, bank, booking = booked()
    couriers.add_rider(partner_id=bank.partner_id, name="Near", phone="+919822012345")

    another(order, bank, is_nearest=True)
    run_all()

    now = fresh(order)
    booking.refresh_from_db()
    assert (now.courier_kind, now.courier, now.status) == ("rider", "Near", "dispatched")
    assert (booking.status, provider.bookings()[0]["status"]) == ("cancelled", "cancelled")
    assert verbs(order)[-1] == "send_courier"
    assert (told(Kind.COURIER_LOST), told(Kind.ORDER_DISPATCHED)) == (0, 1)


def test_one_courier_at_a_time_is_asked_for(provider):
    order, bank, _ = booked()

    with pytest.raises(CourierBooked):
        another(order, bank, is_provider=True)
    tell(booking_of(order), "failed")
    another(order, bank, is_provider=True)
    run_all()

    assert len(provider.bookings()) == 2
    assert booking_of(order).status == "booked"


def test_nobody_else_brings_what_the_courier_has(provider):
    order, bank, booking = booked()
    tell(booking, "picked_up")

    with pytest.raises(CourierHasBoxes):
        another(order, bank, name="Ravi")


def test_nobody_is_sent_for_what_is_not_on_the_road(provider):
    bank = make_bank(bags=2)

    with pytest.raises(NotOnTheRoad):
        another(place(bank), bank, name="Ravi")


def test_a_courier_who_has_the_boxes_of_a_failed_delivery_is_asked_about_to_the_end(provider, noon):
    order, bank, booking = booked()
    provider.drive(booking, "pick-up")
    fail(order, bank)
    run_all()
    booking.refresh_from_db()
    asked = booking.status
    provider.drive(booking, "fail")
    noon.shift(dt.timedelta(minutes=3))
    make_due()

    run_all()

    booking.refresh_from_db()
    assert (asked, booking.status, booking.ask_at) == ("picked_up", "failed", None)
    assert told(Kind.COURIER_LOST) == 0


def test_the_job_asks_about_bookings_of_which_nothing_was_heard(provider, noon):
    _, _, booking = booked()
    provider.drive(booking, "assign", name="Asha")
    provider.drive(booking, "pick-up")
    assert jobs.reconcile_couriers() == 0
    noon.shift(dt.timedelta(minutes=3))

    assert jobs.reconcile_couriers() == 1

    booking.refresh_from_db()
    assert (booking.status, booking.courier) == ("picked_up", "Asha")


def test_a_provider_that_finds_nobody_is_given_up(provider, noon):
    order, _ = sent()
    tell(booking_of(order), "requested")
    noon.shift(bookings.SEARCH)

    tell(booking_of(order), "requested")

    assert (booking_of(order).status, booking_of(order).failure) == ("failed", "no_courier")
    assert told(Kind.COURIER_LOST) == 1


def test_the_bank_reads_where_the_courier_is(provider):
    order, bank, booking = booked()
    provider.drive(booking, "assign", expected_at=(clock.now() + dt.timedelta(minutes=20)).isoformat())
    ask(booking)
    client = client_of(bank)

    shown = client.get(f"/api/v1/partner/orders/{order.pk}").json()["courier"]
    eta = client.get(f"/api/v1/partner/orders/{order.pk}/timeline").json()["eta"]

    assert (shown["name"], shown["vehicle"], shown["status"]) == ("Asha Pawar", "MH12 CX 2040", "booked")
    assert shown["tracking_url"].endswith(f"/logistics/track/{booking.provider_ref}")
    assert eta["basis"] == "courier"


def test_a_bookings_history_cannot_be_changed(provider):
    booked()

    with pytest.raises(DatabaseError), transaction.atomic():
        BookingEvent.objects.update(verb="other")


def test_own_riders_are_chosen_behind_the_same_interface(provider):
    order, bank = sent()
    far = couriers.add_rider(partner_id=bank.partner_id, name="Far", phone="+919822012346")
    changes = {"lat": Decimal("18.6"), "lng": Decimal("73.8567"), "located_at": clock.now()}
    couriers.change_rider(rider_id=far.pk, partner_id=bank.partner_id, changes=changes)
    couriers.add_rider(partner_id=bank.partner_id, name="Nobody knows where", phone="+919822012347")

    chosen = another(order, bank, is_nearest=True)

    assert (chosen.courier, chosen.rider_id) == ("Far", far.pk)
