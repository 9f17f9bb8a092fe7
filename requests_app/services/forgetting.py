"""The end of what is kept of somebody who was forgotten."""

from __future__ import annotations

import uuid

from common.db import step
from requests_app.models import Assignment, AttenderRequest


@step
def delete_traces(user_id: uuid.UUID) -> None:
    """Delete the promises with their history; requests of hospitals and families keep their counts and name nobody."""
    Assignment.objects.filter(donor_id=user_id).delete()
    AttenderRequest.objects.filter(requester_id=user_id).update(requester=None)
