"""What time does to conversations."""

from chat import selectors
from chat.services import following, forgetting, waiting
from common import clock
from common.sweeps import act_on_each


def tell_of_waiting_messages() -> int:
    """Tell whoever has not read for some minutes; return in how many conversations."""
    since = clock.now() - waiting.TELL_AFTER
    return act_on_each(lambda: selectors.sides_waiting(since), lambda pk: waiting.tell_waiting(conversation_id=pk))


def show_ways_in() -> int:
    """Say which video consultations can be joined by now; return how many."""
    now = clock.now()
    return act_on_each(lambda: selectors.joinable(now), lambda pk: following.show_way(conversation_id=pk))


def prune() -> int:
    """Delete the conversations that were kept long enough; return how many went."""
    now = clock.now()
    return act_on_each(lambda: selectors.kept_long_enough(now), lambda pk: forgetting.delete_if_old(conversation_id=pk))
