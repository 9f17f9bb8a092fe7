"""A report shows an administrator what was said, and nothing else does; whoever it concerns is told."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.test import Client

from chat import jobs
from chat.errors import AlreadyReported, ChatBlocked, ConversationClosed, MessageNotReportable
from chat.models import ChatBlock, Conversation, Message, Report
from chat.services import reporting, writing
from chat.services.following import Effect
from chat.services.waiting import TELL_AFTER
from chat.states import KEEP, ChatStep, ChatSubject
from common import outbox
from common.db import unit_of_work
from common.errors import IllegalTransition
from common.models import PrivateFile
from notifications.kinds import Kind
from notifications.models import Delivery, Notification
from partners.states import Role
from tests.chat.scenes import read, report, say, take, talk_of_donor, talk_of_partners, talk_of_patient
from tests.factories import make_user
from tests.files import picture
from tests.partners.factories import make_member
from users import personal_data

pytestmark = pytest.mark.django_db
SECRET = "Pay me 2000 first"


def decide(row: Report, verb: str) -> Report:
    decided = reporting.decide(report_id=row.pk, admin_id=make_user().pk, verb=verb)
    outbox.drain()
    return decided


def told() -> dict[str, set[uuid.UUID]]:
    found: dict[str, set[uuid.UUID]] = {}
    for row in Notification.objects.all():
        found.setdefault(row.kind, set()).add(row.user_id or row.member_id)
    return found


def test_only_what_the_other_side_said_is_reported_and_once():
    talk = talk_of_donor()
    own, theirs = say(talk, talk.one), say(talk, talk.two)

    with pytest.raises(MessageNotReportable):
        report(talk, talk.one, own)
    with pytest.raises(MessageNotReportable):
        report(talk, talk.one, Message.objects.get(number=1))
    report(talk, talk.one, theirs)

    with pytest.raises(AlreadyReported):
        report(talk, talk.one, theirs)


@pytest.mark.parametrize(
    ("verb", "to_author"),
    [("dismiss", None), ("warn", Kind.CHAT_WARNED), ("close", None), ("block", Kind.CHAT_BLOCKED)],
)
def test_whoever_reported_is_told_and_an_author_who_is_warned_or_blocked(verb, to_author):
    talk = talk_of_donor()
    row = report(talk, talk.two, say(talk, talk.one, SECRET))

    decide(row, verb)

    expected = {Kind.CHAT_REPORT_ANSWERED: {talk.second.pk}, **({to_author: {talk.first.pk}} if to_author else {})}
    assert told() == expected
    assert SECRET not in str(list(Delivery.objects.values_list("body", flat=True)))
    with pytest.raises(IllegalTransition):
        decide(row, "dismiss")


def test_a_closed_conversation_stays_closed_whatever_its_subject_does():
    talk = talk_of_donor()
    decide(report(talk, talk.two, say(talk, talk.one)), "close")

    take(talk, ChatStep.ACCEPTED, Effect.GOES_ON)

    with pytest.raises(ConversationClosed):
        say(talk, talk.two)


def test_whoever_is_blocked_writes_nowhere_and_reads_on_until_it_is_lifted():
    talk = talk_of_donor()
    other = talk_of_donor(donor=talk.first)
    rows = [report(talk, talk.two, say(talk, talk.one)) for _ in range(2)]
    for row in rows:
        decide(row, "block")
    block = ChatBlock.objects.get()
    assert block.user_id == talk.first.pk

    for one in (talk, other):
        with pytest.raises(ChatBlocked):
            say(one, one.one)
    with pytest.raises(ChatBlocked):
        writing.show_typing(reader=talk.one, conversation_id=talk.pk)
    read(talk, talk.one, 1)
    reporting.lift(block_id=block.pk, admin_id=make_user().pk)

    assert say(other, other.one)


def test_the_page_of_a_report_shows_what_was_said_around_it_and_acts():
    talk = talk_of_donor()
    before = [say(talk, talk.two, f"words {number}") for number in range(8)]
    row = report(talk, talk.two, say(talk, talk.one, SECRET))
    admin = make_user(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(admin)

    page = client.get(f"/admin/chat/report/{row.pk}/change/").content.decode()
    client.post("/admin/chat/report/", {"action": "warn", "_selected_action": [str(row.pk)], "note": "first time"})

    assert SECRET in page
    assert before[-1].text in page
    assert before[0].text not in page
    row.refresh_from_db()
    assert (row.status, row.note, row.decided_by_id) == ("warned", "first time", admin.pk)
    assert client.get("/admin/chat/message/").status_code == 404


def test_what_was_deleted_and_reported_is_emptied_when_the_case_is_closed():
    talk = talk_of_donor()
    message = say(talk, talk.one, SECRET)
    row = report(talk, talk.two, message)
    writing.delete(reader=talk.one, conversation_id=talk.pk, message_id=message.pk)

    decide(row, "warn")

    assert Message.objects.get(pk=message.pk).text is None


def test_what_was_not_read_for_some_minutes_is_told_once_until_it_is_read(noon):
    talk = talk_of_donor()
    message = say(talk, talk.two, SECRET)
    jobs.tell_of_waiting_messages()
    assert not outbox.open_events().filter(name="chat.waiting").exists()

    noon.shift(TELL_AFTER)
    for _ in range(2):
        say(talk, talk.two)
        jobs.tell_of_waiting_messages()
        outbox.drain()
    assert Notification.objects.filter(kind=Kind.CHAT_WAITING).count() == 1
    read(talk, talk.one, message.number + 2)
    say(talk, talk.two)
    noon.shift(TELL_AFTER)
    jobs.tell_of_waiting_messages()
    outbox.drain()

    assert Notification.objects.filter(kind=Kind.CHAT_WAITING, user=talk.first).count() == 2
    assert SECRET not in str(list(Delivery.objects.values_list("body", flat=True)))


def test_of_a_partner_those_are_told_who_deal_with_it_and_nobody_once_it_is_read(noon):
    talk = talk_of_partners()
    keeper = make_member(talk.second.partner, name="Meera", role=Role.INVENTORY)
    make_member(talk.second.partner, name="Tara", role=Role.COORDINATOR)
    say(talk, talk.one)
    noon.shift(TELL_AFTER)
    jobs.tell_of_waiting_messages()
    outbox.drain()
    say(talk, talk.two)
    noon.shift(TELL_AFTER)
    jobs.tell_of_waiting_messages()
    read(talk, talk.one, 3)
    outbox.drain()

    assert told() == {Kind.CHAT_WAITING: {talk.second.pk, keeper.pk}}


@pytest.mark.parametrize("make", [talk_of_donor, talk_of_patient])
def test_a_conversation_goes_with_its_files_when_nothing_asks_for_it_any_more(make, noon):
    talk = make()
    content = {"client_id": uuid.uuid4(), "name": "a.png", "content": picture("PNG")}
    writing.send_file(reader=talk.one, conversation_id=talk.pk, **content)
    take(talk, ChatStep.CANCELLED, Effect.ENDS)
    noon.move_to(talk.conversation.closes_at + KEEP[talk.conversation.subject] - dt.timedelta(seconds=5))
    assert jobs.prune() == 0

    noon.shift(dt.timedelta(seconds=5))

    assert jobs.prune() == 1
    assert not Conversation.objects.exists()
    assert PrivateFile.objects.get().discarded_at is not None


def test_a_doctors_conversation_is_kept_for_three_years_and_an_open_case_as_long_as_it_is_open(noon):
    assert KEEP[ChatSubject.APPOINTMENT] >= dt.timedelta(days=3 * 365)
    talk = talk_of_donor()
    row = report(talk, talk.two, say(talk, talk.one))
    take(talk, ChatStep.CANCELLED, Effect.ENDS)
    noon.shift(dt.timedelta(days=400))
    assert jobs.prune() == 0

    decide(row, "dismiss")

    assert jobs.prune() == 1


def test_somebody_who_is_gone_leaves_words_only_in_a_patients_record():
    talk = talk_of_donor()
    visit = talk_of_patient()
    say(talk, talk.one, "from the donor")
    say(talk, talk.two, "from the hospital")
    say(visit, visit.one, "since spring")
    for person in (talk.first, visit.first):
        with unit_of_work():
            outbox.emit("account.erased", key=f"user:{person.pk}", user=str(person.pk))
    outbox.drain()

    texts = {row.text for row in Message.objects.filter(code="")}

    assert texts == {None, "from the hospital", "since spring"}


def test_a_copy_of_ones_data_holds_what_one_wrote_and_nothing_of_the_other_side():
    talk = talk_of_donor()
    say(talk, talk.one, "mine")
    report(talk, talk.one, say(talk, talk.two, "theirs"), words="rude")

    copied = personal_data.export(talk.first.pk)

    assert [row["text"] for row in copied["chat_messages"]] == ["mine"]
    assert [row["words"] for row in copied["chat_reports"]] == ["rude"]
    assert "theirs" not in str(copied)


def test_five_years_later_nothing_is_left_of_somebody_who_is_gone():
    talk = talk_of_donor()
    decide(report(talk, talk.two, say(talk, talk.one)), "block")

    with unit_of_work():
        personal_data.delete_traces(talk.first.pk)

    assert not Conversation.objects.exists()
    assert not ChatBlock.objects.exists()
