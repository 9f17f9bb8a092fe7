"""What may be read of donations, by whom."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from common import clock
from common.blood import DonationType
from common.errors import NotFound
from common.geo import Point, bounding_boxes, nearest_first
from common.names import initials
from donations.errors import CampListClosed, CampListNotOpen
from donations.models import Camp, CampInvite, Certificate, Donation, Enrolment, Invitation, Rating, Reminder
from donations.states import HOLDS_PLACE, LIVE_CAMP, OWES_REPORT, PUBLIC_CAMP, CampStatus, EnrolmentStatus, RatedBy
from users import matching
from users.fitness import next_date

CODE: Final = re.compile(r"[A-Za-z0-9_-]{16,32}")  # of a certificate; no other text is looked for
SWEEP: Final = 100
LIST_HEADING: Final = (
    "enrolment",
    "donor",
    "name",
    "blood_group",
    "group_confirmed",
    "status",
    "enrolled_at",
    "checked_in_at",
)


@dataclass(frozen=True)
class CampFacts:
    """A camp as other apps may know it."""

    id: uuid.UUID
    partner_id: uuid.UUID
    status: CampStatus
    place_name: str
    starts_at: dt.datetime
    ends_at: dt.datetime


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


def ratings_by_family(user_id: uuid.UUID) -> QuerySet[Rating]:
    return Rating.objects.filter(attender_request__requester_id=user_id, rated_by=RatedBy.FAMILY)


def invitations_of_donor(donor_id: uuid.UUID) -> QuerySet[Invitation]:
    return Invitation.objects.filter(donor_id=donor_id)


def camp_invites_of_donor(donor_id: uuid.UUID) -> QuerySet[CampInvite]:
    return CampInvite.objects.filter(donor_id=donor_id)


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


def camps_of(
    partner_id: uuid.UUID,
    *,
    status: CampStatus | None = None,
    begins: dt.datetime | None = None,
    ends: dt.datetime | None = None,
) -> QuerySet[Camp]:
    """Return the partner's camps that are in the state at this moment and held within the time, whatever was swept."""
    rows = Camp.objects.filter(partner_id=partner_id)
    if status is not None:
        rows = rows.filter(_stands(status, clock.now()))
    return _held_within(rows, begins, ends)


def get_camp_of(partner_id: uuid.UUID, camp_id: uuid.UUID) -> Camp:
    """Raises: NotFound, also for another partner's."""
    found = Camp.objects.filter(partner_id=partner_id, pk=camp_id).first()
    if found is None:
        raise NotFound
    return found


def get_public_camp(camp_id: uuid.UUID) -> Camp:
    """Return a camp that was published. Raises: NotFound."""
    public = Camp.objects.filter(pk=camp_id, status__in=sorted(PUBLIC_CAMP), partner__test_world=None)
    found = public.select_related("partner").first()
    if found is None:
        raise NotFound
    return found


def camps_near(
    origin: Point, radius_km: float, *, begins: dt.datetime | None = None, ends: dt.datetime | None = None
) -> list[Camp]:
    """Return the published camps that are not over, with their `distance_km`, nearest first; one query."""
    boxes = reduce(or_, (Q(place__within=box) for box in bounding_boxes(origin, radius_km)))
    live = Camp.objects.filter(boxes, status__in=sorted(LIVE_CAMP), ends_at__gt=clock.now(), partner__test_world=None)
    rows = list(_held_within(live, begins, ends).select_related("partner"))
    found = nearest_first(origin, rows, radius_km)
    for near in found:
        near.row.distance_km = round(near.distance_km, 6)
    return [near.row for near in found]


def enrolments_of_camp(partner_id: uuid.UUID, camp_id: uuid.UUID) -> QuerySet[Enrolment]:
    """Return the places of the partner's camp that were not given back. Raises: NotFound."""
    get_camp_of(partner_id, camp_id)
    return Enrolment.objects.filter(camp_id=camp_id, status__in=sorted(HOLDS_PLACE)).select_related("donor__user")


def enrolments_of_partner(partner_id: uuid.UUID) -> QuerySet[Enrolment]:
    """Return every place in the partner's camps, also those that were given back."""
    return Enrolment.objects.filter(camp__partner_id=partner_id)


def enrolments_of_donor(donor_id: uuid.UUID) -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(donor_id=donor_id).select_related("camp__partner")


def get_enrolment_of_donor(donor_id: uuid.UUID, enrolment_id: uuid.UUID) -> Enrolment:
    """Raises: NotFound, also for another donor's."""
    found = enrolments_of_donor(donor_id).filter(pk=enrolment_id).first()
    if found is None:
        raise NotFound
    return found


def list_rows(partner_id: uuid.UUID, camp_id: uuid.UUID) -> list[list[str]]:
    """Return the camp's list for the desk, heading first: from its date, where it is held, until it is reported.

    Raises: NotFound, CampListNotOpen, CampListClosed
    """
    camp = get_camp_of(partner_id, camp_id)
    opens_at = dt.datetime.combine(camp.opens_on, dt.time(), tzinfo=ZoneInfo(camp.zone))
    if camp.stands in (CampStatus.CLOSED, CampStatus.CANCELLED):
        raise CampListClosed
    if camp.state is CampStatus.DRAFT or clock.now() < opens_at:
        raise CampListNotOpen(opens_at=opens_at.isoformat())
    rows = enrolments_of_camp(partner_id, camp_id).order_by("donor__user__name", "pk")
    return [list(LIST_HEADING), *(_cells(row, ZoneInfo(camp.zone)) for row in rows)]


def camp_owing_report(partner_id: uuid.UUID) -> uuid.UUID | None:
    """Return the partner's oldest camp that is over and not reported, by the clock; one look at an index."""
    over = Camp.objects.filter(partner_id=partner_id, status__in=sorted(OWES_REPORT), ends_at__lte=clock.now())
    return over.order_by("ends_at").values_list("pk", flat=True).first()


def camp_facts(camp_id: uuid.UUID) -> CampFacts:
    """Raises: NotFound."""
    row = Camp.objects.filter(pk=camp_id).first()
    if row is None:
        raise NotFound
    return CampFacts(row.pk, row.partner_id, row.stands, row.place_name, row.starts_at, row.ends_at)


def donors_expected_at(camp_id: uuid.UUID) -> list[uuid.UUID]:
    """Return who has a place, has not come yet, and may still give on the day; never more than the camp's capacity."""
    rows = Enrolment.objects.filter(camp_id=camp_id, status=EnrolmentStatus.ENROLLED).select_related("camp")
    places = list(rows)
    if not places:
        return []
    donors = [place.donor_id for place in places]
    return matching.fit_on(donors, donation_type=DonationType.WHOLE_BLOOD, on=places[0].camp.opens_on)


def camps_to_invite(moment: dt.datetime) -> Iterator[uuid.UUID]:
    """Yield the camps of which donors are to be told, a bounded number."""
    due = Camp.objects.filter(next_invite_at__lte=moment).order_by("next_invite_at")
    yield from due.values_list("pk", flat=True)[:SWEEP]


def _held_within(rows: QuerySet[Camp], begins: dt.datetime | None, ends: dt.datetime | None) -> QuerySet[Camp]:
    if begins is not None:
        rows = rows.filter(ends_at__gt=begins)
    if ends is not None:
        rows = rows.filter(starts_at__lt=ends)
    return rows


def _stands(status: CampStatus, now: dt.datetime) -> Q:
    """Return the condition that a camp is in the state by the clock: `Camp.state_at` in SQL."""
    live = Q(status__in=sorted(LIVE_CAMP))
    if status is CampStatus.SCHEDULED:
        return Q(status=status, starts_at__gt=now)
    if status is CampStatus.ONGOING:
        return live & Q(starts_at__lte=now, ends_at__gt=now)
    if status is CampStatus.AWAITING_STOCK:
        return Q(status=status) | live & Q(ends_at__lte=now)
    return Q(status=status)


def _cells(row: Enrolment, zone: ZoneInfo) -> list[str]:
    came = row.checked_in_at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if row.checked_in_at else ""
    return [
        str(row.pk),
        row.donor.user.public_id,
        row.donor.user.name,
        row.donor.blood_group,
        "yes" if row.donor.group_confirmed_at else "no",
        row.status,
        row.enrolled_at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        came,
    ]
