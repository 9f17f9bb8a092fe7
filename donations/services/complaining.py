"""A partner complains about a donor it was to meet or a family it serves; visit or request shows that they met."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from common.db import command
from common.errors import NotFound
from partners.services import complaints
from partners.services.complaints import Grievance
from partners.states import ComplaintCategory, SubjectKind
from requests_app import selectors as requests

if TYPE_CHECKING:
    from partners.models import Complaint


@command
def complain_about_donor(
    *, partner_id: uuid.UUID, member_id: uuid.UUID, assignment_id: uuid.UUID, category: ComplaintCategory, text: str
) -> Complaint:
    """Open a case about the donor of one of the partner's visits. Raises: NotFound, ComplaintOpen"""
    visit = requests.get_assignment_of_partner(partner_id, assignment_id)
    return complaints.complain_about_person(
        partner_id=partner_id,
        member_id=member_id,
        person_id=visit.donor_id,
        grievance=Grievance(category, text, SubjectKind.ASSIGNMENT, visit.pk),
    )


@command
def complain_about_family(
    *, partner_id: uuid.UUID, member_id: uuid.UUID, request_id: uuid.UUID, category: ComplaintCategory, text: str
) -> Complaint:
    """Open a case about whoever raised a family's request that the partner serves.

    Raises: NotFound, also where nothing is kept of whoever it was; ComplaintOpen
    """
    family = requests.family_facts(request_id)
    if family.partner_id != partner_id or family.requester_id is None:
        raise NotFound
    return complaints.complain_about_person(
        partner_id=partner_id,
        member_id=member_id,
        person_id=family.requester_id,
        grievance=Grievance(category, text, SubjectKind.ATTENDER_REQUEST, family.id),
    )
