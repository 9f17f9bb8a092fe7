"""What may be read of donations, by whom."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db.models import QuerySet

from common.blood import DonationType
from common.errors import NotFound
from donations.models import Donation, Rating
from donations.states import RatedBy
from users.fitness import next_date


@dataclass(frozen=True)
class DonationFacts:
    """A donation as other apps may know it."""

    id: uuid.UUID
    donor_id: uuid.UUID
    partner_id: uuid.UUID
    donation_type: DonationType
    volume_ml: int
    donated_at: dt.datetime
    next_eligible_on: dt.date | None


def donations_of_donor(donor_id: uuid.UUID) -> QuerySet[Donation]:
    return Donation.objects.filter(donor_id=donor_id).select_related("partner", "unit")


def donations_of_partner(partner_id: uuid.UUID) -> QuerySet[Donation]:
    return Donation.objects.filter(partner_id=partner_id).select_related("donor__user", "unit")


def ratings_by_donor(donor_id: uuid.UUID) -> QuerySet[Rating]:
    return Rating.objects.filter(assignment__donor_id=donor_id, rated_by=RatedBy.DONOR)


def ratings_by_family(user_id: uuid.UUID) -> QuerySet[Rating]:
    return Rating.objects.filter(attender_request__requester_id=user_id, rated_by=RatedBy.FAMILY)


def donation_facts(donation_id: uuid.UUID) -> DonationFacts:
    """Raises: NotFound."""
    row = Donation.objects.select_related("donor").filter(pk=donation_id).first()
    if row is None:
        raise NotFound
    return DonationFacts(
        id=row.pk,
        donor_id=row.donor_id,
        partner_id=row.partner_id,
        donation_type=DonationType(row.donation_type),
        volume_ml=row.volume_ml,
        donated_at=row.donated_at,
        next_eligible_on=next_date(row.donor),
    )
