"""What the scheduler may call."""

from notifications.webhooks.services import queueing


def tidy() -> int:
    """Wipe secrets whose time is up, and give up what waits for nobody."""
    return queueing.tidy()
