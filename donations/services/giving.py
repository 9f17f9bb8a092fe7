"""What every verified donation leaves behind, wherever it was given."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from common import outbox
from common.blood import BloodGroup, DonationType
from common.db import step
from common.ids import uuid7
from donations.models import Donation
from donations.states import ConsentForm
from users.services import donors

if TYPE_CHECKING:
    from stock.models import Unit
    from users.models import Donor

# The names under which the rules know what a visit measures (users.eligibility.engine.Visit).
MEASURED: Final = {
    "haemoglobin_g_dl": "haemoglobin_g_dl",
    "weight_kg": "weight_kg",
    "volume_ml": "volume_ml",
    "systolic_mmhg": "systolic",
    "diastolic_mmhg": "diastolic",
    "pulse_bpm": "pulse",
    "temperature_c": "temperature_c",
    "platelet_count": "platelet_count",
}


@dataclass(frozen=True)
class Given:
    """A donation of a held donor and its fresh bag; for an assignment or for a place in a camp, never for both.

    `confirmed_group` is the group typed at the visit, `consent` none where nobody has said, and `key` what the event
    happens to.
    """

    donor: Donor
    unit: Unit
    donation_type: DonationType
    blood_group: BloodGroup
    confirmed_group: BloodGroup | None
    donated_at: dt.datetime
    measures: Mapping[str, Any]
    key: str
    red_cells_lost: bool = False
    consent: ConsentForm | None = None
    assignment_id: uuid.UUID | None = None
    enrolment_id: uuid.UUID | None = None


def known_to_rules(measures: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was measured, by the names that the rules have for it."""
    return {MEASURED[name]: value for name, value in measures.items() if value is not None}


@step
def record_given(given: Sequence[Given], *, partner_id: uuid.UUID, member_id: uuid.UUID, zone: str) -> list[Donation]:
    """Write the donations, and each donor's score, tag, next date and confirmed group. The keys are all different.

    Emits: donation.verified
    """
    donations = Donation.objects.bulk_create(
        [
            Donation(
                pk=uuid7(),
                assignment_id=one.assignment_id,
                enrolment_id=one.enrolment_id,
                donor_id=one.donor.pk,
                partner_id=partner_id,
                verified_by_id=member_id,
                unit=one.unit,
                donation_type=one.donation_type,
                blood_group=one.blood_group,
                consent=one.consent or "",
                donated_at=one.donated_at,
                **one.measures,
            )
            for one in given
        ]
    )
    pairs = list(zip(given, donations, strict=True))
    gifts = [_gift(one, donation, zone) for one, donation in pairs]
    donors.record_donations(gifts, partner_id=partner_id)
    outbox.emit_many("donation.verified", {one.key: _payload(one, donation) for one, donation in pairs})
    return donations


def _gift(one: Given, donation: Donation, zone: str) -> donors.Gift:
    promise = one.assignment_id or one.enrolment_id
    if promise is None:
        raise ValueError("A donation belongs to an assignment or to a place in a camp.")
    return donors.Gift(
        donor=one.donor,
        donation_id=donation.pk,
        promise_id=promise,
        donation_type=one.donation_type,
        donated_on=one.donated_at.astimezone(ZoneInfo(zone)).date(),
        red_cells_lost=one.red_cells_lost,
        confirmed_group=one.confirmed_group,
    )


def _payload(one: Given, donation: Donation) -> dict[str, str]:
    occasions = {"assignment": one.assignment_id, "enrolment": one.enrolment_id}
    known = {name: str(pk) for name, pk in occasions.items() if pk is not None}
    return {"donation": str(donation.pk), **known, "donor": str(one.donor.pk)}
