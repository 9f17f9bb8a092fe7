"""What the scheduler may call."""

from common.sweeps import act_on_each
from notifications import services
from notifications.services import batching, devices, tapping


def prune() -> int:
    """Forget what is older than half a year."""
    return services.prune()


def prune_devices() -> int:
    """Forget devices that take no more pushes."""
    return devices.prune()


def finish_announcements() -> int:
    """Finish the announcements of which every message has left."""
    return act_on_each(batching.to_finish, lambda pk: batching.finish(announcement_id=pk))


def prune_taps() -> int:
    """Forget the links in messages that were over a month ago."""
    return tapping.prune()
