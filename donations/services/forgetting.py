"""The end of what is kept of somebody who was forgotten."""

from __future__ import annotations

import uuid

from common.db import step
from donations.models import CampEvent, Donation, Enrolment, Rating


@step
def delete_traces(user_id: uuid.UUID) -> None:
    """Delete donations, places in camps, and what was said of visits; units and camps keep their own history."""
    Rating.objects.filter(assignment__donor_id=user_id).delete()
    Donation.objects.filter(donor_id=user_id).delete()
    CampEvent.objects.filter(enrolment__donor_id=user_id).delete()
    Enrolment.objects.filter(donor_id=user_id).delete()
