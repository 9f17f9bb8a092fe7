"""The logistics provider's stand-in: bookings by reference, a courier to drive, signed webhooks and their faults."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from common.webhooks import SignatureInvalid, verify
from sandbox.server import running
from sandbox.world import SANDBOX_LOGISTICS_KEY, SANDBOX_LOGISTICS_WEBHOOK_SECRET

STOP = {"name": "Bank", "phone": "+912025500101", "address": "1 Lake Road", "lat": 18.52, "lng": 73.85}
WISH = {"reference": "r-1", "boxes": 1, "pickup": STOP, "drop": STOP}


class _Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.arrived:
            self.server.posts.append((self.path, dict(self.headers), body))
            self.server.arrived.notify_all()
        self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def hook():
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hook) as server:
        server.arrived = threading.Condition()
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def started(hook):
    with running(public_url=f"http://127.0.0.1:{hook.server_address[1]}") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(started, hook):
    started.reset()
    hook.posts = []
    return started


def book(sandbox, key=SANDBOX_LOGISTICS_KEY, **wish):
    headers = {"Authorization": f"Bearer {key}"}
    return requests.post(f"{sandbox.url}/logistics/v1/bookings", json=WISH | wish, headers=headers, timeout=10)


def told(hook, count):
    with hook.arrived:
        assert hook.arrived.wait_for(lambda: len(hook.posts) >= count, timeout=10), hook.posts
        return list(hook.posts)


def statuses(posts):
    return [json.loads(body)["data"]["status"] for _, _, body in posts]


def drive(sandbox, verb, **wish):
    return sandbox._ask("POST", f"/logistics/bookings/r-1/{verb}", wish)


def test_each_change_is_told_in_a_signed_webhook(sandbox, hook):
    book(sandbox)
    told(hook, 1)
    drive(sandbox, "move", lat=18.5, lng=73.8)
    told(hook, 2)
    drive(sandbox, "arrive", code="123456")

    posts = told(hook, 4)

    assert statuses(posts) == ["booked", "booked", "picked_up", "delivered"]
    assert {path for path, _, _ in posts} == {"/api/v1/webhooks/logistics"}
    assert len({verify(headers, body, secret=SANDBOX_LOGISTICS_WEBHOOK_SECRET) for _, headers, body in posts}) == 4
    assert json.loads(posts[-1][2])["data"]["code"] == "123456"
    assert b"123456" not in posts[-2][2]


def test_a_reference_is_one_booking_and_takes_no_other_wish(sandbox, hook):
    first, again, other = book(sandbox), book(sandbox), book(sandbox, boxes=2)
    told(hook, 1)  # or the next test hears it

    assert first.json() == again.json()
    assert (other.status_code, other.json()["error"]) == (409, "another_request")


@pytest.mark.parametrize(
    ("wish", "status"), [({"boxes": 0}, 422), ({"drop": {}}, 422), ({"reference": ""}, 422), ({"key": "other"}, 401)]
)
def test_what_makes_no_sense_is_refused(sandbox, wish, status):
    assert book(sandbox, **wish).status_code == status


def test_a_courier_with_the_boxes_is_not_called_off(sandbox, hook):
    book(sandbox)
    drive(sandbox, "pick-up")
    told(hook, 2)  # or the next test hears them
    headers = {"Authorization": f"Bearer {SANDBOX_LOGISTICS_KEY}"}

    reply = requests.post(f"{sandbox.url}/logistics/v1/bookings/r-1/cancel", json={}, headers=headers, timeout=10)

    assert (reply.status_code, reply.json()["status"]) == (200, "picked_up")


def test_webhooks_come_twice_out_of_order_or_forged(sandbox, hook):
    book(sandbox)
    told(hook, 1)
    sandbox.faults(out_of_order_callbacks=True, duplicate_callbacks=True, bad_signature=True)
    drive(sandbox, "arrive")

    posts = told(hook, 5)[1:]

    assert sorted(statuses(posts)) == ["delivered", "delivered", "picked_up", "picked_up"]
    assert statuses(posts)[0] == "delivered"
    assert len({headers["Webhook-Id"] for _, headers, _ in posts}) == 2
    for _, headers, body in posts:
        with pytest.raises(SignatureInvalid):
            verify(headers, body, secret=SANDBOX_LOGISTICS_WEBHOOK_SECRET)


def test_a_webhook_may_come_before_the_reply(sandbox, hook):
    sandbox.faults(slow_ms={"ms": 300, "channel": "logistics"})
    caller = threading.Thread(target=book, args=(sandbox,))
    caller.start()

    posts = told(hook, 1)

    assert (statuses(posts), caller.is_alive()) == (["booked"], True)
    caller.join()
