from __future__ import annotations

import itertools
from typing import Any

import pytest
from pytest_django import Settings

from common.errors import IllegalTransition
from common.ids import uuid7
from notifications.errors import NothingToSend
from notifications.models import Delivery, OptOut
from notifications.services import record_receipt, record_reply, replay
from notifications.states import Channel, DeliveryStatus
from tests.notifications.factories import make_delivery, make_notification, make_sent
from tests.partners.factories import new_phone
from tests.races import race

pytestmark = pytest.mark.django_db


def receipt(row: Delivery, status: str, **values: Any) -> bool:
    facts = {"attempt": None, "provider_id": row.provider_id or "SM1", "error_code": "", **values}
    return record_receipt(delivery_id=row.pk, status=status, **facts)


def state_of(row: Delivery) -> DeliveryStatus:
    return Delivery.objects.get(pk=row.pk).state


@pytest.mark.parametrize("order", list(itertools.permutations(["queued", "sent", "delivered", "read"])))
def test_receipts_in_any_order_end_at_the_furthest(order: tuple[str, ...]) -> None:
    row = make_sent()

    for status in order:
        receipt(row, status)

    assert state_of(row) is DeliveryStatus.READ


def test_a_receipt_counts_once() -> None:
    row = make_sent()

    assert receipt(row, "delivered") is True
    assert receipt(row, "delivered") is False
    assert state_of(row) is DeliveryStatus.DELIVERED


def test_a_failure_after_the_delivery_is_not_believed_nor_the_other_way_round() -> None:
    delivered, failed = make_sent(), make_sent()
    receipt(delivered, "delivered")
    receipt(failed, "undelivered", error_code="30003")

    assert receipt(delivered, "undelivered") is False
    assert receipt(failed, "delivered") is False
    assert (state_of(delivered), state_of(failed)) == (DeliveryStatus.DELIVERED, DeliveryStatus.DEAD)


def test_a_receipt_may_come_before_the_answer_to_the_send() -> None:
    row = make_delivery(status=DeliveryStatus.SENDING, attempts=1, locked_by="me", is_secret=True)

    assert receipt(row, "delivered", provider_id="SM9", attempt=1)

    row.refresh_from_db()
    assert (row.state, row.provider_id, row.body, row.locked_by) == (DeliveryStatus.DELIVERED, "SM9", None, "")
    assert row.sent_at is not None


def test_a_receipt_settles_a_doubt_and_proves_that_a_lost_attempt_arrived() -> None:
    doubtful = make_delivery(status=DeliveryStatus.IN_DOUBT, attempts=1)
    lost = make_delivery(status=DeliveryStatus.FAILED, attempts=1)

    receipt(doubtful, "sent", provider_id="SM8")
    receipt(lost, "sent", provider_id="SM9")

    assert (state_of(doubtful), state_of(lost)) == (DeliveryStatus.SENT, DeliveryStatus.SENT)


def test_a_receipt_about_another_message_than_the_stored_one_is_ignored() -> None:
    row = make_sent(provider_id="SM1")

    assert receipt(row, "delivered", provider_id="SM2") is False
    assert state_of(row) is DeliveryStatus.SENT


def test_a_receipt_about_another_deliverys_message_is_ignored() -> None:
    make_sent(provider_id="SM1")
    row = make_delivery(status=DeliveryStatus.SENDING, attempts=1)

    assert receipt(row, "delivered", provider_id="SM1") is False
    assert state_of(row) is DeliveryStatus.SENDING


def test_the_failure_of_an_earlier_attempt_is_no_news() -> None:
    row = make_delivery(status=DeliveryStatus.SENDING, attempts=2)

    assert receipt(row, "failed", attempt=1) is False
    assert state_of(row) is DeliveryStatus.SENDING


@pytest.mark.parametrize("status", ["", "receiving", "teleported"])
def test_words_that_say_nothing_change_nothing(status: str) -> None:
    row = make_sent()

    assert receipt(row, status) is False
    assert state_of(row) is DeliveryStatus.SENT


def test_an_unknown_delivery_is_nobodys() -> None:
    assert record_receipt(delivery_id=uuid7(), attempt=1, provider_id="SM1", status="sent", error_code="") is False


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("initiated", DeliveryStatus.SENT),
        ("in-progress", DeliveryStatus.SENT),
        ("completed", DeliveryStatus.DELIVERED),
        ("busy", DeliveryStatus.DEAD),
        ("no-answer", DeliveryStatus.DEAD),
    ],
)
def test_calls_have_words_of_their_own(status: str, state: DeliveryStatus) -> None:
    row = make_delivery(channel=Channel.VOICE, status=DeliveryStatus.SENDING, attempts=1)

    receipt(row, status, provider_id="CA1")

    assert state_of(row) is state


def test_a_number_that_said_stop_is_remembered() -> None:
    row = make_sent()

    receipt(row, "undelivered", error_code="21610")

    assert OptOut.objects.filter(phone=row.to, channel=Channel.SMS).exists()


def critical_texts(**values: Any) -> list[Delivery]:
    notification = make_notification(is_critical=True)
    return [make_sent(notification=notification, channel=channel, **values) for channel in ("sms", "whatsapp")]


def calls() -> int:
    return Delivery.objects.filter(channel=Channel.VOICE).count()


def test_a_call_follows_when_the_provider_could_deliver_neither_text() -> None:
    sms, whatsapp = critical_texts()

    receipt(sms, "undelivered", error_code="30003")
    assert calls() == 0
    receipt(whatsapp, "undelivered", error_code="63024")
    receipt(whatsapp, "undelivered", error_code="63024")

    assert calls() == 1


def test_no_call_follows_when_one_text_arrived() -> None:
    sms, whatsapp = critical_texts()

    receipt(whatsapp, "read")
    receipt(sms, "undelivered", error_code="30003")

    assert calls() == 0


@pytest.mark.django_db(transaction=True)
def test_receipts_at_the_same_moment_leave_one_call_and_no_error() -> None:
    sms, whatsapp = critical_texts()

    outcomes = race(*(lambda row=row: receipt(row, "undelivered") for row in [sms, whatsapp] * 4))

    assert all(isinstance(outcome, bool) for outcome in outcomes)
    assert sum(outcomes) == 2
    assert calls() == 1


TEMPLATE = "HX" + "a" * 32


def test_whatsapp_outside_its_window_goes_again_as_a_template(settings: Settings) -> None:
    settings.TWILIO_WHATSAPP_CONTENT_SID = TEMPLATE
    row = make_sent(channel=Channel.WHATSAPP)

    receipt(row, "undelivered", error_code="63016", attempt=1)
    assert receipt(row, "undelivered", error_code="63016", attempt=1) is False

    row.refresh_from_db()
    assert (row.state, row.error_code, row.provider_id) == (DeliveryStatus.FAILED, "63016", "")


def test_without_a_template_whatsapp_outside_its_window_is_dead() -> None:
    row = make_sent(channel=Channel.WHATSAPP)

    receipt(row, "undelivered", error_code="63016", attempt=1)

    assert state_of(row) is DeliveryStatus.DEAD


def test_a_template_that_is_refused_the_same_way_does_not_go_for_ever(settings: Settings) -> None:
    settings.TWILIO_WHATSAPP_CONTENT_SID = TEMPLATE
    row = make_sent(channel=Channel.WHATSAPP, attempts=4)

    receipt(row, "undelivered", error_code="63016", attempt=4)

    assert state_of(row) is DeliveryStatus.DEAD


@pytest.mark.parametrize("word", ["STOP", "stop", " Stop. ", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"])
def test_stop_is_obeyed_for_its_channel_and_start_takes_it_back(word: str) -> None:
    phone = new_phone()

    record_reply(phone=phone, channel=Channel.SMS, text=word)
    record_reply(phone=phone, channel=Channel.SMS, text=word)
    assert list(OptOut.objects.values_list("phone", "channel")) == [(phone, Channel.SMS)]

    record_reply(phone=phone, channel=Channel.WHATSAPP, text="START")
    assert OptOut.objects.count() == 1

    record_reply(phone=phone, channel=Channel.SMS, text="start")
    assert OptOut.objects.count() == 0


@pytest.mark.parametrize("text", ["", "Please stop by at noon", "When does it end?", "STOP\nnot", "START"])
def test_only_the_word_alone_counts(text: str) -> None:
    record_reply(phone=new_phone(), channel=Channel.SMS, text=text)

    assert OptOut.objects.count() == 0


def test_a_dead_delivery_may_be_sent_once_more() -> None:
    row = make_sent(status=DeliveryStatus.DEAD)

    replay(delivery_id=row.pk)

    row.refresh_from_db()
    assert (row.state, row.provider_id) == (DeliveryStatus.QUEUED, "")


def test_only_the_dead_are_sent_once_more_and_no_code_ever() -> None:
    with pytest.raises(IllegalTransition):
        replay(delivery_id=make_sent().pk)
    with pytest.raises(NothingToSend):
        replay(delivery_id=make_sent(status=DeliveryStatus.DEAD, body=None, is_secret=True).pk)
