"""Who carries boxes, behind one small interface: the bank's own riders, and a provider that is asked over HTTP.

A call to somebody outside ends in its result or in one of three ways: `Refused` (it never will), `TryLater` (it
certainly has not), `Unknown` (perhaps it has). Every call carries our reference and may be repeated with it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from common.geo import Point
from orders.services.tracking import Place
from orders.states import BookingStatus, CourierKind


@dataclass(frozen=True, slots=True)
class Stop:
    """Where boxes are fetched or brought to, and whom a courier calls."""

    name: str
    phone: str
    address: str
    point: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Boxes to be carried, the same whenever it is built from the same rows.

    `reference` is ours; `rider_id` names one of the bank's own, or nobody in particular.
    """

    reference: uuid.UUID
    order_id: uuid.UUID
    bank_id: uuid.UUID
    boxes: int
    pickup: Stop
    drop: Stop
    rider_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """How an assignment stands at `at`, by the clock of whoever says so; what is empty was not said."""

    status: BookingStatus
    at: dt.datetime
    provider_ref: str = ""
    rider_id: uuid.UUID | None = None
    courier: str = ""
    vehicle: str = ""
    tracking_url: str = ""
    expected_at: dt.datetime | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A webhook that was verified: which booking it is of, and its news."""

    event_id: str
    kind: str
    reference: str
    news: News
    code: str = ""  # the receiver's, that the courier was told at the door


class CourierGateway(Protocol):
    """One way to have boxes carried."""

    @property
    def kind(self) -> CourierKind: ...

    @property
    def name(self) -> str:
        """What people call it."""

    def is_configured(self) -> bool:
        """Whether this server may offer it."""

    def assign(self, job: Job, *, again: bool) -> News:
        """Have somebody carry the boxes, once, however often this is called; `again` when an earlier call may have.

        The bank's own are assigned inside the caller's transaction; a provider is called outside any.
        Raises: RiderUnknown of the bank's own; Refused, TryLater, Unknown of a provider.
        """


class ProviderGateway(CourierGateway, Protocol):
    """A way outside this house: what was asked of it can be asked about and called off."""

    def find(self, job: Job) -> News:
        """Ask how it stands. Raises: Refused when the provider knows of none, TryLater, Unknown"""

    def cancel(self, job: Job) -> News:
        """Call it off and return how it stands then: carried on, if it is too late. Of what the provider does not know
        it is called off. Raises: Refused, TryLater, Unknown"""

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Verify a webhook on its raw body and read it. Raises: SignatureInvalid, Malformed"""
