"""What may be read of donations, by whom."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from common.blood import DonationType
from common.errors import NotFound
from common.names import initials
from donations.models import Certificate, Donation, Invitation, Rating, Reminder
from donations.states import RatedBy
from users.fitness import next_date

CODE: Final = re.compile(r"[A-Za-z0-9_-]{16,32}")  # of a certificate; no other text is looked for


@dataclass(frozen=True)
class DonationFacts:
    """A donation as other apps may know it."""

    id: uuid.UUID
    donor_id: uuid.UUID
    partner_id: uuid.UUID
    donation_type: DonationType
    volume_ml: int
    donated_at: dt.datetime
    donated_on: dt.date
    next_eligible_on: dt.date | None


@dataclass(frozen=True)
class CertificateFacts:
    """What stands on a certificate: who gave what, where and when, and nothing of health."""

    number: str
    code: str
    donor_name: str
    language: str
    partner_name: str
    partner_city: str
    donation_type: DonationType
    donated_on: dt.date

    @property
    def donor_initials(self) -> str:
        return initials(self.donor_name)


def donations_of_donor(donor_id: uuid.UUID) -> QuerySet[Donation]:
    return Donation.objects.filter(donor_id=donor_id).select_related("partner", "unit")


def donations_of_partner(partner_id: uuid.UUID) -> QuerySet[Donation]:
    return Donation.objects.filter(partner_id=partner_id).select_related("donor__user", "unit")


def ratings_by_donor(donor_id: uuid.UUID) -> QuerySet[Rating]:
    return Rating.objects.filter(assignment__donor_id=donor_id, rated_by=RatedBy.DONOR)


def get_donation_of_donor(donor_id: uuid.UUID, donation_id: uuid.UUID) -> Donation:
    """Raises: NotFound, also for another donor's."""
    return _one(donations_of_donor(donor_id), donation_id)


def get_donation_of_partner(partner_id: uuid.UUID, donation_id: uuid.UUID) -> Donation:
    """Raises: NotFound, also for another partner's."""
    return _one(donations_of_partner(partner_id), donation_id)


def donation_of_din(din: str) -> DonationFacts | None:
    """Return the donation that a number belongs to; None for one that was not given here."""
    donation_id = Donation.objects.filter(unit__din=din).values_list("pk", flat=True).first()
    return None if donation_id is None else donation_facts(donation_id)


def certificate_of(donation_id: uuid.UUID) -> CertificateFacts:
    """Return what the certificate of a donation says. Raises: NotFound where none was made."""
    return _certificate(Certificate.objects.filter(donation_id=donation_id))


def certificate_by_code(code: str) -> CertificateFacts:
    """Return what a certificate says to whoever has it in hand. Raises: NotFound"""
    if not CODE.fullmatch(code):
        raise NotFound
    return _certificate(Certificate.objects.filter(code=code))


def _one(rows: QuerySet[Donation], donation_id: uuid.UUID) -> Donation:
    found = rows.filter(pk=donation_id).first()
    if found is None:
        raise NotFound
    return found


def _certificate(rows: QuerySet[Certificate]) -> CertificateFacts:
    row = rows.select_related("donation__donor__user", "donation__partner").first()
    if row is None:
        raise NotFound
    donation = row.donation
    return CertificateFacts(
        number=row.number,
        code=row.code,
        donor_name=donation.donor.user.name,
        language=donation.donor.user.language,
        partner_name=donation.partner.name,
        partner_city=donation.partner.city,
        donation_type=DonationType(donation.donation_type),
        donated_on=donation.donated_at.astimezone(ZoneInfo(donation.partner.zone)).date(),
    )


def invitations_of_donor(donor_id: uuid.UUID) -> QuerySet[Invitation]:
    return Invitation.objects.filter(donor_id=donor_id)


def reminders_of_donor(donor_id: uuid.UUID) -> QuerySet[Reminder]:
    return Reminder.objects.filter(assignment__donor_id=donor_id)


def donation_facts(donation_id: uuid.UUID) -> DonationFacts:
    """Raises: NotFound."""
    row = Donation.objects.select_related("donor", "partner").filter(pk=donation_id).first()
    if row is None:
        raise NotFound
    return DonationFacts(
        id=row.pk,
        donor_id=row.donor_id,
        partner_id=row.partner_id,
        donation_type=DonationType(row.donation_type),
        volume_ml=row.volume_ml,
        donated_at=row.donated_at,
        donated_on=row.donated_at.astimezone(ZoneInfo(row.partner.zone)).date(),
        next_eligible_on=next_date(row.donor),
    )
