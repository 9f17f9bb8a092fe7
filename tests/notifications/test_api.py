from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings
from twilio.request_validator import RequestValidator

from common import clock
from common.ids import uuid7
from notifications.models import Delivery, Notification, OptOut
from notifications.states import Channel, DeliveryStatus
from tests.factories import make_hospital, member_client, person_client
from tests.notifications.factories import make_notification, make_person, make_sent
from tests.partners.factories import new_phone

pytestmark = pytest.mark.django_db
INBOX = "/api/v1/me/notifications"
STATUS = "/api/v1/webhooks/twilio/status"
INBOUND = "/api/v1/webhooks/twilio/inbound"
FORM = "application/x-www-form-urlencoded"


def test_the_inbox_shows_a_persons_own_newest_first() -> None:
    person = make_person()
    subject = uuid7()
    first = make_notification(user=person)
    second = make_notification(user=person, subject_kind="request", subject_id=subject, read_at=clock.now())
    make_notification(user=make_person())
    make_notification()

    page = person_client(person).get(INBOX).json()

    assert [row["id"] for row in page["results"]] == [str(second.pk), str(first.pk)]
    assert page["results"][0]["subject"] == {"kind": "request", "id": str(subject)}
    assert page["results"][1] == {
        "id": str(first.pk),
        "kind": "ask",
        "title": "Blood is needed near you",
        "body": "City Hospital needs O- blood.",
        "subject": None,
        "created_at": first.created_at.isoformat().replace("+00:00", "Z"),
        "read_at": None,
    }


def test_the_inbox_can_be_narrowed_to_what_was_not_read() -> None:
    person = make_person()
    unread = make_notification(user=person)
    read = make_notification(user=person, read_at=clock.now())
    client = person_client(person)

    assert [row["id"] for row in client.get(INBOX, {"unread": "true"}).json()["results"]] == [str(unread.pk)]
    assert [row["id"] for row in client.get(INBOX, {"unread": "false"}).json()["results"]] == [str(read.pk)]
    assert client.get(INBOX, {"unread": "perhaps"}).json()["errors"][0]["pointer"] == "/unread"


@pytest.mark.parametrize("count", [1, 20])
def test_the_inbox_costs_the_same_for_one_and_for_many(
    count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    person = make_person()
    for _ in range(count):
        make_notification(user=person)
    client = person_client(person)

    with django_assert_num_queries(2):
        assert len(client.get(INBOX).json()["results"]) == count


def test_reading_twice_keeps_the_first_time() -> None:
    person = make_person()
    row = make_notification(user=person)
    client = person_client(person)

    first = client.post(f"{INBOX}/{row.pk}/read")
    second = client.post(f"{INBOX}/{row.pk}/read")

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["read_at"] == second.json()["read_at"] is not None


def test_a_strangers_notification_does_not_exist() -> None:
    row = make_notification(user=make_person())
    stranger = person_client(make_person())

    for pk in (row.pk, uuid7()):
        answer = stranger.post(f"{INBOX}/{pk}/read")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert Notification.objects.get(pk=row.pk).read_at is None


@pytest.mark.parametrize("method", ["get", "post"])
def test_only_people_have_an_inbox(method: str) -> None:
    path = INBOX if method == "get" else f"{INBOX}/{make_notification().pk}/read"

    assert getattr(Client(), method)(path).status_code == 401
    assert getattr(member_client(make_hospital()), method)(path).status_code == 401


def signature(settings: Settings, path: str, form: dict[str, str], token: str | None = None) -> str:
    validator = RequestValidator(settings.TWILIO_AUTH_TOKEN if token is None else token)
    return validator.compute_signature(settings.PUBLIC_URL + path, form)


def post(settings: Settings, path: str, form: dict[str, str], **headers: str) -> Any:
    given = {"X-Twilio-Signature": signature(settings, path, form), **headers}
    return Client().post(path, urlencode(form), content_type=FORM, headers=given)


def status_path(row: Delivery, **query: Any) -> str:
    return f"{STATUS}?{urlencode({'delivery': row.pk, 'attempt': row.attempts, **query})}"


def report(row: Delivery, status: str, **values: str) -> dict[str, str]:
    return {"MessageSid": row.provider_id, "MessageStatus": status, "To": row.to, "AccountSid": "AC1", **values}


def test_a_signed_receipt_moves_the_delivery(settings: Settings) -> None:
    row = make_sent()

    answer = post(settings, status_path(row), report(row, "delivered"))

    assert (answer.status_code, answer.content) == (204, b"")
    row.refresh_from_db()
    assert row.state is DeliveryStatus.DELIVERED


def test_a_signed_receipt_of_a_call_moves_it(settings: Settings) -> None:
    row = make_sent(channel=Channel.VOICE, provider_id="CA1")

    answer = post(settings, status_path(row), {"CallSid": "CA1", "CallStatus": "no-answer", "ErrorCode": ""})

    assert answer.status_code == 204
    row.refresh_from_db()
    assert row.state is DeliveryStatus.DEAD


def test_behind_a_proxy_the_public_address_is_what_was_signed(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://api.jeevansetu.example"
    row = make_sent()

    assert post(settings, status_path(row), report(row, "delivered")).status_code == 204


@pytest.mark.parametrize(
    "fault", ["none", "empty", "garbage", "other token", "other body", "other delivery", "unicode"]
)
def test_what_is_not_signed_for_this_call_changes_nothing(settings: Settings, fault: str) -> None:
    row, other = make_sent(), make_sent()
    path, form = status_path(row), report(row, "delivered")
    signed = signature(settings, path, form)
    given = {
        "none": {},
        "empty": {"X-Twilio-Signature": ""},
        "garbage": {"X-Twilio-Signature": "x" * len(signed)},
        "other token": {"X-Twilio-Signature": signature(settings, path, form, "another token")},
        "other body": {"X-Twilio-Signature": signature(settings, path, report(row, "sent"))},
        "other delivery": {"X-Twilio-Signature": signature(settings, status_path(other), form)},
        "unicode": {"X-Twilio-Signature": "\xe9" * len(signed)},
    }[fault]

    answer = Client().post(path, urlencode(form), content_type=FORM, headers=given)

    assert (answer.status_code, answer.json()["code"]) == (403, "signature_invalid")
    assert answer["Content-Type"] == "application/problem+json"
    row.refresh_from_db()
    assert row.state is DeliveryStatus.SENT


def test_without_a_token_nothing_counts_as_signed(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    row = make_sent()

    assert post(settings, status_path(row), report(row, "delivered")).status_code == 403


@pytest.mark.parametrize(
    ("algorithm", "wanted"),
    [("HMAC_SHA1", "RSOYDt4T1cUTdK1PDd93/VVr8B8="), ("HMAC_SHA256", "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s=")],
)
def test_the_vectors_of_the_providers_own_documentation(algorithm: str, wanted: str) -> None:
    form = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234"}
    form |= {"From": "+14158675309", "To": "+18005551212"}

    url = "https://mycompany.com/myapp.php?foo=1&bar=2"

    assert RequestValidator("12345").compute_signature(url, form, algorithm) == wanted


def test_a_signed_receipt_for_a_foreign_delivery_is_taken_and_forgotten(settings: Settings) -> None:
    row = make_sent()
    path = f"{STATUS}?delivery={uuid7()}"

    assert post(settings, path, report(row, "delivered")).status_code == 204
    row.refresh_from_db()
    assert row.state is DeliveryStatus.SENT


@pytest.mark.parametrize("query", ["", "?delivery=1", "?delivery=null&attempt=x"])
def test_a_signed_receipt_without_a_delivery_is_400(settings: Settings, query: str) -> None:
    answer = post(settings, STATUS + query, {"MessageSid": "SM1", "MessageStatus": "sent"})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


def test_the_webhooks_take_forms_only(settings: Settings) -> None:
    for path in (STATUS, INBOUND):
        assert Client().post(path, {"a": 1}, content_type="application/json").status_code == 415


@pytest.mark.parametrize(("prefix", "channel"), [("", Channel.SMS), ("whatsapp:", Channel.WHATSAPP)])
def test_stop_and_start_come_by_webhook(settings: Settings, prefix: str, channel: Channel) -> None:
    phone = new_phone()
    form = {"From": prefix + phone, "To": "+15005550006", "Body": "Stop", "MessageSid": "SM1"}

    assert post(settings, INBOUND, form).status_code == 204
    assert list(OptOut.objects.values_list("phone", "channel")) == [(phone, channel)]

    assert post(settings, INBOUND, {**form, "Body": "START"}).status_code == 204
    assert OptOut.objects.count() == 0


def test_a_forged_stop_silences_nobody(settings: Settings) -> None:
    form = {"From": new_phone(), "Body": "STOP"}

    assert Client().post(INBOUND, urlencode(form), content_type=FORM).status_code == 403
    assert OptOut.objects.count() == 0


def test_genuine_receipts_are_never_too_many(settings: Settings) -> None:
    settings.THROTTLES = dict.fromkeys(settings.THROTTLES, "1/h")
    row = make_sent()

    answers = [post(settings, status_path(row), report(row, "sent")).status_code for _ in range(5)]

    assert answers == [204] * 5
