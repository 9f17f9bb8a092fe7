"""Asking donors: nearest first, few at a time, wider when the answer does not come."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q

from common import clock, outbox
from common.db import command, lock, step, take_turn
from common.errors import NotFound
from common.ids import uuid7
from partners import selectors as partners
from requests_app.errors import RequestClosed, RequestExpired
from requests_app.models import Ask, Assignment, BloodRequest, Standby, Wave
from requests_app.operating import ASK_CAP, quiet_hours
from requests_app.selectors import CAP_PERIOD
from requests_app.states import LIVE_ASSIGNMENT, RequestStatus, StopReason, Urgency, WaveKind
from stock.compatibility import compatible_donors
from stock.components import Component, donation_type_for
from users import matching

RINGS = (Decimal("0.25"), Decimal("0.5"), Decimal(1))  # of the request's radius, one wave each, then the whole again
BATCH = 1000  # donors asked in one transaction
TURN = "requests_app.waves"


@dataclass(frozen=True)
class Pace:
    """How hard a wave asks: donors per missing unit, a margin on top, and how long it waits for answers."""

    per_unit: int
    margin: int
    window: dt.timedelta


PACE = {
    Urgency.ROUTINE: Pace(per_unit=3, margin=2, window=dt.timedelta(minutes=60)),
    Urgency.URGENT: Pace(per_unit=5, margin=5, window=dt.timedelta(minutes=15)),
    Urgency.CRITICAL: Pace(per_unit=BATCH, margin=0, window=dt.timedelta(minutes=10)),  # everyone at once
}


@step
def advance_waves(*, request_id: uuid.UUID) -> None:
    """Ask the next donors if it is time to: called when a request opens, reopens, or its wave's window has passed.

    Those standing by come first; the next ring is asked at once only if they are fewer than the places, or if the
    request is critical.

    Locks: the request.      Emits: request.place_offered, request.donors_asked, request.wave_unfinished
    """
    request = next(iter(lock(BloodRequest, [request_id])), None)
    now = clock.now()
    if request is None or not request.is_open_at(now) or request.units_left == 0:
        return
    if request.next_wave_at is None or request.next_wave_at > now:
        return
    wakes_at = _quiet_until(request, now)
    if wakes_at is not None:
        _wait_until(request, wakes_at)
        return
    stop_waves([request], reason=StopReason.WINDOW_PASSED)
    offered = _offer_to_standbys(request, now)
    if offered < request.units_left or request.urgency == Urgency.CRITICAL:
        _ask_next_ring(request, now)
    _wait_until(request, now + PACE[Urgency(request.urgency)].window)


@step
def continue_wave(*, request_id: uuid.UUID, wave_id: uuid.UUID) -> None:
    """Ask the next batch of a wave that asks everyone.

    Locks: the request.      Emits: request.donors_asked, request.wave_unfinished
    """
    request = next(iter(lock(BloodRequest, [request_id])), None)
    if request is None or not request.is_open_at(clock.now()) or request.units_left == 0:
        return
    wave = Wave.objects.get(pk=wave_id)
    if wave.stopped_at is None:
        _ask(request, wave, _candidates(request, wave.radius_km))
        request.save(update_fields=["updated_at"])


@step
def stop_waves(requests: Iterable[BloodRequest], *, reason: StopReason) -> None:
    """Write down why the running waves of these requests are over."""
    running = Wave.objects.filter(request__in=list(requests), stopped_at=None)
    running.update(stopped_at=clock.now(), stop_reason=reason)


@step
def count_answer(request: BloodRequest, *, donor_id: uuid.UUID) -> None:
    """Credit the last wave that reached the donor with an answer, before the promise is written.

    Nobody is credited for one who came unasked, or who answers for the second time.
    """
    if Assignment.objects.filter(request=request, donor_id=donor_id).exists():
        return
    offered = Standby.objects.filter(request=request, donor_id=donor_id, offered_at__isnull=False)
    reached = Q(asks__donor_id=donor_id) | Q(kind=WaveKind.STANDBY, started_at__in=offered.values("offered_at"))
    latest = Wave.objects.filter(reached, request=request).order_by("-number").values("pk")[:1]
    Wave.objects.filter(pk__in=latest).update(answered=F("answered") + 1)


@step
def count_declined(request: BloodRequest, *, donor_id: uuid.UUID) -> None:
    """Count a «no» once, in the wave that asked; the caller holds the request.

    Raises: NotFound, RequestClosed, RequestExpired
    """
    ask = Ask.objects.filter(request=request, donor_id=donor_id).first()
    if ask is None:
        raise NotFound
    now = clock.now()
    if request.state_at(now) is RequestStatus.EXPIRED:
        raise RequestExpired
    if not request.is_live:
        raise RequestClosed(state=request.status)
    if ask.declined_at is not None:
        return
    Ask.objects.filter(pk=ask.pk).update(declined_at=now)
    Wave.objects.filter(pk=ask.wave_id).update(declined=F("declined") + 1)
    waiting = Ask.objects.filter(request=request, declined_at=None)
    answered = Assignment.objects.filter(request=request, donor_id=OuterRef("donor_id"))
    if request.next_wave_at is not None and not waiting.filter(~Exists(answered)).exists():
        _wait_until(request, min(request.next_wave_at, now))


@command
def run_due_waves(*, request_id: uuid.UUID) -> None:
    """The scheduler's way to `advance_waves`."""
    advance_waves(request_id=request_id)


def quiet_until(now: dt.datetime, zone: str) -> dt.datetime | None:
    """Return when the quiet hours that `now` falls into end, in the zone; None outside them."""
    starts, ends = quiet_hours()
    local = now.astimezone(ZoneInfo(zone))
    at = local.time().replace(tzinfo=None)
    is_quiet = (at >= starts or at < ends) if starts > ends else starts <= at < ends
    if not is_quiet:
        return None
    day = local.date() + dt.timedelta(days=1) if at >= ends else local.date()
    return dt.datetime.combine(day, ends, tzinfo=ZoneInfo(zone))


def _quiet_until(request: BloodRequest, now: dt.datetime) -> dt.datetime | None:
    if request.urgency == Urgency.CRITICAL:
        return None
    return quiet_until(now, partners.card(request.partner_id).zone)


def _offer_to_standbys(request: BloodRequest, now: dt.datetime) -> int:
    """Offer the free places to those who stand by, the first come first; return to how many."""
    promised = Assignment.objects.filter(donor_id=OuterRef("donor_id"), status__in=LIVE_ASSIGNMENT)
    waiting = Standby.objects.filter(~Exists(promised), request=request, offered_at=None).order_by("pk")
    chosen = list(waiting[: request.units_left])
    if chosen:
        Wave.objects.create(
            request=request,
            number=_next_number(request),
            kind=WaveKind.STANDBY,
            radius_km=request.radius_km,
            asked=len(chosen),
            started_at=now,
        )
        Standby.objects.filter(pk__in=[standby.pk for standby in chosen]).update(offered_at=now)
        outbox.emit(
            "request.place_offered",
            key=f"request:{request.pk}",
            request=str(request.pk),
            donors=[str(standby.donor_id) for standby in chosen],
        )
    return len(chosen)


def _next_number(request: BloodRequest) -> int:
    return Wave.objects.filter(request=request).count() + 1


def _ask_next_ring(request: BloodRequest, now: dt.datetime) -> None:
    """Open the next wave in the smallest ring that still holds somebody to ask."""
    number = _next_number(request)
    rung = Wave.objects.filter(request=request, kind=WaveKind.RING).count()
    is_critical = request.urgency == Urgency.CRITICAL
    rings = RINGS[-1:] if is_critical else RINGS[min(rung, len(RINGS) - 1) :]
    if not is_critical:
        take_turn(TURN)  # two requests that ask at the same moment do not see each other's asks: the cap would leak
    for share in rings:
        radius = (request.radius_km * share).quantize(Decimal("0.01"))
        found = _candidates(request, radius)
        if found:
            wave = Wave.objects.create(request=request, number=number, radius_km=radius, started_at=now)
            _ask(request, wave, found)
            return
    _write_down_that_nobody_is_left(request, number, now)


def _write_down_that_nobody_is_left(request: BloodRequest, number: int, now: dt.datetime) -> None:
    latest = Wave.objects.filter(request=request).order_by("-number").first()
    if latest is not None and latest.stop_reason == StopReason.NOBODY_LEFT:
        return
    Wave.objects.create(
        request=request,
        number=number,
        radius_km=request.radius_km,
        started_at=now,
        stopped_at=now,
        stop_reason=StopReason.NOBODY_LEFT,
    )


def _candidates(request: BloodRequest, radius_km: Decimal) -> list[matching.NearDonor]:
    urgency = Urgency(request.urgency)
    pace = PACE[urgency]
    wanted = min(BATCH, request.units_left * pace.per_unit + pace.margin)
    component = Component(request.component)
    asked = Ask.objects.filter(donor_id=OuterRef("pk"))
    promises = Assignment.objects.filter(donor_id=OuterRef("pk"))
    excluded = [
        Exists(asked.filter(request=request)),
        Exists(promises.filter(status__in=LIVE_ASSIGNMENT)),
        Exists(promises.filter(request=request)),  # who came unasked and left again has answered
        Exists(Standby.objects.filter(donor_id=OuterRef("pk"), request=request)),
    ]
    if urgency is not Urgency.CRITICAL:
        recently = asked.filter(created_at__gt=clock.now() - CAP_PERIOD)
        cap = ASK_CAP.value()
        excluded.append(Exists(recently.order_by()[cap - 1 : cap]))
    here = partners.card(request.partner_id)
    return matching.nearest_donors(
        origin=request.location,
        radius_km=float(radius_km),
        groups=compatible_donors(request.recipient_group, component),
        donation_type=donation_type_for(component),
        zone=here.zone,
        world=here.world,
        limit=wanted,
        excluded=excluded,
    )


def _ask(request: BloodRequest, wave: Wave, donors: list[matching.NearDonor]) -> None:
    if not donors:
        return
    now = clock.now()
    asks = [
        Ask(
            pk=uuid7(),
            request=request,
            wave=wave,
            donor_id=donor.donor_id,
            distance_km=Decimal(str(round(donor.distance_km, 3))),
            created_at=now,
        )
        for donor in donors
    ]
    Ask.objects.bulk_create(asks)
    Wave.objects.filter(pk=wave.pk).update(asked=F("asked") + len(asks))
    key = f"request:{request.pk}"
    facts = {"request": str(request.pk), "wave": str(wave.pk)}
    outbox.emit("request.donors_asked", key=key, **facts, asks=[str(ask.pk) for ask in asks])
    if request.urgency == Urgency.CRITICAL and len(asks) == BATCH:
        outbox.emit("request.wave_unfinished", key=key, **facts)


def _wait_until(request: BloodRequest, moment: dt.datetime) -> None:
    request.next_wave_at = moment
    request.save(update_fields=["next_wave_at", "updated_at"])
