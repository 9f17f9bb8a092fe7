"""The doctor's way into a meeting: asked of the provider when it is wanted, shown to the doctor, kept nowhere."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from appointments.errors import MeetingPending
from appointments.gateways import gateway_of
from appointments.gateways.base import Gone
from appointments.selectors import meetings as meetings_read
from appointments.services import meetings
from appointments.states import MeetingProvider
from common.errors import Unavailable
from payments.gateways.base import NotDone


@dataclass(frozen=True)
class HostLink:
    """The address that makes whoever opens it the host, where the provider has one; else the common one."""

    provider: MeetingProvider
    url: str = field(repr=False)


def host_link(*, user_id: uuid.UUID, appointment_id: uuid.UUID) -> HostLink:
    """Ask the provider for the link of the doctor's own meeting.

    Raises: NotFound, VisitNotByVideo, MeetingNotOpen, MeetingPending (also when the provider has lost the meeting:
    another is made), Unavailable
    """
    row = meetings_read.hosted(user_id=user_id, appointment_id=appointment_id)
    try:
        url = gateway_of(row.provider).host_link(meetings.plan_of(row))
    except Gone:
        meetings.record_lost(meeting_id=row.pk, external_id=row.external_id)
        raise MeetingPending from None
    except NotDone as exc:
        raise Unavailable from exc
    return HostLink(MeetingProvider(row.provider), url or row.join_url or "")
