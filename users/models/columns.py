"""What several tables of people say alike."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

LATITUDE, LONGITUDE = Q(lat__gte=-90, lat__lte=90), Q(lng__gte=-180, lng__lte=180)
NO_PLACE = Q(lat__isnull=True, lng__isnull=True)


def choices(values: Any) -> list[tuple[str, str]]:
    return [(str(value), str(value).replace("_", " ")) for value in values]
