"""The end of what is kept of somebody who was forgotten."""

from __future__ import annotations

import uuid

from django.db.models import Q

from common.db import step
from partners.models import Complaint, ComplaintEvent


@step
def delete_traces(user_id: uuid.UUID) -> None:
    """Delete the cases that the person opened or that were about the person, with their history."""
    cases = Complaint.objects.filter(Q(by_person_id=user_id) | Q(about_person_id=user_id))
    ids = list(cases.values_list("pk", flat=True))
    ComplaintEvent.objects.filter(complaint__in=ids).delete()
    Complaint.objects.filter(pk__in=ids).delete()
