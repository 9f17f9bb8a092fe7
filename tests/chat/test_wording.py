"""Whatever is not typed is said in three languages."""

from __future__ import annotations

import pytest

from chat import handlers
from chat.states import ROLES, ChatRole, ChatStep, ChatSubject, MessageKind
from chat.wording import QUICK_REPLIES, languages, replies_for, say, texts

STEPS = {
    ChatSubject.ASSIGNMENT: handlers.ASSIGNMENT,
    ChatSubject.ORDER: handlers.ORDER,
    ChatSubject.TRANSFER: handlers.TRANSFER,
    ChatSubject.APPOINTMENT: handlers.APPOINTMENT,
}
BESIDES = {subject: {ChatStep.CLOSED_BY_US} for subject in ChatSubject}
BESIDES[ChatSubject.APPOINTMENT].add(ChatStep.VIDEO_OPEN)


def test_every_step_and_reply_has_words_in_every_language_and_none_is_left_over():
    assert languages() == {"en", "hi", "bn"}
    for language in languages():
        said = texts(language)["steps"]
        for subject, told in STEPS.items():
            assert set(said[subject]) == {code for code, _ in told.values()} | BESIDES[subject]
        assert set(texts(language)["replies"]) == {code for codes in QUICK_REPLIES.values() for code in codes}


def test_each_side_has_quick_replies_of_its_own():
    assert set(QUICK_REPLIES) == {role for roles in ROLES.values() for role in roles} == set(ChatRole)
    assert replies_for(ChatRole.DONOR, language="bn")[0] == ("on_my_way", "আমি পথে আছি।")


@pytest.mark.parametrize("language", ["ta", ""])
def test_a_language_without_texts_is_answered_in_english(language):
    found = say(MessageKind.STEP, "arrived", subject=ChatSubject.ASSIGNMENT, language=language)

    assert found == "The donor has arrived."
