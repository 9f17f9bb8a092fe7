"""Two who write, read or close at the same moment: numbers have no gap, and what is unread is counted exactly."""

from __future__ import annotations

import uuid

import pytest

from chat import jobs
from chat.models import Conversation, Message
from chat.services import following, opening, writing
from chat.services.following import Effect
from chat.states import ChatStep
from common import outbox
from common.db import unit_of_work
from requests_app.models import Assignment
from requests_app.services import promises
from tests.chat.scenes import numbers, read, say, side, step, talk_of_donor
from tests.concurrency.scenes import race_test
from tests.factories import make_promise
from tests.races import meeting, names, race

pytestmark = race_test
LOCK_ONE = "chat.services.turns.lock_one"


def unlocked(monkeypatch, wait) -> None:
    """Let everybody look at the conversation without holding it, and wait for the others."""

    def look(model, pk):
        row = model._default_manager.get(pk=pk)
        wait()
        return row

    monkeypatch.setattr(LOCK_ONE, look)


def test_many_who_write_at_once_leave_no_gap_and_nothing_uncounted():
    talk = talk_of_donor()

    outcomes = race(*[lambda who=who: say(talk, who) for who in (talk.one, talk.two) * 4])

    assert names(outcomes) == ["Message"] * 8
    assert numbers(talk) == list(range(1, 10))
    assert [side(talk, who).unread for who in (talk.one, talk.two)] == [4, 4]


def test_without_the_lock_two_would_have_the_same_number(monkeypatch):
    talk = talk_of_donor()
    with meeting(2) as wait:
        unlocked(monkeypatch, wait)

        outcomes = race(lambda: say(talk, talk.one), lambda: say(talk, talk.two))

    assert names(outcomes) == ["IntegrityError", "Message"]


def test_the_same_client_id_at_once_is_one_message():
    talk, client_id = talk_of_donor(), uuid.uuid4()

    outcomes = race(*[lambda: say(talk, talk.one, client_id=client_id)] * 4)

    assert len({message.pk for message in outcomes}) == 1
    assert side(talk, talk.two).unread == 1


def test_without_the_lock_the_second_would_fail_instead_of_finding_the_first(monkeypatch):
    talk, client_id = talk_of_donor(), uuid.uuid4()
    with meeting(2) as wait:
        unlocked(monkeypatch, wait)

        outcomes = race(*[lambda: say(talk, talk.one, client_id=client_id)] * 2)

    assert names(outcomes) == ["IntegrityError", "Message"]


def test_a_message_and_the_closing_at_once_are_one_before_the_other():
    talk = talk_of_donor()

    def close():
        with unit_of_work():
            row = following.hold_subject(talk.conversation.subject, talk.conversation.subject_id)
            row.closes_at, row.closed_by_us = row.opened_at, True
            row.save()
            following.append_step(row, ChatStep.CLOSED_BY_US, source="test")

    outcomes = race(*[lambda: say(talk, talk.one)] * 3, close)

    said = names(outcomes).count("Message")
    assert names(outcomes).count("ConversationClosed") == 3 - said
    last = Message.objects.filter(conversation=talk.conversation).order_by("number").last()
    assert last.code == ChatStep.CLOSED_BY_US
    assert numbers(talk) == list(range(1, said + 3))


def test_without_the_lock_a_message_would_follow_the_closing(monkeypatch):
    talk = talk_of_donor()

    def look(model, pk):
        row = model._default_manager.get(pk=pk)
        Conversation.objects.filter(pk=pk).update(closes_at=row.opened_at, closed_by_us=True)  # by somebody else
        return row

    monkeypatch.setattr(LOCK_ONE, look)

    assert say(talk, talk.one)
    assert Conversation.objects.get().stands == "closed"


def test_a_read_mark_and_new_messages_at_once_leave_the_true_count():
    talk = talk_of_donor()
    say(talk, talk.one)

    race(*[lambda: say(talk, talk.one)] * 3, lambda: read(talk, talk.two, 3), lambda: read(talk, talk.two, 2))

    mine = side(talk, talk.two)
    theirs = Message.objects.filter(conversation=talk.conversation, role="donor", number__gt=mine.read_up_to)
    assert (mine.read_up_to in {2, 3}, mine.unread) == (True, theirs.count())
    assert mine.waits_since == theirs.order_by("number").first().created_at


def test_without_the_lock_a_new_message_would_be_forgotten(monkeypatch):
    talk = talk_of_donor()
    say(talk, talk.one)
    said = []

    def look(model, pk):
        row = model._default_manager.get(pk=pk)
        if not said:
            said.append(pk)
            race(lambda: say(talk, talk.one))  # meanwhile, on a connection of its own
        return row

    monkeypatch.setattr(LOCK_ONE, look)
    read(talk, talk.two, 2)
    monkeypatch.undo()

    mine = side(talk, talk.two)
    assert (mine.read_up_to, mine.unread) == (2, 1)


@pytest.mark.parametrize("handlers", [3])
def test_a_conversation_opened_many_times_at_once_is_one(handlers):
    talk = talk_of_donor()
    given = step(talk.conversation.subject, uuid.uuid4(), ChatStep.ACCEPTED, Effect.NONE)

    def open_it():
        with unit_of_work():
            following.open_with(given, {})

    outcomes = race(*[open_it] * handlers)

    assert names(outcomes) == ["NoneType"] * handlers
    assert Message.objects.filter(conversation__subject_id=given.subject_id).count() == 1
    assert writing.DELETE_WITHIN


def told_before_conversations_were():
    """Return a promise of which everything was told where nobody knew of conversations."""
    given = make_promise().assignment
    outbox.drain()
    Message.objects.all().delete()
    Conversation.objects.all().delete()
    return given


def end(given):
    """Take the promise back, and have it told at once."""
    promises.cancel_promise(assignment_id=given.pk, donor_id=given.donor_id, reason="ill")
    outbox.drain()


def test_what_ends_while_its_conversation_is_opened_late_leaves_none_that_is_open():
    given = told_before_conversations_were()

    outcomes = race(lambda: end(given), *[jobs.open_missing_conversations] * 2)

    assert names(outcomes) == ["NoneType", "int", "int"]
    assert sum(one or 0 for one in outcomes) == Conversation.objects.count()
    assert not Conversation.objects.filter(closes_at=None).exists()


def test_without_the_lock_of_the_promise_one_stays_open_for_ever(monkeypatch):
    given, open_with = told_before_conversations_were(), following.open_with

    def look(assignment_id):
        row = Assignment.objects.get(pk=assignment_id)
        return row.request, row

    def open_slowly(taken, sides):
        race(lambda: end(given))  # meanwhile, on a connection of its own
        open_with(taken, sides)

    monkeypatch.setattr(opening, "lock_promise", look)
    monkeypatch.setattr(following, "open_with", open_slowly)

    assert jobs.open_missing_conversations() == 1
    assert Conversation.objects.get().closes_at is None
