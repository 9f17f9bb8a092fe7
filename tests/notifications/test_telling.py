from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import clock
from notifications import wordings
from notifications.kinds import Kind
from notifications.models import Delivery, Notification, OptOut
from notifications.services import Recipient, Subject, notify
from notifications.states import Channel, DeliveryStatus
from notifications.templates import Link
from tests.notifications.factories import make_person, recipient_of, tell
from tests.partners.factories import make_member, make_partner, new_phone

pytestmark = pytest.mark.django_db
LINK = Link("https://api.jeevansetu.example/a/token")
NEED = {"partner": "City Hospital", "group": "O-", "gift": "blood", "distance": "2.4", "link": LINK}


def ask(*recipients: Recipient, **values: Any) -> int:
    facts = {**NEED, "needed_by": clock.now() + dt.timedelta(hours=8)}
    return tell(**{"kind": Kind.ASK, "occasion": "ask:1", "recipients": recipients, "facts": facts, **values})


def test_a_person_gets_one_notification_and_one_delivery_per_channel() -> None:
    person = make_person(language="hi")
    request_id = person.pk

    assert ask(recipient_of(person), subject=Subject("request", request_id), priority=1, is_critical=True) == 1

    row = Notification.objects.get()
    assert (row.user_id, row.kind, row.title) == (person.pk, "ask", "आपके पास रक्त की ज़रूरत है")
    assert (row.subject_kind, row.subject_id, row.is_critical) == ("request", request_id, True)
    deliveries = {delivery.channel: delivery for delivery in row.deliveries.all()}
    assert set(deliveries) == {Channel.SMS, Channel.WHATSAPP}
    assert {delivery.to for delivery in deliveries.values()} == {person.phone}
    assert {delivery.language for delivery in deliveries.values()} == {"hi"}
    assert {delivery.priority for delivery in deliveries.values()} == {1}
    assert "JeevanSetu: City Hospital" in str(deliveries[Channel.SMS].body)


def test_a_retried_event_tells_nobody_twice_and_still_tells_the_others() -> None:
    first, second = make_person(), make_person()
    ask(recipient_of(first))

    assert ask(recipient_of(first), recipient_of(second)) == 1

    assert Notification.objects.count() == 2
    assert Delivery.objects.filter(to=first.phone).count() == 2


def test_the_same_recipient_twice_in_one_occasion_is_told_once() -> None:
    person = make_person()

    assert ask(recipient_of(person), recipient_of(person)) == 1
    assert Delivery.objects.count() == 2


def test_another_occasion_is_told() -> None:
    person = make_person()
    ask(recipient_of(person))

    assert ask(recipient_of(person), occasion="ask:2") == 1


def test_a_member_and_a_person_with_the_same_number_are_two_recipients() -> None:
    person = make_person()
    member = make_member(make_partner(), phone=person.phone)
    to_member = Recipient(phone=person.phone, language="en", zone="Asia/Kolkata", member_id=member.pk)

    assert ask(recipient_of(person), to_member) == 2
    assert Notification.objects.get(member=member).user_id is None


def test_a_channel_opted_out_of_is_recorded_as_skipped() -> None:
    person = make_person()
    OptOut.objects.create(phone=person.phone, channel=Channel.WHATSAPP)

    ask(recipient_of(person))

    found = dict(Delivery.objects.values_list("channel", "status"))
    assert found == {"sms": DeliveryStatus.QUEUED, "whatsapp": DeliveryStatus.SKIPPED}


def test_a_code_is_in_no_inbox_and_goes_first_by_sms_alone() -> None:
    until = clock.now() + dt.timedelta(minutes=5)
    number = Recipient(phone=new_phone(), language="en", zone="Asia/Kolkata")

    tell(
        kind=Kind.CODE,
        occasion="otp:1",
        recipients=[number],
        facts={"code": "048219", "minutes": 5},
        valid_until=until,
    )

    row, delivery = Notification.objects.get(), Delivery.objects.get()
    assert (row.user_id, row.member_id, row.title, row.body) == (None, None, "", "")
    assert (delivery.channel, delivery.priority, delivery.is_secret) == (Channel.SMS, 0, True)
    assert delivery.valid_until == until
    assert str(delivery.body).startswith("048219 is your JeevanSetu code")


def test_a_code_for_a_number_that_said_stop_is_not_kept() -> None:
    number = Recipient(phone=new_phone(), language="en", zone="Asia/Kolkata")
    OptOut.objects.create(phone=number.phone, channel=Channel.SMS)

    tell(kind=Kind.CODE, occasion="otp:1", recipients=[number], facts={"code": "048219", "minutes": 5})

    assert Delivery.objects.get().body is None


def test_bodies_lie_sealed_in_the_database() -> None:
    ask(recipient_of(make_person()))

    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM notifications_delivery")
        assert all(b"City Hospital" not in bytes(body) for (body,) in cursor.fetchall())


def test_nobody_to_tell_writes_nothing() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert ask() == 0

    assert not any("notifications_" in query["sql"] for query in queries)


@pytest.mark.parametrize("count", [1, 200])
def test_the_number_of_queries_does_not_depend_on_the_number_of_recipients(count: int) -> None:
    recipients = [recipient_of(make_person(), distance="1.5") for _ in range(count)]
    wordings.current()

    with CaptureQueriesContext(connection) as queries:
        assert ask(*recipients) == count

    assert (
        len([query for query in queries if "notifications_" in query["sql"]]) == 8
    )  # four of them for wishes and devices


def test_a_step_does_not_run_outside_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="inside a command"):
        notify(kind=Kind.ASK, occasion="ask:1", recipients=[])
