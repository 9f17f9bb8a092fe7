"""What may be read of donors."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet, Window
from django.db.models.functions import Rank

from common import clock
from common.blood import BloodGroup, Sex
from common.geo import Point
from users.errors import NotADonor
from users.models import Deferral, Donor, ScoreEntry
from users.states import Tag

LEADERS = 100


@dataclass(frozen=True)
class DonorCard:
    """A donor as other apps may know him."""

    id: uuid.UUID
    public_id: str
    name: str
    phone: str
    blood_group: BloodGroup
    is_group_confirmed: bool
    sex: Sex
    tag: Tag
    score: int
    location: Point | None
    zone: str


@dataclass(frozen=True)
class DonorStanding:
    """Whether and when a donor may be asked to come; the days are those of whole blood, `locked_on` the lock's last."""

    today: dt.date
    is_active: bool
    is_available: bool
    locked_on: dt.date | None
    may_give_from: dt.date | None
    may_give_until: dt.date | None


def get_donor(user_id: uuid.UUID) -> Donor:
    """Raises: NotADonor."""
    donor = Donor.objects.select_related("user").filter(pk=user_id).first()
    if donor is None:
        raise NotADonor
    return donor


def donor_card(donor_id: uuid.UUID) -> DonorCard:
    """Raises: NotADonor."""
    donor = get_donor(donor_id)
    return DonorCard(
        id=donor.pk,
        public_id=donor.user.public_id,
        name=donor.user.name,
        phone=donor.user.phone,
        blood_group=BloodGroup(donor.blood_group),
        is_group_confirmed=donor.group_confirmed_at is not None,
        sex=Sex(donor.sex),
        tag=donor.tag,
        score=donor.score,
        location=donor.location,
        zone=donor.user.zone,
    )


def standings(donor_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, DonorStanding]:
    """Return how these donors stand today, each in the own zone; one query."""
    rows = Donor.objects.filter(pk__in=list(donor_ids)).select_related("user")
    return {row.pk: _standing(row) for row in rows}


def deferrals_of(user_id: uuid.UUID) -> QuerySet[Deferral]:
    return Deferral.objects.filter(donor_id=user_id)


def score_ledger(user_id: uuid.UUID) -> QuerySet[ScoreEntry]:
    """Return the lines that explain the donor's score, newest first."""
    return ScoreEntry.objects.filter(donor_id=user_id).order_by("-pk")


def leaderboard(*, city: str | None) -> QuerySet[Donor]:
    """Return the donors who agreed to be shown and have given, the most generous first, with their `rank`."""
    shown = Donor.objects.filter(on_leaderboard=True, verified_donations__gt=0, user__is_active=True, test_world=None)
    if city:
        shown = shown.filter(user__city__iexact=city)
    standing = Window(Rank(), order_by=[F("verified_donations").desc(), F("score").desc()])
    ordered = shown.order_by("-verified_donations", "-score", "user_id")
    return ordered.select_related("user").annotate(rank=standing)[:LEADERS]


def _standing(donor: Donor) -> DonorStanding:
    zone, lock = ZoneInfo(donor.user.zone), donor.lock_in_force
    return DonorStanding(
        today=clock.today(donor.user.zone),
        is_active=donor.user.is_active,
        is_available=donor.available,
        locked_on=None if lock is None else lock.astimezone(zone).date(),
        may_give_from=donor.whole_blood_from,
        may_give_until=donor.whole_blood_until,
    )
