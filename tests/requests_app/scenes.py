"""Short words for what the tests of requests do over and over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from common.models import OutboxEvent
from requests_app.models import Ask, BloodRequest, Wave
from requests_app.services import waves
from users.models import Donor


def ask(request: BloodRequest) -> BloodRequest:
    """Let the wave that is due run; return the request as it is then."""
    waves.run_due_waves(request_id=request.pk)
    request.refresh_from_db()
    return request


def ask_later(request: BloodRequest, noon: Any, **gap: int) -> BloodRequest:
    """Let time pass, then let the wave that is due run."""
    noon.shift(dt.timedelta(**gap))
    return ask(request)


def asked(request: BloodRequest, *, wave: int | None = None) -> list[Any]:
    """Return the ids of the donors that were asked, in the order in which they were."""
    rows = Ask.objects.filter(request=request).order_by("pk")
    if wave is not None:
        rows = rows.filter(wave__number=wave)
    return list(rows.values_list("donor_id", flat=True))


def ids(donors: Iterable[Donor]) -> list[Any]:
    return [donor.pk for donor in donors]


def told_waves(request: BloodRequest) -> list[tuple[Any, ...]]:
    """Return kind, radius, how many were asked, and why it stopped, of each wave in order."""
    rows = Wave.objects.filter(request=request).order_by("number")
    return [(wave.number, str(wave.kind), float(wave.radius_km), wave.asked, str(wave.stop_reason)) for wave in rows]


def events(name: str) -> list[dict[str, Any]]:
    """Return the payloads of the events of this name, oldest first."""
    return list(OutboxEvent.objects.filter(name=name).order_by("pk").values_list("payload", flat=True))
