"""Telling donors near a camp of it, once each, and reminding those who come."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from django.db.models import Exists, OuterRef

from common import clock, outbox
from common.db import command, delete_in_batches, lock, lock_free, step
from common.retention import retained
from donations.models import Camp, CampInvite
from donations.services.camps import settle
from donations.services.enrolling import GIFT
from donations.states import LIVE_CAMP, CampStatus
from partners import selectors as partners
from requests_app import selectors as requests
from requests_app.services.waves import quiet_until
from users import matching

REACH_KM: Final = 20.0  # design §5 «Camps»
BATCH: Final = 1000  # donors told in one transaction
LOOKED_AT: Final = 20_000  # donors read for one batch, wherever they live
CAP_PERIOD: Final = dt.timedelta(hours=24)  # a donor is told of one camp in so long
LOOK_AGAIN: Final = dt.timedelta(hours=1)  # whether somebody has left a camp that is full
KEEP: Final = dt.timedelta(days=7)


@step
def invite_next(*, camp_id: uuid.UUID) -> None:
    """Tell the next batch of donors near the camp, if it is time to.

    In quiet hours the camp waits for the morning; while it is full, for a place that is given up. Who was told of
    another camp within a day, or asked for blood as often as a day allows, is passed over and looked at again a day
    later.

    Locks: the camp.      Emits: camp.donors_invited, camp.invitations_unfinished
    """
    camp = next(iter(lock(Camp, [camp_id])), None)
    now = clock.now()
    if camp is None or camp.next_invite_at is None or camp.next_invite_at > now:
        return
    settle(camp, now)
    if camp.state not in LIVE_CAMP:
        return
    wakes_at = quiet_until(now, camp.zone)
    if wakes_at is not None:
        _wait_until(camp, wakes_at)
        return
    if camp.places_left == 0:
        _wait_until(camp, now + LOOK_AGAIN)
        return
    told = CampInvite.objects.filter(donor_id=OuterRef("pk"))
    recently = now - CAP_PERIOD
    in_peace = [
        Exists(told.filter(created_at__gt=recently).exclude(camp=camp)),
        requests.has_been_asked_enough(since=recently),
    ]
    found = matching.donors_around(
        origin=camp.location,
        radius_km=REACH_KM,
        donation_type=GIFT,
        on=max(camp.opens_on, clock.today(camp.zone)),
        after=camp.invited_upto,
        looked_at=LOOKED_AT,
        limit=BATCH,
        world=partners.world_of(camp.partner_id),
        excluded=[Exists(told.filter(camp=camp))],
        passed_over=in_peace,
    )
    _tell(camp, found.donors, now)
    camp.invites_held_back = camp.invites_held_back or found.passed_over > 0
    if found.upto is not None:
        camp.invited_upto = found.upto
        outbox.emit("camp.invitations_unfinished", key=f"camp:{camp.pk}", camp=str(camp.pk))
        _wait_until(camp, now)
        return
    again = now + CAP_PERIOD if camp.invites_held_back and now + CAP_PERIOD < camp.ends_at else None
    camp.invited_upto, camp.invites_held_back = None, False
    _wait_until(camp, again)


@command
def run_due_invitations(*, camp_id: uuid.UUID) -> None:
    """The scheduler's way to `invite_next`."""
    invite_next(camp_id=camp_id)


@command
def remind_due(*, limit: int) -> int:
    """Let those enrolled in up to `limit` camps of tomorrow be reminded, once; return how many camps.

    Locks: the camps, passing over those that somebody holds.      Emits: camp.reminder_due
    """
    now = clock.now()
    due = Camp.objects.filter(remind_at__lte=now, status=CampStatus.SCHEDULED).order_by("remind_at")
    camps = lock_free(due, limit=limit)
    for camp in camps:
        wakes_at = quiet_until(now, camp.zone)
        may_wait = wakes_at is not None and wakes_at < camp.starts_at
        camp.remind_at = wakes_at if may_wait else None
        if not may_wait and now < camp.starts_at:
            outbox.emit("camp.reminder_due", key=f"camp:{camp.pk}", camp=str(camp.pk))
        camp.save(update_fields=["remind_at", "updated_at"])
    return len(camps)


@retained(
    "camp_invitations",
    what="Which donors were told of a camp",
    since="since the camp ended",
    why="Nobody is told twice.",
    keep=KEEP,
)
def prune_invites(keep: dt.timedelta) -> int:
    """Forget who was told of camps that are over; return how many rows went."""
    return delete_in_batches(CampInvite.objects.filter(camp__ends_at__lt=clock.now() - keep))


def _tell(camp: Camp, donor_ids: list[uuid.UUID], now: dt.datetime) -> None:
    if not donor_ids:
        return
    CampInvite.objects.bulk_create(CampInvite(camp=camp, donor_id=donor, created_at=now) for donor in donor_ids)
    donors = [str(donor) for donor in donor_ids]
    outbox.emit("camp.donors_invited", key=f"camp:{camp.pk}", camp=str(camp.pk), donors=donors)


def _wait_until(camp: Camp, moment: dt.datetime | None) -> None:
    camp.next_invite_at = moment
    camp.save(update_fields=["next_invite_at", "invited_upto", "invites_held_back", "updated_at"])
