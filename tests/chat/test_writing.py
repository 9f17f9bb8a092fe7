"""What is said is numbered, said once, and waits for the other side."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from chat.api.live_shapes import show_messages
from chat.errors import MessageEmpty, MessageNotYours, MessageTooOld, QuickReplyUnknown
from chat.models import Message
from chat.reading import Reader
from chat.selectors import get_conversation, get_side, messages_of, shown_messages, unread_of
from chat.services import writing
from chat.services.following import Effect
from chat.states import ChatStep
from common.errors import NotFound
from common.models import LiveChange, PrivateFile
from partners.states import Role
from tests.chat.scenes import (
    numbers,
    of_member,
    of_person,
    read,
    report,
    say,
    side,
    take,
    talk_of_donor,
    talk_of_partners,
    talk_of_patient,
)
from tests.factories import make_hospital, make_user
from tests.files import picture
from tests.partners.factories import make_member

pytestmark = pytest.mark.django_db


def seen(talk, by: Reader) -> list[str]:
    rows = messages_of(talk.conversation).order_by("number")
    return [row.text for row in shown_messages(get_side(by, talk.pk), rows, language="en")]


def send_file(talk, by: Reader, **values) -> Message:
    values = {"client_id": uuid.uuid4(), "name": "paper.png", "content": picture("PNG"), **values}
    return writing.send_file(reader=by, conversation_id=talk.pk, **values).message


def test_what_one_side_says_waits_for_the_other_until_it_is_read():
    talk = talk_of_donor()

    said = [say(talk, talk.one) for _ in range(3)]

    assert [row.number for row in said] == [2, 3, 4]
    assert [side(talk, who).unread for who in (talk.one, talk.two)] == [0, 3]
    assert unread_of(talk.two).messages == 3
    read(talk, talk.two, 3)
    assert side(talk, talk.two).unread == 1
    assert side(talk, talk.two).waits_since == said[2].created_at


def test_a_read_mark_never_goes_back_nor_beyond_what_is_there():
    talk = talk_of_donor()
    for _ in range(3):
        say(talk, talk.one)
    read(talk, talk.two, 4_000)
    assert (side(talk, talk.two).read_up_to, side(talk, talk.two).unread) == (4, 0)

    read(talk, talk.two, 2)

    assert side(talk, talk.two).read_up_to == 4
    assert get_conversation(talk.one, talk.pk).other.read_up_to == 4


def test_the_same_client_id_is_the_same_message_also_when_the_conversation_is_over(noon):
    talk, client_id = talk_of_donor(), uuid.uuid4()
    first = say(talk, talk.one, client_id=client_id)
    take(talk, ChatStep.RELEASED, Effect.ENDS)
    noon.shift(dt.timedelta(days=3))

    again = writing.send(reader=talk.one, conversation_id=talk.pk, client_id=client_id, text="something else")

    assert (again.message.pk, again.is_new) == (first.pk, False)
    assert side(talk, talk.two).unread == 1


def test_two_senders_may_choose_the_same_client_id():
    talk, client_id = talk_of_partners(), uuid.uuid4()

    say(talk, talk.one, client_id=client_id)
    say(talk, talk.two, client_id=client_id)

    assert numbers(talk) == [1, 2, 3]


def test_a_stranger_finds_nothing():
    talk = talk_of_donor()
    strangers = [of_person(make_user()), of_member(make_hospital())]
    keeper = make_member(talk.second.partner, name="Meera", role=Role.INVENTORY)

    for stranger in (*strangers, of_member(keeper)):
        with pytest.raises(NotFound):
            say(talk, stranger)
        with pytest.raises(NotFound):
            read(talk, stranger, 1)
        with pytest.raises(NotFound):
            get_conversation(stranger, talk.pk)


def test_a_doctor_who_may_not_work_reads_no_patient():
    talk = talk_of_patient()
    assert get_conversation(talk.two, talk.pk)

    talk.second.doctor.__class__.objects.filter(user=talk.second).update(status="suspended")

    with pytest.raises(NotFound):
        get_conversation(talk.two, talk.pk)
    assert get_conversation(talk.one, talk.pk)


def test_a_message_is_a_text_or_one_of_the_own_sides_quick_replies():
    talk = talk_of_donor()
    ways = {"reader": talk.one, "conversation_id": talk.pk, "client_id": uuid.uuid4()}

    with pytest.raises(MessageEmpty):
        writing.send(**ways)
    with pytest.raises(MessageEmpty):
        writing.send(**ways, text="Hello", quick_reply="on_my_way")
    with pytest.raises(QuickReplyUnknown):
        writing.send(**ways, quick_reply="we_are_waiting")
    writing.send(**ways, quick_reply="on_my_way")

    assert seen(talk, talk.two)[-1] == "I am on my way."


def test_a_number_is_hidden_until_they_meet_and_the_words_lie_sealed():
    talk = talk_of_donor()
    say(talk, talk.one, "Call 98765 43210 at 18:30")
    masked = [seen(talk, who)[-1] for who in (talk.one, talk.two)]
    assert masked == ["Call •••••• at 18:30"] * 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM chat_message WHERE number = 2")
        assert b"98765" not in bytes(cursor.fetchone()[0])

    take(talk, ChatStep.ARRIVED, Effect.MEETS)

    assert seen(talk, talk.two)[1] == "Call 98765 43210 at 18:30"


def test_a_person_is_named_when_they_meet_and_a_partner_always():
    talk = talk_of_donor(make_user(name="Asha"))
    assert get_conversation(talk.two, talk.pk).other.name == ""
    assert get_conversation(talk.one, talk.pk).other.name == talk.second.partner.name

    take(talk, ChatStep.ARRIVED, Effect.MEETS)

    assert get_conversation(talk.two, talk.pk).other.name == "Asha"


def test_a_deleted_message_leaves_its_place_for_both():
    talk = talk_of_donor()
    message = send_file(talk, talk.one, text="This is me")

    writing.delete(reader=talk.one, conversation_id=talk.pk, message_id=message.pk)
    writing.delete(reader=talk.one, conversation_id=talk.pk, message_id=message.pk)

    message.refresh_from_db()
    assert (message.text, message.file_id) == (None, None)
    assert PrivateFile.objects.get().discarded_at is not None
    assert numbers(talk) == [1, 2]
    shown = shown_messages(get_side(talk.two, talk.pk), [message], language="en")[0]
    assert (shown.is_deleted, shown.text, shown.file) == (True, "", None)


def test_what_was_said_to_a_doctor_goes_for_the_author_alone():
    talk = talk_of_patient()
    message = say(talk, talk.one, "Since spring")

    writing.delete(reader=talk.one, conversation_id=talk.pk, message_id=message.pk)

    assert seen(talk, talk.one)[-1] == ""
    assert seen(talk, talk.two)[-1] == "Since spring"


def test_only_the_author_deletes_and_only_for_some_minutes(noon):
    talk = talk_of_donor()
    message = say(talk, talk.one)
    delete = {"conversation_id": talk.pk, "message_id": message.pk}

    with pytest.raises(MessageNotYours):
        writing.delete(reader=talk.two, **delete)
    noon.shift(writing.DELETE_WITHIN)

    with pytest.raises(MessageTooOld):
        writing.delete(reader=talk.one, **delete)


def test_what_was_reported_stays_with_the_administrators_when_its_author_deletes_it():
    talk = talk_of_donor()
    message = say(talk, talk.one, "Pay me first")
    report(talk, talk.two, message)

    writing.delete(reader=talk.one, conversation_id=talk.pk, message_id=message.pk)

    message.refresh_from_db()
    assert message.text == "Pay me first"
    assert seen(talk, talk.two)[-1] == ""


@pytest.mark.parametrize("change", ["text = 'x'::bytea", "number = 9", "created_at = now()", "code = 'arrived'"])
def test_the_database_refuses_to_change_what_was_said(change):
    say(talk := talk_of_donor(), talk.one)

    refused = pytest.raises(DatabaseError, match="never changed")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE chat_message SET {change} WHERE number = 2")  # noqa: S608


def test_both_sides_are_told_of_each_change_by_ids_alone():
    talk = talk_of_donor()
    message = say(talk, talk.one, "My secret")

    told = LiveChange.objects.filter(name="chat.message", data__message=str(message.pk))

    assert {row.topic for row in told} == {talk.first.pk, talk.second.partner_id}
    assert "secret" not in str([row.data for row in told])


def test_a_stream_shows_a_person_the_message_and_a_partner_that_there_is_one():
    talk = talk_of_donor(make_user(language="hi"))
    for text in ("98765 43210", "I wait"):
        say(talk, talk.two, text)
    told = LiveChange.objects.filter(name="chat.message", data__number__gte=2).order_by("topic", "number")

    pairs = zip(told, show_messages([row.data for row in told]), strict=True)
    shown = {(row.topic, row.data["number"]): data for row, data in pairs}

    assert shown[talk.first.pk, 2]["shown"]["text"] == "••••••"
    assert shown[talk.first.pk, 3]["shown"]["text"] == "I wait"
    assert all("shown" not in shown[talk.second.partner_id, number] for number in (2, 3))


def test_a_stream_shows_nothing_to_a_doctor_who_may_not_work():
    talk = talk_of_patient()
    say(talk, talk.one)
    type(talk.second.doctor).objects.filter(user=talk.second).update(status="suspended")
    told = [row.data for row in LiveChange.objects.filter(name="chat.message", topic=talk.second.pk)]

    assert show_messages(told) == [None] * len(told)
    assert told
