"""How many streams one account, one address and this process may hold."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.conf import settings

from common.errors import TooMany, Unavailable

RETRY_AFTER: Final = 10  # seconds


class TooManyStreams(TooMany):
    code, message = "too_many_streams", "You have too many live streams open. Close one, or wait."


class StreamsFull(Unavailable):
    code, message = "streams_full", "This server holds as many live streams as it can. Try again in a moment."


class Places:
    """The places of this process; another process has its own."""

    def __init__(self) -> None:
        self._all = 0
        self._held: Counter[uuid.UUID | str] = Counter()  # by an account's id, or a network

    def look(self, network: str) -> None:
        """Refuse before anything is asked of the database. Raises: TooManyStreams, StreamsFull"""
        if self._all >= settings.STREAMS_PER_PROCESS:
            raise StreamsFull(retry_after=RETRY_AFTER)
        if self._held[network] >= settings.STREAMS_PER_ADDRESS:
            raise TooManyStreams(retry_after=RETRY_AFTER)

    @contextmanager
    def place(self, *, account: uuid.UUID, network: str) -> Iterator[None]:
        """Hold a place for the time of the block. Raises: TooManyStreams, StreamsFull"""
        self.look(network)
        if self._held[account] >= settings.STREAMS_PER_ACCOUNT:
            raise TooManyStreams(retry_after=RETRY_AFTER)
        self._count(account, network, 1)
        try:
            yield
        finally:
            self._count(account, network, -1)

    def _count(self, account: uuid.UUID, network: str, change: int) -> None:
        self._all += change
        for key in (account, network):
            self._held[key] += change
            if not self._held[key]:
                del self._held[key]
