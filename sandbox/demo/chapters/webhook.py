"""A partner's own system is told what happens, signed: verified here by the library of those who made the standard."""

from __future__ import annotations

import uuid
from typing import Any

import requests
from standardwebhooks import Webhook

from sandbox.demo.client import TIMEOUT, wait
from sandbox.demo.stage import Stage

PATH = "/partner/webhook-endpoints"


def tell(stage: Stage) -> None:
    stage.chapter("A partner's own system is told by webhooks")
    desk, url = stage.desk, f"{stage.inbox.base}/receiver/demo-{uuid.uuid4().hex[:8]}"
    opened = desk.post(PATH, 201, url=url, description="Ward system", event_types=["request.*"])
    secret, one = opened["secret"], f"{PATH}/{opened['endpoint']['id']}"
    requests.put(f"{url}/settings", json={"secrets": [secret]}, timeout=TIMEOUT).raise_for_status()
    refused = desk.call("POST", PATH, 400, {"url": "https://169.254.169.254/latest/meta-data"})["code"]
    stage.expect(refused, "webhook_url_refused", "an address inside a network is refused")

    requests.put(f"{url}/settings", json={"answer": 503}, timeout=TIMEOUT).raise_for_status()
    request = stage.post_request(units=1, blood_group="AB-")
    desk.post(f"/partner/requests/{request['id']}/cancel", reason="Only a rehearsal.")
    wait(lambda: received(url), "the first webhook")
    stage.line("The system answers 503 to the first message, and the next one of the same request waits behind it.")
    requests.put(f"{url}/settings", json={"answer": 204}, timeout=TIMEOUT).raise_for_status()
    wait(lambda: len(received(url)) >= 3, "the retry after five seconds, and what waited")  # noqa: PLR2004

    told = [Webhook(secret).verify(got["body"], got["headers"]) for got in received(url)]
    wanted = ["request.opened", "request.opened", "request.cancelled"]
    stage.expect([one["type"] for one in told], wanted, "each is verified by the standardwebhooks library, in order")
    ids = [got["headers"]["webhook-id"] for got in received(url)]
    stage.expect(ids[0] == ids[1], True, "the retry has the id of the first try")
    wait(lambda: statuses(stage, one) == ["succeeded"] * 2, "the log of deliveries to say so")
    stage.line("The log of deliveries says so too.")
    desk.call("DELETE", one, 204)


def statuses(stage: Stage, one: str) -> list[str]:
    return [row["status"] for row in stage.desk.get(f"{one}/deliveries")["results"]]


def received(url: str) -> list[dict[str, Any]]:
    reply = requests.get(f"{url}/received", timeout=TIMEOUT)
    reply.raise_for_status()
    return list(reply.json())
