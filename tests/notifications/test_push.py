"""Push messages go to every device of an account by FCM; dead tokens are forgotten, and nobody is told twice."""

from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest

from common import clock
from notifications.gateways import Accepted, Outgoing, Refused, TryLater, Unknown
from notifications.kinds import Kind
from notifications.mail import Carriers, SmtpGateway
from notifications.models import Delivery, PushDevice
from notifications.owners import Owner
from notifications.push import FcmGateway
from notifications.services import Subject, devices
from notifications.states import Channel, Platform
from sandbox.service_account import credentials
from tests.notifications.factories import FakeGateway, make_person, raising, recipient_of, tell, work
from users.models import Session

pytestmark = pytest.mark.django_db
FIRST = "token-1"
FACTS = {"partner": "City Hospital", "group": "O-", "gift": "blood", "distance": "2.4", "link": "x"}


def message(**values) -> Outgoing:
    defaults = {
        "delivery_id": uuid.uuid4(),
        "channel": Channel.PUSH,
        "to": "token-1",
        "body": "Can you give?",
        "language": "en",
        "attempt": 1,
        "subject": "Blood is needed near you",
        "data": {"notification": "n-1", "kind": "ask"},
        "valid_until": clock.now() + dt.timedelta(hours=2),
        "is_urgent": True,
    }
    return Outgoing(**{**defaults, **values})


@pytest.fixture
def fcm(sandbox, settings):
    settings.FCM_CREDENTIALS, settings.FCM_API_BASE = credentials(sandbox.url), f"{sandbox.url}/fcm"
    return sandbox


def sign_in(person) -> Session:
    now = clock.now()
    moments = dict.fromkeys(("created_at", "last_used_at"), now)
    return Session.objects.create(
        account=person, refresh_jti=uuid.uuid4(), expires_at=now + dt.timedelta(days=1), **moments
    )


def add_device(person, token: str = FIRST, **values) -> PushDevice:
    session = values.pop("session", None) or sign_in(person)
    defaults = {"platform": Platform.ANDROID, "app_version": "1.0", "language": ""}
    registered = devices.register(
        owner=Owner(user_id=person.pk), session_id=session.pk, token=token, **{**defaults, **values}
    )
    return registered.device


def ask(person, **values) -> int:
    facts = {**FACTS, "needed_by": clock.now() + dt.timedelta(hours=8)}
    given = {"kind": Kind.ASK, "occasion": "ask:1", "recipients": [recipient_of(person)], "facts": facts}
    return tell(**{**given, **values})


def pushes():
    return Delivery.objects.filter(channel=Channel.PUSH).order_by("pk")


def test_a_push_arrives_with_its_words_what_the_app_opens_and_how_long_it_is_worth_anything(fcm):
    accepted = FcmGateway().send(message())

    (push,) = fcm.messages("token-1")
    assert (push["channel"], push["subject"], push["body"]) == ("push", "Blood is needed near you", "Can you give?")
    assert (push["data"], push["tag"]) == ({"notification": "n-1", "kind": "ask"}, "n-1")
    assert (push["ttl"], push["priority"]) in [("7200s", "HIGH"), ("7199s", "HIGH")]
    assert push["id"].startswith(accepted.provider_id)


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ({"rate_limit": {"retry_after": 7}}, TryLater, "http_429"),
        ({"error_5xx": 1}, TryLater, "http_503"),
        ({"html_body": 1}, Unknown, "http_502"),
        ({"lost_request": 1}, Unknown, "connection_lost"),
        ({"lost_reply": 1}, Unknown, "connection_lost"),
        ({"truncated_json": 1}, Unknown, "bad_reply"),
        ({"undelivered": 1}, Refused, "unregistered"),
        ({"undelivered": {"code": 400}}, Refused, "token_invalid"),
        ({"undelivered": {"code": 403}}, Refused, "other_project"),
    ],
)
def test_each_way_to_fail_is_told_apart(fcm, fault, kind, code):
    gateway = FcmGateway()
    gateway.send(message())
    fcm.faults(**fault, only_to="token-1")

    with pytest.raises(kind) as failure:
        gateway.send(message())

    assert failure.value.code == code
    assert getattr(failure.value, "retry_after", None) in (7.0, 60.0, None)


def test_a_token_that_was_turned_down_is_asked_for_anew_once(fcm):
    fcm.faults(token_expired={"times": 1}, channel="push")

    assert isinstance(FcmGateway().send(message()), Accepted)
    assert len(fcm.messages("token-1")) == 1


def test_a_key_that_is_not_the_accounts_gets_no_token(fcm, settings):
    stranger = {**json.loads(settings.FCM_CREDENTIALS), "client_email": "somebody@else.example"}
    settings.FCM_CREDENTIALS = json.dumps(stranger)

    with pytest.raises(TryLater, match="no_token"):
        FcmGateway().send(message())


def test_every_device_of_the_person_gets_one_in_its_own_language_and_a_retry_adds_none(fcm):
    person = make_person()
    first, second = add_device(person), add_device(person, "token-2", language="hi")
    subject = Subject("request", person.pk)

    assert [ask(person, subject=subject), ask(person, subject=subject)] == [1, 0]

    assert {row.to: row.language for row in pushes()} == {str(first.pk): "en", str(second.pk): "hi"}
    gateway = FakeGateway()
    work(gateway)
    given = {sent.to: sent for sent in gateway.given if sent.channel is Channel.PUSH}
    assert set(given) == {"token-1", "token-2"}
    assert given["token-1"].data == {
        "notification": str(pushes()[0].notification_id),
        "kind": "ask",
        "subject_kind": "request",
        "subject_id": str(person.pk),
    }
    assert "O-" not in given["token-1"].body


def test_a_push_whose_answer_was_lost_goes_once_more_under_the_same_tag():
    person = make_person()
    add_device(person)
    ask(person)
    work(FakeGateway(raising(Unknown("connection_lost"))))
    Delivery.objects.filter(status="in_doubt").update(run_at=clock.now())

    gateway = FakeGateway()
    work(gateway)

    sent = [one for one in gateway.given if one.channel is Channel.PUSH]
    assert [one.attempt for one in sent] == [2]
    assert pushes().get().status == "sent"


def test_a_dead_token_is_forgotten_and_the_other_device_goes_on():
    person = make_person()
    dead, alive = add_device(person, "dead"), add_device(person, "alive")
    ask(person)

    work(
        FakeGateway(
            lambda sent: raising(Refused("unregistered"))(sent) if sent.to == "dead" else Accepted(sent.delivery_id.hex)
        )
    )

    assert dict(pushes().values_list("to", "status")) == {str(dead.pk): "dead", str(alive.pk): "sent"}
    assert list(PushDevice.objects.values_list("pk", flat=True)) == [alive.pk]


def test_a_message_to_a_device_that_has_changed_hands_goes_nowhere():
    person, other = make_person(), make_person()
    add_device(person)
    ask(person)

    add_device(other)
    gateway = FakeGateway()
    work(gateway)

    assert [sent for sent in gateway.given if sent.channel is Channel.PUSH] == []
    assert pushes().get().error_code == "device_gone"
    assert list(PushDevice.objects.values_list("user", flat=True)) == [other.pk]


def test_a_device_ends_with_its_session_and_is_forgotten_by_the_sweep():
    person = make_person()
    session = sign_in(person)
    add_device(person, session=session)
    Session.objects.update(ended_at=clock.now())

    ask(person)

    assert not pushes().exists()
    assert devices.prune() == 1


def test_without_an_account_at_the_provider_nothing_is_pushed(settings):
    settings.FCM_CREDENTIALS = ""
    person = make_person()
    add_device(person)

    ask(person)

    assert not pushes().exists()


@pytest.mark.parametrize(
    ("kind", "facts", "shown"),
    [
        (Kind.PRESCRIPTION_READY, {}, ("JeevanSetu", "There is news for you. Open the app to read it.")),
        (
            Kind.VISIT_REMINDER,
            {"doctor": "Dr Rao", "at": None},
            ("Your appointment is near", "Open the app to read it."),
        ),
    ],
)
def test_a_locked_screen_shows_nothing_of_health(kind, facts, shown):
    person = make_person()
    add_device(person)

    ask(person, kind=kind, facts=facts)

    row = pushes().get()
    assert (row.subject, row.body) == shown


def test_the_token_lies_sealed_and_of_eleven_devices_the_oldest_makes_room():
    person = make_person()
    session = sign_in(person)
    rows = [add_device(person, f"token-{number}", session=session) for number in range(devices.MOST + 1)]

    raw = PushDevice.objects.extra(select={"raw": "token::text"}).values_list("raw", flat=True)

    assert not PushDevice.objects.filter(pk=rows[0].pk).exists()
    assert PushDevice.objects.count() == devices.MOST
    assert all(b"token-" not in bytes.fromhex(value.removeprefix("\\x")) for value in raw)


def test_the_same_app_registers_as_often_as_it_likes():
    person = make_person()

    first, again = add_device(person), add_device(person, app_version="1.1")

    assert (first.pk, again.app_version, PushDevice.objects.count()) == (again.pk, "1.1", 1)


@pytest.mark.django_db(transaction=True)
def test_the_worker_sends_a_push_end_to_end_with_one_token_for_all_threads(fcm):
    person = make_person()
    for number in range(3):
        add_device(person, f"token-{number}")
    ask(person)

    work(Carriers(text=FakeGateway(), mail=SmtpGateway(), push=FcmGateway()))

    assert {row["to"] for row in fcm.messages(channel="push")} == {"token-0", "token-1", "token-2"}
    assert set(pushes().values_list("status", flat=True)) == {"sent"}
