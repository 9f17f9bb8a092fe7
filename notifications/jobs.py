"""What the scheduler may call."""

from notifications import services


def prune() -> int:
    """Forget what is older than half a year."""
    return services.prune()
