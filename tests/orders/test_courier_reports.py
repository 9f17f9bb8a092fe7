"""What the logistics provider reports: signed, kept once, and never a step back."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import connection

from common import clock
from common.outbox import drain
from common.webhooks import sign
from notifications.kinds import Kind
from notifications.models import Notification
from orders.models import CourierNotice, Ping
from orders.services import notices
from orders.services.assigning import Courier
from orders.tracking import eta_of
from sandbox.world import SANDBOX_LOGISTICS_WEBHOOK_SECRET
from tests.orders.couriers import booked, booking_of, post, report, run_all, said, sent, steps, tell
from tests.orders.scenes import dispatched, fresh, make_bank, verbs

pytestmark = pytest.mark.django_db
OTHER = "whsec_b2Ygc29tZWJvZHkgZWxzZSBlbnRpcmVseSwgYXMgaXQgc2VlbXM="


def told(kind):
    return Notification.objects.filter(kind=kind).count()


def place(lat=18.5150, ago=0):
    return {"lat": lat, "lng": 73.84, "at": (clock.now() - dt.timedelta(seconds=ago)).isoformat()}


def outcomes():
    return list(CourierNotice.objects.order_by("pk").values_list("outcome", flat=True))


def test_a_courier_comes_is_followed_and_hands_over_with_the_receivers_code(provider):
    order, _, booking = booked()
    drain()
    before = told(Kind.ORDER_DISPATCHED)

    tell(booking, "picked_up")
    on_the_way = told(Kind.ORDER_DISPATCHED)
    tell(booking, "picked_up", location=place())
    tell(booking, "delivered", code=order.code_sealed)

    assert (before, on_the_way) == (0, 1)
    assert fresh(order).status == "delivered"
    assert verbs(order)[-4:] == ["courier_booked", "courier_came", "courier_there", "deliver"]
    assert told(Kind.COURIER_THERE) == 0
    assert CourierNotice.objects.filter(code__isnull=False).count() == 0
    assert order.pings.count() == 1


def test_the_code_of_a_report_is_stored_sealed(provider):
    order, _, booking = booked()

    report(said(booking, "delivered", code=order.code_sealed))
    with connection.cursor() as cursor:
        cursor.execute("SELECT code, said::text FROM orders_couriernotice")
        code, kept = cursor.fetchone()

    assert order.code_sealed.encode() not in bytes(code)
    assert order.code_sealed not in kept


def test_a_wrong_code_costs_a_try_and_hands_nothing_over(provider):
    order, _, booking = booked()
    wrong = f"{(int(order.code_sealed) + 1) % 10**6:06d}"

    tell(booking, "delivered", code=wrong)

    now = fresh(order)
    assert (now.status, now.code_tries_left, booking.status) == ("dispatched", 4, "delivered")
    assert verbs(order)[-1] == "not_handed_over"
    assert told(Kind.COURIER_THERE) == 1


def test_without_a_code_the_order_stays_on_the_road(provider):
    order, _, booking = booked()

    tell(booking, "delivered")

    assert fresh(order).status == "dispatched"
    assert told(Kind.COURIER_THERE) == 1


def test_a_forged_report_is_401_and_leaves_nothing(provider):
    _, _, booking = booked()

    for forge in ({"secret": OTHER}, {"age": 301}, {"age": -301}):
        reply = report(said(booking, "delivered"), **forge)

        assert (reply.status_code, reply.json()["code"]) == (401, "webhook_signature_invalid"), forge
    assert CourierNotice.objects.count() == 0


@pytest.mark.parametrize("headers", [("", "1", "v1,x"), ("e", "", "v1,x"), ("e", "now", ""), ("e", "9" * 5000, "v1,x")])
def test_headers_that_are_none_are_401(provider, headers):
    assert post(b"{}", *headers).status_code == 401


def test_one_changed_byte_is_401(provider):
    moment = int(clock.now().timestamp())
    signature = sign(SANDBOX_LOGISTICS_WEBHOOK_SECRET, event_id="e", moment=moment, body=b'{"a":1}')

    assert post(b'{"a":2}', "e", moment, signature).status_code == 401


NO_REPORTS = [
    None,
    {},
    [],
    {"status": "flying"},
    {"updated_at": "yesterday"},
    {"updated_at": 5},
    {"id": ""},
    {"location": {"lat": 91, "lng": 0, "at": "2030-05-01T06:30:00Z"}},
    {"location": {"lat": 10**400, "lng": 0, "at": "2030-05-01T06:30:00Z"}},
    {"location": []},
]


def test_a_signed_body_that_is_no_report_is_400(provider):
    _, _, booking = booked()

    for data in NO_REPORTS:
        reply = report(said(booking) | data if data else data)

        assert (reply.status_code, reply.json()["code"]) == (400, "webhook_malformed"), data


def test_without_a_provider_there_is_no_address(provider, settings):
    settings.LOGISTICS_URL = ""

    assert post(b"{}", "e", 1, "v1,x").status_code == 404


def test_the_same_report_ten_times_is_one_step(provider):
    _, _, booking = booked()
    data = said(booking, "picked_up", location=place())

    replies = [report(data, event_id="evt_1").status_code for _ in range(10)]
    drain()

    assert replies == [204] * 10
    assert (CourierNotice.objects.count(), Ping.objects.count()) == (1, 1)
    assert steps(booking) == ["request", "book", "pick_up"]


def test_a_report_before_the_reply_is_applied(provider):
    order, _ = sent()
    provider.faults(lost_reply={"times": 1, "channel": "logistics"})
    run_all()
    booking = booking_of(order)
    theirs = provider.bookings()[0]

    tell(booking, "picked_up", id=theirs["id"])

    assert (booking.status, booking.provider_ref) == ("picked_up", theirs["id"])
    assert steps(booking) == ["request", "book", "pick_up"]


def test_an_older_report_that_comes_late_changes_nothing(provider):
    order, _, booking = booked()
    tell(booking, "picked_up", courier={"name": "New"})

    tell(booking, "booked", ago=3600, courier={"name": "Old"})
    tell(booking, "failed", ago=3600)

    assert (booking.status, booking.courier, fresh(order).courier) == ("picked_up", "New", "New")
    assert outcomes()[-2:] == ["ignored", "ignored"]
    assert booking.ask_at <= clock.now()  # it said that all is over: the provider is asked


@pytest.mark.parametrize("late", ["booked", "picked_up", "failed", "cancelled"])
def test_what_is_delivered_stays_delivered(provider, late):
    _, _, booking = booked()
    tell(booking, "delivered")

    tell(booking, late)

    assert (booking.status, outcomes()[-1], told(Kind.COURIER_LOST)) == ("delivered", "ignored", 0)


def test_a_step_that_was_not_reported_is_made_up_for(provider):
    _, _, booking = booked()

    tell(booking, "delivered")

    assert steps(booking) == ["request", "book", "pick_up", "deliver"]


@pytest.mark.parametrize(("status", "step"), [("cancelled", "cancel"), ("failed", "fail")])
def test_a_courier_who_does_not_come_is_told_to_the_bank(provider, status, step):
    order, _, booking = booked()

    tell(booking, status)

    assert steps(booking)[-1] == step
    assert told(Kind.COURIER_LOST) == 1
    assert (fresh(order).status, verbs(order)[-1]) == ("dispatched", "courier_lost")


def test_a_foreign_report_changes_nothing(provider):
    _, _, booking = booked()

    for data in (
        said(booking, "failed") | {"reference": "not-even-an-id"},
        said(booking, "failed") | {"reference": str(uuid.uuid4())},
        said(booking, "failed") | {"id": "LB-somebody-elses"},
    ):
        assert report(data).status_code == 204
    drain()

    booking.refresh_from_db()
    assert (booking.status, outcomes()) == ("booked", ["ignored"] * 3)


def test_places_move_the_arrival(provider, noon):
    order, _, booking = booked()
    tell(booking, "picked_up", location=place(18.60))
    noon.shift(dt.timedelta(minutes=10))

    tell(booking, "picked_up", location=place(18.5549))

    assert eta_of(order.pk, zone="Asia/Kolkata").basis == "pings"


def test_places_of_the_future_of_before_and_of_a_courier_called_off_are_not_kept(provider):
    order, _, booking = booked()

    tell(booking, "booked", location=place(ago=-600))
    tell(booking, "booked", location=place(ago=600))
    type(booking).objects.update(is_cancel_wanted=True)
    tell(booking, "booked", location=place())

    assert order.pings.count() == 0


def test_what_the_provider_writes_is_cut_to_what_may_be_shown(provider):
    order, _, booking = booked()

    tell(
        booking,
        "booked",
        courier={"name": "A\0sha" * 100},
        tracking_url="javascript:alert(1)",
        expected_at="9999-12-31T23:59:59+00:00",
    )

    assert len(booking.courier) == 120
    assert booking.tracking_url.startswith("http://")
    assert fresh(order).expected_at is None


def test_a_report_of_a_booking_that_has_ended_here_has_it_called_off(provider):
    order, bank, booking = booked()
    type(booking).objects.update(status="failed", ended_at=clock.now(), ask_at=None)

    tell(booking, "booked")
    booking.refresh_from_db()
    wanted = booking.is_cancel_wanted
    type(booking).objects.update(ask_at=clock.now())
    run_all()

    booking.refresh_from_db()
    assert (wanted, booking.status, booking.ask_at) == (True, "failed", None)
    assert provider.bookings()[0]["status"] == "cancelled"


def test_old_reports_are_forgotten(provider, noon):
    _, _, booking = booked()
    tell(booking, "booked")
    assert notices.prune() == 0
    noon.shift(dt.timedelta(days=31))

    assert notices.prune() == 1


def test_whoever_is_not_of_the_provider_is_on_the_way_at_once():
    bank = make_bank(bags=2)
    dispatched(bank)
    drain()

    assert told(Kind.ORDER_DISPATCHED) == 1
    assert Courier().is_provider is False
