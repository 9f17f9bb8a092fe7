"""The end of what is kept of somebody who was forgotten."""

from __future__ import annotations

import uuid

from common.db import step
from requests_app.models import Assignment


@step
def delete_traces(user_id: uuid.UUID) -> None:
    """Delete the promises with their history; a request keeps its counts."""
    Assignment.objects.filter(donor_id=user_id).delete()
