"""What the scheduler may call."""

from notifications import services
from notifications.services import devices


def prune() -> int:
    """Forget what is older than half a year."""
    return services.prune()


def prune_devices() -> int:
    """Forget devices that take no more pushes."""
    return devices.prune()
