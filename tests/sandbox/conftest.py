"""A sandbox, the product's side of its webhooks, and Twilio's own client."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import parse_qsl

import pytest
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from sandbox.server import Sandbox, running
from sandbox.world import SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN

INBOUND = "/api/v1/webhooks/twilio/inbound"
_numbers = count()


class Product:
    """Records what is posted to `url` and to the inbound webhook; not what belongs to an earlier test."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.prefix = f"/{next(_numbers)}"
        self.url = base + self.prefix
        self.posts: list[dict[str, str]] = []
        self.tokens: list[str] = []
        self._arrived = threading.Condition()

    def record(self, path: str, fields: dict[str, str], token: str) -> None:
        if not path.startswith((f"{self.prefix}/", INBOUND)):
            return
        with self._arrived:
            self.posts.append({**fields, "path": path.removeprefix(self.prefix)})
            self.tokens.append(token)
            self._arrived.notify_all()

    def wait_for(self, count: int) -> list[dict[str, str]]:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.posts) >= count, timeout=10), self.posts
            return list(self.posts)

    def statuses(self, count: int) -> list[str]:
        return [post.get("MessageStatus") or post["CallStatus"] for post in self.wait_for(count)]


class Receiver(ThreadingHTTPServer):
    """The product's web server."""

    daemon_threads = True
    product: Product
    base: str


class _Webhook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fields = dict(parse_qsl(body, keep_blank_values=True, strict_parsing=True))
        validator = RequestValidator(SANDBOX_AUTH_TOKEN)
        is_signed = validator.validate(self.server.base + self.path, fields, self.headers["X-Twilio-Signature"])
        token = self.headers["I-Twilio-Idempotency-Token"]
        self.server.product.record(self.path, {**fields, "signed": str(is_signed)}, token)
        self.send_response(204 if is_signed else 403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="package")
def receiver() -> Iterator[Receiver]:
    with Receiver(("127.0.0.1", 0), _Webhook) as server:
        server.base = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def product(receiver: Receiver) -> Product:
    receiver.product = Product(receiver.base)
    return receiver.product


@pytest.fixture(scope="package")
def started(receiver: Receiver) -> Iterator[Sandbox]:
    with running(public_url=receiver.base) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(started: Sandbox, product: Product) -> Sandbox:
    started.reset()
    return started


@pytest.fixture
def twilio(sandbox: Sandbox) -> Iterator[Client]:
    http = TwilioHttpClient(timeout=10)
    client = Client(SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN, http_client=http)
    client.api.base_url = sandbox.url
    yield client
    http.session.close()
