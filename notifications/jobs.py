"""What the scheduler may call."""

from common.sweeps import act_on_each
from notifications.services import batching


def finish_announcements() -> int:
    """Finish the announcements of which every message has left."""
    return act_on_each(batching.to_finish, lambda pk: batching.finish(announcement_id=pk))
