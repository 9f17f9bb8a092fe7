"""A partner's own system is told what happens, signed: verified here by the library of those who made the standard."""

from __future__ import annotations

import uuid
from typing import Any

import requests
from standardwebhooks import Webhook

from sandbox.demo.client import TIMEOUT, Api, wait
from sandbox.demo.stage import Stage

PATH = "/partner/webhook-endpoints"
SCOPES = ["requests:read", "requests:write", "webhooks:read", "webhooks:write"]


def tell(stage: Stage) -> None:
    stage.chapter("A partner's own system has a key, and is told by webhooks")
    ward, url = _with_a_key(stage), f"{stage.inbox.base}/receiver/demo-{uuid.uuid4().hex[:8]}"
    opened = ward.post(PATH, 201, url=url, description="Ward system", event_types=["request.*"])
    secret, one = opened["secret"], f"{PATH}/{opened['endpoint']['id']}"
    requests.put(f"{url}/settings", json={"secrets": [secret]}, timeout=TIMEOUT).raise_for_status()
    refused = ward.call("POST", PATH, 400, {"url": "https://169.254.169.254/latest/meta-data"})["code"]
    stage.expect(refused, "webhook_url_refused", "an address inside a network is refused")

    requests.put(f"{url}/settings", json={"answer": 503}, timeout=TIMEOUT).raise_for_status()
    request = stage.post_request(units=1, blood_group="AB-")["id"]
    ward.post(f"/partner/requests/{request}/cancel", reason="Only a rehearsal.")
    wait(lambda: received(url, request), "the first webhook")
    stage.line("The system answers 503 to the first message, and the next one of the same request waits behind it.")
    requests.put(f"{url}/settings", json={"answer": 204}, timeout=TIMEOUT).raise_for_status()
    wait(lambda: len(received(url, request)) >= 3, "the retry after five seconds, and what waited")  # noqa: PLR2004

    told = [Webhook(secret).verify(got["body"], got["headers"]) for got in received(url, request)]
    wanted = ["request.opened", "request.opened", "request.cancelled"]
    stage.expect([one["type"] for one in told], wanted, "each is verified by the standardwebhooks library, in order")
    ids = [got["headers"]["webhook-id"] for got in received(url, request)]
    stage.expect(ids[0] == ids[1], True, "the retry has the id of the first try")
    wait(lambda: all(status(ward, one, message) == "succeeded" for message in ids), "the log of deliveries to say so")
    stage.line("The log of deliveries says so too.")
    read = ward.get(f"/partner/requests/{told[2]['data']['request_id']}")
    stage.expect(read["status"], "cancelled", "the rest it reads by the id, with its key")
    ward.call("DELETE", one, 204)


def _with_a_key(stage: Stage) -> Api:
    """Return a program of the partner's; the owner's telephone stays in the owner's pocket."""
    made = stage.desk.post("/partner/api-keys", 201, name="Ward system", scopes=SCOPES)
    ward = Api(stage.base)
    ward.token = made["token"]
    refused = ward.get("/partner/orders", 403)
    stage.expect(refused["scope"], "orders:read", f"the key {made['key']['begins']}… opens requests, and no orders")
    return ward


def status(ward: Api, endpoint: str, message: str) -> str:
    rows = ward.get(f"{endpoint}/deliveries")["results"]
    return next((str(row["status"]) for row in rows if row["message_id"] == message), "")


def received(url: str, request: str) -> list[dict[str, Any]]:
    """Return what came about the request: what was decided shortly before may still be told, too."""
    reply = requests.get(f"{url}/received", timeout=TIMEOUT)
    reply.raise_for_status()
    return [got for got in reply.json() if request in got["body"]]
