"""Who holds meetings, behind one small interface.

A call to somebody outside ends in its result or in one of three ways: `Refused` (it never will), `TryLater` (it
certainly has not), `Unknown` (perhaps it has).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from appointments.states import MeetingNews, MeetingProvider
from payments.gateways.base import Refused


class Gone(Refused):
    """The provider knows of no such meeting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A meeting as it is to be, the same whenever it is built from the same rows; `id` is our reference.

    `external_id` is what the provider calls it, empty before it has said so.
    """

    id: uuid.UUID
    host: str
    topic: str
    starts_at: dt.datetime
    minutes: int
    external_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A meeting as it is; without `external_id` where the provider keeps none."""

    external_id: str
    join_url: str
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A webhook that was verified: which meeting it is of, and what happened; `said` holds moments and a side."""

    event_id: str
    kind: str
    external_id: str = ""
    news: MeetingNews = MeetingNews.OTHER
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Challenge:
    """A provider wants to see that the address is ours: `token` and its proof are the answer."""

    token: str
    proof: str


class MeetingGateway(Protocol):
    """One provider. Made for each piece of work, so that settings are read late."""

    @property
    def provider(self) -> MeetingProvider: ...

    def is_configured(self) -> bool:
        """Whether this server may use it."""

    def make(self, plan: Plan) -> Made:
        """Make it; a second call makes a second one. Raises: Refused, TryLater, Unknown"""

    def find(self, plan: Plan) -> Made | None:
        """Look for the one that an earlier call may have made. Raises: Refused, TryLater, Unknown"""

    def move(self, plan: Plan) -> None:
        """Let it stand at the plan's time. Raises: Gone, Refused, TryLater, Unknown"""

    def remove(self, plan: Plan) -> None:
        """See to it that there is none. Raises: Refused, TryLater, Unknown"""

    def host_link(self, plan: Plan) -> str:
        """Return the address by which the doctor hosts, which is nobody else's.

        Raises: Gone, Refused, TryLater, Unknown
        """
