"""The providers of meetings, each behind the same small interface (`base.MeetingGateway`)."""

from __future__ import annotations

from appointments.gateways.base import MeetingGateway
from appointments.gateways.jitsi import JitsiGateway
from appointments.gateways.zoom import ZoomGateway
from appointments.states import MeetingProvider


def preferred() -> MeetingGateway:
    """Return the adapter that makes new meetings: Zoom where it is configured."""
    zoom = ZoomGateway()
    return zoom if zoom.is_configured() else JitsiGateway()


def gateway_of(provider: str) -> MeetingGateway:
    """Return the provider's adapter."""
    return ZoomGateway() if provider == MeetingProvider.ZOOM else JitsiGateway()
