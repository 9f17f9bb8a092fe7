"""The webhooks of Razorpay's, PhonePe's and bKash's stand-ins, read by the product's own adapters."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from common.webhooks import SignatureInvalid
from payments.gateways import gateway_of
from payments.gateways.base import TryLater
from sandbox.server import Sandbox, running
from tests.payments.sides import BkashSide, PhonePeSide, RazorpaySide
from tests.payments.test_gateways import charge_with

pytestmark = pytest.mark.django_db
SIDES = {"bkash": BkashSide, "phonepe": PhonePeSide, "razorpay": RazorpaySide}
KINDS = {
    "bkash": ["Completed"],
    "phonepe": ["checkout.order.completed"],
    "razorpay": ["payment.authorized", "payment.captured", "order.paid"],
}


class _Hook(BaseHTTPRequestHandler):
    server: Any

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.arrived:
            self.server.posts.append((self.path, self.headers, body))
            self.server.arrived.notify_all()
        self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[Any]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hook) as server:
        server.posts, server.arrived = [], threading.Condition()
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def calling(shop: Any, settings: Any) -> Iterator[Sandbox]:
    with running(public_url=f"http://127.0.0.1:{shop.server_address[1]}") as sandbox:
        settings.RAZORPAY_API_BASE = f"{sandbox.url}/razorpay"
        settings.PHONEPE_API_BASE = settings.PHONEPE_AUTH_BASE = f"{sandbox.url}/phonepe"
        settings.BKASH_API_BASE, settings.BKASH_SNS_ORIGIN = f"{sandbox.url}/bkash", sandbox.url
        yield sandbox


@pytest.fixture(params=sorted(SIDES))
def side(request, calling):
    return SIDES[request.param](calling)


def pay(side):
    charge = charge_with(side)
    charge = charge_with(side, id=charge.id, ref=side.gateway.create(charge, again=False).provider_ref)
    side.pay(charge)
    side.gateway.fetch(charge)
    return charge


def told(shop, side, count):
    with shop.arrived:
        assert shop.arrived.wait_for(lambda: len(shop.posts) >= count, timeout=10), shop.posts
        posts = list(shop.posts)
    assert {path for path, _, _ in posts} == {f"/api/v1/webhooks/{side.channel}"}
    return [gateway_of(side.channel).read_notice(headers, body) for _, headers, body in posts]


def test_webhooks_of_a_payment_name_it_and_verify(side, shop):
    charge = pay(side)
    kinds = KINDS[side.channel]

    notices = told(shop, side, len(kinds))

    assert sorted(notice.kind for notice in notices) == sorted(kinds)
    assert {notice.our_id for notice in notices} == {str(charge.id)}
    assert len({notice.event_id for notice in notices}) == len(kinds)


def test_an_event_that_comes_twice_has_one_id(side, shop):
    side.sandbox.faults(duplicate_callbacks=True)
    pay(side)
    kinds = KINDS[side.channel]

    notices = told(shop, side, 2 * len(kinds))

    assert len(notices) == 2 * len({notice.event_id for notice in notices})


def test_a_forged_event_does_not_verify(side, shop):
    side.sandbox.faults(bad_signature=True)
    pay(side)

    with pytest.raises(SignatureInvalid):
        told(shop, side, 1)


def test_a_provider_may_say_nothing(side, shop):
    side.sandbox.faults(no_callbacks=True)
    pay(side)
    side.sandbox.faults()

    spoken_of = pay(side)

    notices = told(shop, side, len(KINDS[side.channel]))
    assert {notice.our_id for notice in notices} == {str(spoken_of.id)}


def test_the_page_shows_what_is_to_be_paid(side):
    charge = charge_with(side)
    ref = side.gateway.create(charge, again=False).provider_ref

    page = side.http.request("GET", f"{side.sandbox.url}/{side.channel}/pay/{ref}").data.decode()

    assert "123.45" in page
    assert page.count("<button") == 3


def test_sns_asks_whether_its_messages_are_wanted(calling, shop):
    side = BkashSide(calling)
    calling._ask("POST", "/bkash/sns/subscribe", {})

    notices = told(shop, side, 1)

    assert [notice.kind for notice in notices] == ["SubscriptionConfirmation"]
    assert side.books()["confirmed"] == 1


def test_another_account_is_refused(side, settings):
    settings.RAZORPAY_KEY_SECRET = settings.PHONEPE_CLIENT_SECRET = settings.BKASH_APP_SECRET = "of somebody else"

    with pytest.raises(TryLater):
        side.gateway.create(charge_with(side), again=False)
    assert side.charges() == 0
