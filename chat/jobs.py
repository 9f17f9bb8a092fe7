"""What time does to conversations."""

import datetime as dt

from chat import selectors
from chat.services import following, forgetting, opening, waiting
from chat.states import ChatSubject
from common import clock
from common.retention import retained
from common.sweeps import act_on_each


def tell_of_waiting_messages() -> int:
    """Tell whoever has not read for some minutes; return in how many conversations."""
    since = clock.now() - waiting.TELL_AFTER
    return act_on_each(lambda: selectors.sides_waiting(since), lambda pk: waiting.tell_waiting(conversation_id=pk))


def show_ways_in() -> int:
    """Say which video consultations can be joined by now; return how many."""
    now = clock.now()
    return act_on_each(lambda: selectors.joinable(now), lambda pk: following.show_way(conversation_id=pk))


def open_missing_conversations() -> int:
    """Open the conversations of what began before there were any; return how many."""
    return sum(_open_missing(subject) for subject in ChatSubject)


def _open_missing(subject: ChatSubject) -> int:
    batches = opening.missing(subject)
    return act_on_each(lambda: next(batches, []), lambda pk: opening.open_missing(subject, pk))


@retained(
    "conversations",
    what="Conversations that are closed, with their files",
    since="half a year after the end; three years of what was said to a doctor",
    why="What is said to a doctor is part of the record (Telemedicine Practice Guidelines); complaints need the rest.",
    keep=None,
)
def prune(_keep: dt.timedelta) -> int:
    """Delete the conversations that were kept long enough; return how many went."""
    now = clock.now()
    return act_on_each(lambda: selectors.kept_long_enough(now), lambda pk: forgetting.delete_if_old(conversation_id=pk))
