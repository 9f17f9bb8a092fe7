"""The donor has given: everything that follows, in one transaction, once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from common import clock
from common.blood import BloodGroup, DonationType
from common.db import command
from donations.errors import AlreadyVerified, ConsentMissing, WrongDonationType
from donations.models import Donation
from donations.services.giving import Given, known_to_rules, record_given
from donations.states import ConsentForm
from partners import selectors as partners
from requests_app import selectors as requests
from requests_app.services import visits
from requests_app.states import AssignmentStatus
from stock import services as stock
from stock.compatibility import is_compatible
from stock.components import Component, donation_type_for
from users.services import donors


@command
def verify_donation(
    *,
    assignment_id: uuid.UUID,
    partner_id: uuid.UUID,
    member_id: uuid.UUID,
    donation_type: DonationType,
    volume_ml: int,
    haemoglobin_g_dl: Decimal,
    blood_group: BloodGroup | None = None,
    red_cells_lost: bool = False,
    consent: ConsentForm | None = None,
    vitals: Mapping[str, Any] | None = None,
) -> Donation:
    """Write the donation, its unit in quarantine, the donor's score, tag and next date, and the request's unit.

    `blood_group` is the group typed at the visit; it freezes the donor's. A group that cannot help the
    request's patient makes a donation all the same, and the place is free again. Unless told, the consent is the one
    given in the app, if there is one.

    Locks: the donor, the partner's number counter, the request, the assignment.
    Emits: donation.verified, unit.collected, request.fulfilled
    Raises: NotFound, AlreadyVerified, IllegalTransition, WrongDonationType, DonorNotEligible, ConsentMissing
    """
    donor = donors.hold_donor(donor_id=requests.donor_of(assignment_id, partner_id=partner_id))
    promise = requests.assignment_facts(assignment_id)
    if promise.status is AssignmentStatus.DONATED:
        raise AlreadyVerified(donation=str(Donation.objects.values_list("pk", flat=True).get(assignment=assignment_id)))
    if donation_type is not donation_type_for(promise.component):
        raise WrongDonationType(needed=str(donation_type_for(promise.component)))
    zone = partners.card(partner_id).zone
    measures = {"haemoglobin_g_dl": haemoglobin_g_dl, "volume_ml": volume_ml, **(vitals or {})}
    if promise.status is AssignmentStatus.ARRIVED:
        donors.refuse_ineligible(donor, donation_type=donation_type, zone=zone, measured=known_to_rules(measures))
    has_consented = requests.has_consented(assignment_id)
    if consent is ConsentForm.DIGITAL and not has_consented:
        raise ConsentMissing

    now = clock.now()
    group = blood_group or BloodGroup(donor.blood_group)
    actor = f"member:{member_id}"
    unit = stock.collect_unit(
        partner_id=partner_id,
        actor=actor,
        component=_collected_as(donation_type, promise.component),
        blood_group=group,
        volume_ml=volume_ml,
        collected_at=now,
    )
    helps = is_compatible(promise.recipient_group, group, promise.component)
    visits.record_donated(assignment_id=assignment_id, partner_id=partner_id, member_id=member_id, helps=helps)
    [donation] = record_given(
        [
            Given(
                donor=donor,
                unit=unit,
                donation_type=donation_type,
                blood_group=group,
                confirmed_group=blood_group,
                donated_at=now,
                measures=measures,
                red_cells_lost=red_cells_lost,
                consent=consent or (ConsentForm.DIGITAL if has_consented else None),
                assignment_id=assignment_id,
                key=f"request:{promise.request_id}",
            )
        ],
        partner_id=partner_id,
        member_id=member_id,
        zone=zone,
    )
    return donation


def _collected_as(donation_type: DonationType, wanted: Component) -> Component:
    """Return what the bag holds: of whole blood everything else is made later, a machine gives what is wanted."""
    return Component.WHOLE_BLOOD if donation_type is DonationType.WHOLE_BLOOD else wanted
