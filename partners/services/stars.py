"""How those who met a partner rated it, summed up so that every list can show it."""

from __future__ import annotations

import uuid

from django.db.models import F

from common.db import step
from partners.models import Partner


@step
def count_stars(*, partner_id: uuid.UUID, stars: int) -> None:
    """Count one rating of the partner, which is never taken back."""
    rows = Partner.objects.filter(pk=partner_id)
    rows.update(rating_count=F("rating_count") + 1, rating_stars=F("rating_stars") + stars)
