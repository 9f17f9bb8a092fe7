"""A partner complains about a donor it was to meet: the visit is what shows that the two met."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from common.db import command
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
