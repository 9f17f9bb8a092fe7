"""What the scheduler may call."""

from notifications.webhooks.services import queueing


def tidy() -> int:
    """Wipe secrets whose time is up, and give up what waits for nobody."""
    return queueing.tidy()


def prune() -> int:
    """Forget what was over a month ago; what waits stays."""
    return queueing.prune()
