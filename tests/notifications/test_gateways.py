from __future__ import annotations

import datetime as dt
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest
from pytest_django import Settings

from common import clock
from common.ids import uuid7
from notifications import gateways
from notifications.gateways import NotAccepted, Outgoing, Refused, TryLater, TwilioGateway, Unknown
from notifications.states import Channel
from sandbox.server import Sandbox

PHONE = "+919822222222"


def outgoing(**values: Any) -> Outgoing:
    defaults = {"channel": Channel.SMS, "to": PHONE, "body": "Blood is needed", "language": "en", "attempt": 1}
    return Outgoing(**{"delivery_id": uuid7(), **defaults, **values})


def gateway() -> TwilioGateway:
    return TwilioGateway(connections=2)


class Provider(BaseHTTPRequestHandler):
    """Answers every call with `answer` and keeps what it was given."""

    protocol_version = "HTTP/1.1"
    answer: ClassVar[tuple[int, dict[str, str], bytes]]
    forms: ClassVar[list[dict[str, list[str]]]]
    connections: ClassVar[set[Any]]

    def do_POST(self) -> None:
        self.connections.add(self.client_address)
        self.forms.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        status, headers, body = self.answer
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def provider(
    settings: Settings, status: int = 201, body: bytes = b'{"sid": "SM1"}', **headers: str
) -> Iterator[type[Provider]]:
    """Run a provider that always answers this."""
    kind = type("OneProvider", (Provider,), {"answer": (status, headers, body), "forms": [], "connections": set()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    settings.TWILIO_API_BASE = f"http://127.0.0.1:{server.server_port}"
    try:
        yield kind
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_an_sms_carries_the_address_of_its_receipt(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://jeevansetu.example/"
    message = outgoing(attempt=3)

    with provider(settings) as given:
        assert gateway().send(message).provider_id == "SM1"

    (form,) = given.forms
    assert (form["To"], form["From"], form["Body"]) == ([PHONE], [settings.TWILIO_SMS_FROM], ["Blood is needed"])
    assert form["StatusCallback"] == [
        f"https://jeevansetu.example/api/v1/webhooks/twilio/status?delivery={message.delivery_id}&attempt=3"
    ]


def test_a_whatsapp_message_names_the_channel_on_both_sides(settings: Settings) -> None:
    with provider(settings) as given:
        gateway().send(outgoing(channel=Channel.WHATSAPP))

    (form,) = given.forms
    assert form["To"] == [f"whatsapp:{PHONE}"]
    assert form["From"] == [f"whatsapp:{settings.TWILIO_WHATSAPP_FROM}"]


def test_a_template_wraps_the_body_as_one_line(settings: Settings) -> None:
    settings.TWILIO_WHATSAPP_CONTENT_SID = "HX" + "a" * 32

    with provider(settings) as given:
        gateway().send(outgoing(channel=Channel.WHATSAPP, body="*Title*\nBody", as_template=True))

    (form,) = given.forms
    assert form["ContentSid"] == [settings.TWILIO_WHATSAPP_CONTENT_SID]
    assert json.loads(form["ContentVariables"][0]) == {"1": "*Title* Body"}
    assert "Body" not in form


def test_a_call_speaks_the_readers_language_and_cannot_be_given_commands(settings: Settings) -> None:
    with provider(settings, body=b'{"sid": "CA1"}') as given:
        gateway().send(outgoing(channel=Channel.VOICE, language="hi", body="</Say><Hangup/> & <b>"))

    (form,) = given.forms
    (speech,) = form["Twiml"]
    assert 'language="hi-IN"' in speech
    assert "&lt;/Say&gt;&lt;Hangup/&gt; &amp; &lt;b&gt;" in speech
    assert "<Hangup" not in speech
    assert form["StatusCallbackEvent"] == ["initiated", "answered", "completed"]


def error(code: int, status: int) -> bytes:
    return json.dumps({"code": code, "message": "no", "status": status}).encode()


@pytest.mark.parametrize("code", [21211, 21608, 21610, 21612, 21614, 63016])
def test_what_the_provider_will_never_take_is_refused(settings: Settings, code: int) -> None:
    with provider(settings, 400, error(code, 400)), pytest.raises(Refused) as refusal:
        gateway().send(outgoing())

    assert refusal.value.code == str(code)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [(401, error(20003, 401), "20003"), (403, b"<html>", "403"), (404, b"", "404")],
    ids=["our credentials", "a proxy", "a wrong address"],
)
def test_what_is_ours_to_mend_is_tried_later(settings: Settings, status: int, body: bytes, code: str) -> None:
    with provider(settings, status, body), pytest.raises(TryLater) as later:
        gateway().send(outgoing())

    assert later.value.code == code


@pytest.mark.parametrize(("header", "seconds"), [({"Retry-After": "7"}, 7.0), ({}, 1.0), ({"Retry-After": "Wed"}, 1.0)])
def test_too_many_is_tried_when_the_provider_says(settings: Settings, header: dict[str, str], seconds: float) -> None:
    with provider(settings, 429, error(20429, 429), **header), pytest.raises(TryLater) as later:
        gateway().send(outgoing())

    assert later.value.retry_after == seconds


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (502, b"<html>"),
        (503, error(20503, 503)),
        (302, b""),
        (201, b'{"sid": "SM'),
        (201, b"[]"),
        (201, b"{}"),
        (200, b"<html>"),
    ],
)
def test_an_answer_that_says_nothing_leaves_the_fate_unknown(settings: Settings, status: int, body: bytes) -> None:
    with provider(settings, status, body, Location="/elsewhere"), pytest.raises(Unknown):
        gateway().send(outgoing())


def test_nothing_was_sent_when_nobody_listens(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    settings.TWILIO_API_BASE = f"http://127.0.0.1:{port}"

    with pytest.raises(TryLater) as later:
        gateway().send(outgoing())

    assert later.value.code == "unreachable"


def test_a_lost_connection_leaves_the_fate_unknown_and_the_post_is_not_repeated(sandbox: Sandbox) -> None:
    sandbox.faults(lost_reply=True)

    with pytest.raises(Unknown) as unknown:
        gateway().send(outgoing())

    assert unknown.value.code == "connection_lost"
    assert len(sandbox.messages(PHONE)) == 1


def test_a_timeout_leaves_the_fate_unknown(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateways, "TIMEOUT", (5, 0.2))
    sandbox.faults(slow_ms=1000)

    with pytest.raises(Unknown) as unknown:
        gateway().send(outgoing())

    assert unknown.value.code == "timeout"


def test_threads_share_as_many_connections_as_they_are(settings: Settings) -> None:
    with provider(settings) as given:
        sender = TwilioGateway(connections=4)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: sender.send(outgoing()), range(80)))

    assert len(given.forms) == 80
    assert len(given.connections) <= 4


@pytest.mark.parametrize("channel", list(Channel))
def test_a_look_up_finds_what_the_provider_has(sandbox: Sandbox, channel: Channel) -> None:
    sender, began = gateway(), clock.now()
    sid = sender.send(outgoing(channel=channel)).provider_id

    (found,) = sender.find(channel=channel, to=PHONE, body="Blood is needed", since=began)

    assert found.provider_id == sid


def test_a_look_up_is_not_taken_in_by_others(sandbox: Sandbox) -> None:
    sender, began = gateway(), clock.now()
    sender.send(outgoing(body="Another text"))
    sender.send(outgoing(channel=Channel.WHATSAPP))
    sender.send(outgoing(to="+919833333333"))

    assert sender.find(channel=Channel.SMS, to=PHONE, body="Blood is needed", since=began) == []


def test_a_look_up_goes_no_further_back_than_the_attempt(sandbox: Sandbox) -> None:
    sender = gateway()
    sender.send(outgoing())
    after = clock.now() + gateways.LOOK_BACK + dt.timedelta(seconds=2)

    assert sender.find(channel=Channel.SMS, to=PHONE, body="Blood is needed", since=after) == []


def test_a_look_up_reads_every_page(sandbox: Sandbox) -> None:
    sender, began = gateway(), clock.now()
    first = sender.send(outgoing(body="The first")).provider_id
    for number in range(60):
        sender.send(outgoing(body=f"Number {number}"))

    (found,) = sender.find(channel=Channel.SMS, to=PHONE, body="The first", since=began)

    assert found.provider_id == first


@pytest.mark.parametrize("fault", ["error_5xx", "rate_limit", "lost_reply", "html_body", "truncated_json"])
def test_a_look_up_without_an_answer_is_not_an_answer(sandbox: Sandbox, fault: str) -> None:
    sandbox.faults(**{fault: {"on": "look_up"}})

    with pytest.raises(NotAccepted):
        gateway().find(channel=Channel.SMS, to=PHONE, body="Blood", since=clock.now())


def test_the_providers_host_is_not_moved_by_the_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")

    gateway().send(outgoing())

    assert len(sandbox.messages(PHONE)) == 1
