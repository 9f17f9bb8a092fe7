"""Rung when deliveries were queued in this process: its dispatcher need not wait for the next look."""

from __future__ import annotations

from collections.abc import Callable

_listeners: list[Callable[[], None]] = []


def listen(listener: Callable[[], None]) -> None:
    """Call `listener` at every ring; it must neither block nor fail."""
    _listeners.append(listener)


def leave(listener: Callable[[], None]) -> None:
    """Call `listener` no more."""
    _listeners.remove(listener)


def ring() -> None:
    """Tell everybody in this process who listens; in others nobody hears it."""
    for listener in tuple(_listeners):
        listener()
