"""The end of what is kept of somebody who was forgotten."""

from __future__ import annotations

import uuid

from common.db import step
from donations.models import Donation, Rating


@step
def delete_traces(user_id: uuid.UUID) -> None:
    """Delete the donations, and what was said of the visits; the units keep their own history."""
    Rating.objects.filter(assignment__donor_id=user_id).delete()
    Donation.objects.filter(donor_id=user_id).delete()
