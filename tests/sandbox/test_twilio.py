"""The sandbox speaks Twilio: driven by its own client, callbacks checked by its own validator."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from typing import Any

import pytest
import requests
import time_machine
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from sandbox.server import Sandbox, running
from sandbox.world import SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN, Settings
from tests.sandbox.conftest import Product

PERSON = "+919876543210"
OTHER = "+919876543211"
SENDER = "+15005550006"
MAGIC = "+9198990000"
TEMPLATE = "HX" + "a" * 32


def send(twilio: Client, to: str = PERSON, **more: Any) -> Any:
    return twilio.messages.create(**{"to": to, "from_": SENDER, "body": "Blood is needed", **more})


def send_whatsapp(twilio: Client, to: str = PERSON, **more: Any) -> Any:
    return send(twilio, f"whatsapp:{to}", **{"from_": f"whatsapp:{SENDER}", **more})


def call(twilio: Client, to: str = PERSON, **more: Any) -> Any:
    twiml = "<Response><Say language='en-IN'>Blood &amp; plasma</Say><Say>are needed</Say></Response>"
    return twilio.calls.create(**{"to": to, "from_": SENDER, "twiml": twiml, **more})


def refusal_of(deed: Any, *args: Any, **more: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as refused:
        deed(*args, **more)
    return refused.value.status, refused.value.code


# messages


def test_an_sms_is_accepted_kept_and_delivered(twilio: Client, sandbox: Sandbox, product: Product) -> None:
    sent = send(twilio, status_callback=f"{product.url}/status?delivery=7&x=a%20b")

    assert re.fullmatch("SM[0-9a-f]{32}", sent.sid)
    assert (sent.status, sent.to, sent.from_, sent.body) == ("queued", PERSON, SENDER, "Blood is needed")
    assert (sent.account_sid, sent.direction) == (SANDBOX_ACCOUNT_SID, "outbound-api")
    assert (sent.error_code, sent.price, sent.num_segments) == (None, None, "1")
    assert abs(sent.date_created.timestamp() - time.time()) < 60
    assert product.statuses(2) == ["sent", "delivered"]
    assert {post["MessageSid"] for post in product.posts} == {sent.sid}
    assert {post["signed"] for post in product.posts} == {"True"}
    assert {post["path"] for post in product.posts} == {"/status?delivery=7&x=a%20b"}
    assert (product.posts[0]["To"], product.posts[0]["From"]) == (PERSON, SENDER)
    assert (product.posts[0]["AccountSid"], product.posts[0]["ApiVersion"]) == (
        SANDBOX_ACCOUNT_SID,
        "2010-04-01",
    )
    assert twilio.messages(sent.sid).fetch().status == "delivered"
    assert twilio.messages(sent.sid).fetch().date_sent is not None
    [kept] = sandbox.messages(PERSON)
    assert kept["id"] == sent.sid
    assert (kept["channel"], kept["to"], kept["status"]) == ("sms", PERSON, "delivered")
    assert dt.datetime.fromisoformat(kept["at"]).tzinfo is not None


def test_a_whatsapp_is_read_in_the_end(twilio: Client, sandbox: Sandbox, product: Product) -> None:
    sent = send_whatsapp(twilio, status_callback=f"{product.url}/status")

    assert (sent.to, sent.from_) == (f"whatsapp:{PERSON}", f"whatsapp:{SENDER}")
    assert product.statuses(3) == ["sent", "delivered", "read"]
    assert product.posts[0]["To"] == f"whatsapp:{PERSON}"
    assert product.posts[0]["ChannelPrefix"] == "whatsapp"
    [kept] = sandbox.messages(PERSON, channel="whatsapp")
    assert kept["to"] == PERSON
    assert sandbox.messages(PERSON, channel="sms") == []


def test_a_template_shows_its_variables(twilio: Client, sandbox: Sandbox) -> None:
    send_whatsapp(twilio, body=None, content_sid=TEMPLATE, content_variables=json.dumps({"1": "O-", "2": "Pune"}))

    assert sandbox.messages(PERSON)[0]["body"] == f"[{TEMPLATE}]\n1: O-\n2: Pune"


def test_a_messaging_service_begins_with_accepted(twilio: Client, product: Product) -> None:
    service = "MG" + "b" * 32

    sent = send(twilio, from_=None, messaging_service_sid=service, status_callback=f"{product.url}/status")

    assert (sent.status, sent.messaging_service_sid, sent.from_) == ("accepted", service, None)
    assert product.statuses(3) == ["queued", "sent", "delivered"]


@pytest.mark.parametrize(
    ("body", "segments"), [("a" * 160, "1"), ("a" * 161, "2"), ("\u0930" * 70, "1"), ("\u0930" * 71, "2")]
)
def test_segments_are_counted(twilio: Client, body: str, segments: str) -> None:
    assert send(twilio, body=body).num_segments == segments


# calls


def test_a_call_reports_the_events_that_were_asked_for(twilio: Client, sandbox: Sandbox, product: Product) -> None:
    made = call(
        twilio,
        status_callback=f"{product.url}/status",
        status_callback_event=["initiated", "ringing", "answered", "completed"],
    )

    assert re.fullmatch("CA[0-9a-f]{32}", made.sid)
    assert made.status == "queued"
    assert product.statuses(4) == ["initiated", "ringing", "in-progress", "completed"]
    assert {post["CallSid"] for post in product.posts} == {made.sid}
    assert {post["signed"] for post in product.posts} == {"True"}
    assert [post["SequenceNumber"] for post in product.posts] == ["0", "1", "2", "3"]
    assert twilio.calls(made.sid).fetch().status == "completed"
    [kept] = sandbox.messages(PERSON)
    assert (kept["channel"], kept["body"]) == ("voice", "Blood & plasma are needed")


def test_a_call_reports_only_its_end_unless_asked(twilio: Client, product: Product) -> None:
    call(twilio, status_callback=f"{product.url}/call")
    call(twilio, OTHER, status_callback=f"{product.url}/call")

    assert product.statuses(2) == ["completed", "completed"]


# look-ups


def test_messages_are_found_by_number_and_time_page_by_page(twilio: Client) -> None:
    sids = [send(twilio, body=str(number)).sid for number in range(7)]
    send(twilio, OTHER)
    send_whatsapp(twilio)
    call(twilio)
    earlier = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    later = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)

    found = twilio.messages.list(to=PERSON, date_sent_after=earlier, page_size=3)

    assert [message.sid for message in found] == sids[::-1]
    assert [message.sid for message in twilio.messages.list(to=PERSON, limit=2)] == sids[:-3:-1]
    assert len(twilio.messages.list(to=f"whatsapp:{PERSON}")) == 1
    assert len(twilio.messages.list(to=PERSON, from_=SENDER, date_sent_before=later)) == 7
    assert twilio.messages.list(to=PERSON, date_sent_after=later) == []
    assert twilio.messages.list(to=PERSON, date_sent_before=earlier) == []
    assert len(twilio.messages.list()) == 9


def test_a_new_message_does_not_shift_the_next_page(twilio: Client) -> None:
    sids = [send(twilio, body=str(number)).sid for number in range(4)]
    first = twilio.messages.page(to=PERSON, page_size=2)
    shown = [message.sid for message in first]

    send(twilio, body="late")
    shown += [message.sid for message in first.next_page()]

    assert shown == sids[::-1]


def test_a_day_holds_what_was_sent_on_it(twilio: Client) -> None:
    with time_machine.travel(dt.datetime(2031, 3, 1, 23, 59, 59, tzinfo=dt.UTC), tick=False):
        sent = send(twilio)
        on_the_day = twilio.messages.list(date_sent=dt.datetime(2031, 3, 1, tzinfo=dt.UTC))
        on_the_next = twilio.messages.list(date_sent=dt.datetime(2031, 3, 2, tzinfo=dt.UTC))

    assert [message.sid for message in on_the_day] == [sent.sid]
    assert on_the_next == []


def test_calls_are_found_by_number_and_time(twilio: Client) -> None:
    made = call(twilio)
    call(twilio, OTHER)
    send(twilio)
    earlier = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    later = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)

    assert [found.sid for found in twilio.calls.list(to=PERSON, start_time_after=earlier)] == [made.sid]
    assert twilio.calls.list(to=PERSON, start_time_after=later) == []
    assert len(twilio.calls.list(limit=20)) == 2


def test_what_is_not_there_is_not_found(twilio: Client) -> None:
    made = call(twilio)

    assert refusal_of(twilio.messages("SM" + "0" * 32).fetch) == (404, 20404)
    assert refusal_of(twilio.messages(made.sid).fetch) == (404, 20404)


# refusals


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"to": "98765"}, 21211),
        ({"to": "+91 98765 43210"}, 21211),
        ({"to": ""}, 21604),
        ({"from_": ""}, 21603),
        ({"from_": "nobody at all"}, 21212),
        ({"from_": PERSON}, 21266),
        ({"from_": f"whatsapp:{SENDER}"}, 21910),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"status_callback": "not a url"}, 21609),
        ({"status_callback": "http://[::1"}, 21609),
        ({"content_sid": "HX1"}, 21655),
        ({"content_sid": TEMPLATE, "content_variables": "{"}, 21656),
        ({"messaging_service_sid": "XX1"}, 21701),
        ({"to": MAGIC + "01"}, 21211),
        ({"to": MAGIC + "02"}, 21610),
        ({"to": MAGIC + "03"}, 21614),
        ({"to": MAGIC + "09"}, 21612),
    ],
)
def test_a_message_that_twilio_would_refuse_is_refused(
    twilio: Client, sandbox: Sandbox, more: dict[str, str], code: int
) -> None:
    assert refusal_of(send, twilio, **more) == (400, code)
    assert sandbox.messages() == []


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"to": ""}, 21201),
        ({"from_": ""}, 21213),
        ({"from_": "JEEVAN"}, 21212),
        ({"to": "1"}, 21211),
        ({"twiml": None}, 21205),
        ({"status_callback_event": ["sneezed"]}, 21626),
        ({"to": MAGIC + "01"}, 21211),
    ],
)
def test_a_call_that_twilio_would_refuse_is_refused(twilio: Client, more: dict[str, Any], code: int) -> None:
    assert refusal_of(call, twilio, **more) == (400, code)


def test_bytes_that_are_no_text_are_a_refusal_not_a_crash(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/2010-04-01/Accounts/{SANDBOX_ACCOUNT_SID}/Messages.json"

    answer = requests.post(url, data=b"To=\xff&From=%ff", auth=(SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN), timeout=10)

    assert (answer.status_code, answer.json()["code"]) == (400, 21211)


@pytest.mark.parametrize(("sid", "token"), [(SANDBOX_ACCOUNT_SID, "wrong"), ("AC" + "1" * 32, SANDBOX_AUTH_TOKEN)])
def test_a_stranger_is_refused(sandbox: Sandbox, sid: str, token: str) -> None:
    http = TwilioHttpClient(timeout=10)
    stranger = Client(sid, token, http_client=http)
    stranger.api.base_url = sandbox.url

    assert refusal_of(send, stranger) == (401, 20003)
    http.session.close()


def test_another_accounts_path_is_refused(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/2010-04-01/Accounts/AC{'1' * 32}/Messages.json"

    answer = requests.get(url, auth=(SANDBOX_ACCOUNT_SID, SANDBOX_AUTH_TOKEN), timeout=10)

    assert answer.status_code == 401
    assert answer.json()["more_info"] == "https://www.twilio.com/docs/errors/20003"


# numbers that behave


@pytest.mark.parametrize(
    ("number", "statuses", "code"),
    [
        ("00", ["sent", "undelivered"], "30003"),
        ("05", ["sent", "undelivered"], "30005"),
        ("06", ["sent", "undelivered"], "30006"),
        ("07", ["sent", "undelivered"], "30007"),
        ("08", ["failed"], "30008"),
        ("12", ["sent", "delivered"], None),
        ("13", ["sent"], None),
        ("44", ["sent", "delivered"], None),
    ],
)
def test_a_magic_number_decides_an_sms(
    twilio: Client, product: Product, number: str, statuses: list[str], code: str | None
) -> None:
    sent = send(twilio, MAGIC + number, status_callback=f"{product.url}/status")

    assert product.statuses(len(statuses)) == statuses
    assert product.posts[-1].get("ErrorCode") == code
    fetched = twilio.messages(sent.sid).fetch()
    assert (fetched.status, fetched.error_code) == (statuses[-1], int(code) if code else None)


@pytest.mark.parametrize(("number", "code"), [("00", "63024"), ("12", "63024"), ("08", "63012")])
def test_a_magic_number_decides_a_whatsapp(twilio: Client, product: Product, number: str, code: str) -> None:
    send_whatsapp(twilio, MAGIC + number, status_callback=f"{product.url}/status")

    product.wait_for(1 if number == "08" else 2)
    assert product.posts[-1]["ErrorCode"] == code


@pytest.mark.parametrize(
    ("number", "status"), [("00", "no-answer"), ("04", "busy"), ("05", "failed"), ("06", "completed")]
)
def test_a_magic_number_decides_a_call(twilio: Client, product: Product, number: str, status: str) -> None:
    made = call(twilio, MAGIC + number, status_callback=f"{product.url}/status")

    assert product.statuses(1) == [status]
    assert twilio.calls(made.sid).fetch().status == status


def test_an_ordinary_number_with_zeros_is_not_magic(twilio: Client, product: Product) -> None:
    send(twilio, "+919876500000", status_callback=f"{product.url}/status")

    assert product.statuses(2) == ["sent", "delivered"]


# faults before anything is accepted


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [("rate_limit", 429, 20429), ("error_5xx", 503, 20503), ("html_body", 502, 502)],
)
def test_a_fault_that_refuses_accepts_nothing(
    twilio: Client, sandbox: Sandbox, fault: str, status: int, code: int
) -> None:
    sandbox.faults(**{fault: True})
    assert refusal_of(send, twilio) == (status, code)
    assert refusal_of(call, twilio) == (status, code)
    assert sandbox.messages() == []

    sandbox.faults()
    assert send(twilio).status == "queued"


def test_a_rate_limit_says_when_to_come_back(sandbox: Sandbox) -> None:
    sandbox.faults(rate_limit={"probability": 1, "retry_after": 7})

    answer = post_raw(sandbox)

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "7"


def test_a_lost_request_leaves_no_message(twilio: Client, sandbox: Sandbox) -> None:
    sandbox.faults(lost_request=True)

    with pytest.raises(requests.exceptions.ConnectionError):
        send(twilio)

    assert sandbox.messages() == []


# faults after the message was accepted


def test_a_lost_reply_leaves_a_message_that_a_look_up_finds(twilio: Client, sandbox: Sandbox, product: Product) -> None:
    sandbox.faults(lost_reply=True)

    with pytest.raises(requests.exceptions.ConnectionError):
        send(twilio, status_callback=f"{product.url}/status")

    assert product.statuses(2) == ["sent", "delivered"]
    [found] = twilio.messages.list(to=PERSON)
    assert found.sid == product.posts[0]["MessageSid"]


def test_a_truncated_reply_cannot_be_read_though_the_message_is_sent(twilio: Client, sandbox: Sandbox) -> None:
    sandbox.faults(truncated_json=True)

    with pytest.raises(json.JSONDecodeError):
        send(twilio)

    assert len(sandbox.messages(PERSON)) == 1


def test_a_slow_reply_comes_after_its_callbacks(twilio: Client, sandbox: Sandbox, product: Product) -> None:
    sandbox.faults(slow_ms=500)
    began = time.monotonic()

    send(twilio, status_callback=f"{product.url}/status")

    assert time.monotonic() - began >= 0.5
    assert len(product.posts) == 2


def test_latency_holds_for_every_reply() -> None:
    with running(latency_ms=120) as slow:
        began = time.monotonic()
        assert post_raw(slow).status_code == 201
        assert time.monotonic() - began >= 0.12


def test_a_fault_can_keep_a_message_from_arriving(twilio: Client, sandbox: Sandbox, product: Product) -> None:
    sandbox.faults(undelivered={"code": 30007})
    send(twilio, status_callback=f"{product.url}/status")
    assert product.statuses(2) == ["sent", "undelivered"]
    assert product.posts[-1]["ErrorCode"] == "30007"

    sandbox.faults(undelivered={"channel": "voice"})
    call(twilio, status_callback=f"{product.url}/status")
    assert product.statuses(3)[-1] == "no-answer"


def test_free_text_outside_the_window_fails_until_the_person_writes(
    twilio: Client, sandbox: Sandbox, product: Product
) -> None:
    sandbox.faults(whatsapp_window=True)
    send_whatsapp(twilio, status_callback=f"{product.url}/status")
    assert product.statuses(2) == ["sent", "undelivered"]
    assert product.posts[-1]["ErrorCode"] == "63016"

    sandbox.faults(whatsapp_window={"refuse": True})
    assert refusal_of(send_whatsapp, twilio) == (400, 63016)
    assert send_whatsapp(twilio, body=None, content_sid=TEMPLATE).status == "queued"
    assert send(twilio).status == "queued"
    sandbox.reply(PERSON, "Hello", channel="whatsapp")
    assert send_whatsapp(twilio).status == "queued"


# faults of callbacks


def test_callbacks_may_come_twice(twilio: Client, sandbox: Sandbox, product: Product) -> None:
    sandbox.faults(duplicate_callbacks=True)

    send(twilio, status_callback=f"{product.url}/status")

    assert sorted(product.statuses(4)) == ["delivered", "delivered", "sent", "sent"]
    assert len(set(product.tokens)) == 2


def test_callbacks_may_come_backwards(twilio: Client, sandbox: Sandbox, product: Product) -> None:
    sandbox.faults(out_of_order_callbacks=True)

    send_whatsapp(twilio, status_callback=f"{product.url}/status")

    assert product.statuses(3) == ["read", "delivered", "sent"]


def test_callbacks_may_never_come(twilio: Client, sandbox: Sandbox, product: Product) -> None:
    sandbox.faults(no_callbacks={"only_to": PERSON})

    silent = send(twilio, status_callback=f"{product.url}/status")
    heard = send(twilio, OTHER, status_callback=f"{product.url}/status")

    assert {post["MessageSid"] for post in product.wait_for(2)} == {heard.sid}
    assert twilio.messages(silent.sid).fetch().status == "delivered"


def test_a_forged_callback_does_not_pass_the_validator(twilio: Client, sandbox: Sandbox, product: Product) -> None:
    sandbox.faults(bad_signature=True)

    send(twilio, status_callback=f"{product.url}/status")

    assert {post["signed"] for post in product.wait_for(2)} == {"False"}


def test_a_callback_is_tried_again_while_nobody_listens(twilio: Client, sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        send(twilio, status_callback=f"http://127.0.0.1:{listener.getsockname()[1]}/status")
        listener.settimeout(10)
        first, _ = listener.accept()
        first.close()
        second, _ = listener.accept()
        assert second.recv(4).startswith(b"POST")
        second.close()


# limits of a fault


def test_a_fault_counts_down(twilio: Client, sandbox: Sandbox) -> None:
    sandbox.faults(error_5xx={"times": 2})

    assert refusal_of(send, twilio) == (503, 20503)
    assert refusal_of(send, twilio) == (503, 20503)
    assert send(twilio).status == "queued"
    assert requests.get(f"{sandbox.url}/faults", timeout=10).json() == {}


def test_a_fault_may_strike_one_number_or_one_channel(twilio: Client, sandbox: Sandbox) -> None:
    sandbox.faults(error_5xx=[{"only_to": PERSON, "channel": "sms"}, {"channel": "voice"}])

    assert refusal_of(send, twilio) == (503, 20503)
    assert refusal_of(call, twilio, OTHER) == (503, 20503)
    assert send(twilio, OTHER).status == "queued"
    assert send_whatsapp(twilio).status == "queued"


def test_a_fault_strikes_about_as_often_as_asked(twilio: Client, sandbox: Sandbox) -> None:
    sandbox.faults(rate_limit=0.5)

    statuses = [post_raw(sandbox).status_code for _ in range(200)]

    assert 40 < statuses.count(429) < 160


def test_look_ups_are_spared_unless_the_fault_says_so(twilio: Client, sandbox: Sandbox) -> None:
    sent = send(twilio)
    sandbox.faults(error_5xx=True)
    assert twilio.messages(sent.sid).fetch().sid == sent.sid

    sandbox.faults(error_5xx={"on": "look_up"})
    assert refusal_of(twilio.messages(sent.sid).fetch) == (503, 20503)
    assert send(twilio).status == "queued"


def test_limits_at_the_top_hold_for_every_fault(twilio: Client, sandbox: Sandbox) -> None:
    in_force = sandbox.faults(rate_limit=0.3, slow_ms=100, only_to=PERSON, times=4)

    assert [(rule["only_to"], rule["times"]) for [rule] in in_force.values()] == [(PERSON, 4), (PERSON, 4)]
    assert in_force["slow_ms"][0]["ms"] == 100


def test_one_fault_is_switched_without_the_others(sandbox: Sandbox) -> None:
    sandbox.faults(rate_limit=0.3)

    both = requests.put(f"{sandbox.url}/faults/lost_reply", json=True, timeout=10).json()
    one = requests.delete(f"{sandbox.url}/faults/rate_limit", timeout=10).json()
    none = requests.delete(f"{sandbox.url}/faults", timeout=10).json()

    assert (set(both), set(one), none) == ({"rate_limit", "lost_reply"}, {"lost_reply"}, {})


@pytest.mark.parametrize(
    "wish",
    [
        {"earthquake": True},
        {"rate_limit": 2},
        {"rate_limit": "often"},
        {"rate_limit": {"probability": None}},
        {"rate_limit": {"colour": "red"}},
        {"rate_limit": {"times": -1}},
        {"rate_limit": True, "channel": "pigeon"},
        ["rate_limit"],
    ],
)
def test_a_fault_that_is_not_understood_changes_nothing(sandbox: Sandbox, wish: object) -> None:
    sandbox.faults(lost_reply=True)

    answer = requests.put(f"{sandbox.url}/faults", json=wish, timeout=10)

    assert answer.status_code == 400
    assert answer.json()["error"]
    assert set(requests.get(f"{sandbox.url}/faults", timeout=10).json()) == {"lost_reply"}


# people writing back


def test_stop_is_remembered_per_channel_until_start(twilio: Client, sandbox: Sandbox, product: Product) -> None:
    send(twilio)

    told = sandbox.reply(PERSON, " Stop ")

    assert told["webhook_status"] == 204
    assert product.posts[0]["path"] == "/api/v1/webhooks/twilio/inbound"
    assert product.posts[0]["signed"] == "True"
    assert (product.posts[0]["From"], product.posts[0]["To"]) == (PERSON, SENDER)
    assert (product.posts[0]["Body"], product.posts[0]["MessageSid"]) == (" Stop ", told["id"])
    assert refusal_of(send, twilio) == (400, 21610)
    assert send_whatsapp(twilio).status == "queued"
    assert call(twilio).status == "queued"
    assert send(twilio, OTHER).status == "queued"
    sandbox.reply(PERSON, "START")
    assert send(twilio).status == "queued"


def test_a_whatsapp_reply_carries_its_prefix(sandbox: Sandbox, product: Product) -> None:
    sandbox.reply(PERSON, "STOP", channel="whatsapp", to=SENDER)

    assert (product.posts[0]["From"], product.posts[0]["To"]) == (f"whatsapp:{PERSON}", f"whatsapp:{SENDER}")


def test_a_reply_is_kept_even_when_nobody_answers(unused_port: int) -> None:
    with running(public_url=f"http://127.0.0.1:{unused_port}") as lonely:
        told = lonely.reply(PERSON, "STOP")

        assert told["webhook_status"] is None
        assert [kept["direction"] for kept in lonely.messages()] == ["inbound"]


@pytest.mark.parametrize(
    "wish",
    [
        {},
        [],
        {"from": PERSON},
        {"from": 7, "body": "x"},
        {"from": PERSON, "body": "x", "channel": "voice"},
    ],
)
def test_a_reply_that_is_not_understood_is_refused(sandbox: Sandbox, wish: object) -> None:
    assert requests.post(f"{sandbox.url}/messages/inbound", json=wish, timeout=10).status_code == 400


def test_a_form_of_a_foreign_page_changes_nothing(sandbox: Sandbox) -> None:
    form = {"from": PERSON, "body": "STOP"}
    headers = {"Content-Type": "text/plain"}

    assert requests.post(f"{sandbox.url}/messages/inbound", data=form, timeout=10).status_code == 400
    assert requests.put(f"{sandbox.url}/faults", data="{}", headers=headers, timeout=10).status_code == 400
    assert requests.put(f"{sandbox.url}/faults/lost_reply", data=form, timeout=10).status_code == 400


# the inbox


def test_the_inbox_is_newest_first_and_filtered(twilio: Client, sandbox: Sandbox) -> None:
    for number in range(3):
        send(twilio, body=f"code {number}")
    send(twilio, OTHER, body="for another")
    send_whatsapp(twilio, body="green")

    assert [kept["body"] for kept in sandbox.messages()] == [
        "green",
        "for another",
        "code 2",
        "code 1",
        "code 0",
    ]
    assert [kept["body"] for kept in sandbox.messages(PERSON, channel="sms", limit=2)] == ["code 2", "code 1"]
    unescaped = requests.get(f"{sandbox.url}/messages?to={OTHER}", timeout=10).json()
    assert [kept["body"] for kept in unescaped] == ["for another"]
    about = requests.get(f"{sandbox.url}/messages?about=43211", timeout=10).json()
    assert [kept["body"] for kept in about] == ["for another"]
    assert sandbox.messages("+910000000000") == []


@pytest.mark.parametrize("query", ["limit=0", "limit=many", "limit=1001", "limit=%C2%B2", "channel=pigeon"])
def test_a_query_that_is_not_understood_is_refused(sandbox: Sandbox, query: str) -> None:
    assert requests.get(f"{sandbox.url}/messages?{query}", timeout=10).status_code == 400


def test_clearing_forgets_messages_but_not_who_said_stop(twilio: Client, sandbox: Sandbox) -> None:
    send(twilio)
    sandbox.reply(PERSON, "STOP")

    sandbox.clear()

    assert sandbox.messages() == []
    assert twilio.messages.list() == []
    assert refusal_of(send, twilio) == (400, 21610)


def test_a_reset_forgets_everything(twilio: Client, sandbox: Sandbox) -> None:
    sandbox.reply(PERSON, "STOP")
    sandbox.faults(error_5xx=True)

    sandbox.reset()

    assert send(twilio).status == "queued"


def test_only_the_last_messages_are_kept() -> None:
    with running(keep=3) as small:
        for number in range(5):
            post_raw(small, Body=str(number), To=PERSON if number % 2 else OTHER)

        assert [kept["body"] for kept in small.messages()] == ["4", "3", "2"]
        assert [kept["body"] for kept in small.messages(PERSON)] == ["3"]
        assert [kept["body"] for kept in small.messages(OTHER)] == ["4", "2"]


def test_the_page_comes_from_here_alone(sandbox: Sandbox) -> None:
    page = requests.get(sandbox.url, timeout=10)
    script = requests.get(f"{sandbox.url}/inbox.js", timeout=10)
    style = requests.get(f"{sandbox.url}/inbox.css", timeout=10)

    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert 'data-fault="lost_reply"' in page.text
    assert "{{" not in page.text
    assert "innerHTML" not in script.text
    assert not re.search(r"(https?:)?//[a-z]", page.text + style.text)
    assert requests.get(f"{sandbox.url}/healthz", timeout=10).json() == {"status": "ok"}


# the process


def test_the_server_starts_serves_and_stops(unused_port: int) -> None:
    process = start_server(SANDBOX_PORT=str(unused_port))
    try:
        wait_until_up(f"http://127.0.0.1:{unused_port}/healthz")
        second = start_server(SANDBOX_PORT=str(unused_port))
        _, said = second.communicate(timeout=20)
    finally:
        process.send_signal(signal.SIGINT)
        said_at_the_end = process.communicate(timeout=20)

    assert second.returncode == 1
    assert said.strip().splitlines() == [f"sandbox: port {unused_port} cannot be used: Address already in use"]
    assert process.returncode == 0
    assert said_at_the_end == ("", "")


@pytest.mark.parametrize(
    ("name", "value"), [("SANDBOX_PORT", "many"), ("SANDBOX_PORT", "99999"), ("SANDBOX_LATENCY_MS", "soon")]
)
def test_a_setting_that_makes_no_sense_is_one_clear_line(name: str, value: str) -> None:
    process = start_server(**{name: value})

    _, said = process.communicate(timeout=20)

    assert process.returncode == 2
    [line] = said.strip().splitlines()
    assert line.startswith("sandbox: ")


def test_settings_are_those_of_the_product() -> None:
    settings = Settings.from_env(
        {"PORT": "8123", "TWILIO_AUTH_TOKEN": "t", "SANDBOX_LATENCY_MS": "50", "TWILIO_ACCOUNT_SID": ""}
    )

    assert settings.public_url == "http://127.0.0.1:8123"
    assert (settings.auth_token, settings.account_sid) == ("t", SANDBOX_ACCOUNT_SID)
    assert settings.latency_ms == 50


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def start_server(**env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox.server"],
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until_up(url: str) -> None:
    for _ in range(400):
        try:
            requests.get(url, timeout=5)
        except requests.exceptions.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(url)


def post_raw(sandbox: Sandbox, **more: str) -> requests.Response:
    """Send a message as any HTTP client would."""
    credentials = base64.b64encode(f"{SANDBOX_ACCOUNT_SID}:{SANDBOX_AUTH_TOKEN}".encode()).decode()
    return requests.post(
        f"{sandbox.url}/2010-04-01/Accounts/{SANDBOX_ACCOUNT_SID}/Messages.json",
        data={"To": PERSON, "From": SENDER, "Body": "Blood is needed", **more},
        headers={"Authorization": f"Basic {credentials}"},
        timeout=10,
    )
