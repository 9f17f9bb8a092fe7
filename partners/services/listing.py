"""Banks of the national directory become listings: new ones are added, changed ones follow the directory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from psycopg2.extras import execute_values

from common import clock
from common.db import command
from common.ids import uuid7
from partners.directory import Listing
from partners.models import Partner
from partners.states import PartnerStatus

# What the directory says; everything else of a listing is ours.
FROM_DIRECTORY: Final = (
    *(
        "license_number",
        "kind",
        "name",
        "category",
        "phone",
        "email",
        "website",
        "address",
        "city",
        "district",
    ),
    *("state", "pincode", "lat", "lng", "service_hours", "has_components", "has_apheresis"),
)


@dataclass(frozen=True)
class Listed:
    """What became of some listings. `kept` belong to a partner and were not touched."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: int = 0

    def __add__(self, other: Listed) -> Listed:
        return Listed(
            self.new + other.new,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.kept + other.kept,
        )


@command
def list_banks(*, listings: Sequence[Listing]) -> Listed:
    """Write the listings, whose licence keys differ, in one statement; only rows that differ are written.

    A row that somebody claims at this moment is waited for and then left alone: the condition is judged on
    the row as it is when its lock is free.
    """
    if not listings:
        return Listed()
    keys = [listing.license_key for listing in listings]
    with connection.cursor() as cursor:
        written = execute_values(cursor.cursor, _upsert(), _rows(listings), page_size=len(listings), fetch=True)
    new = sum(is_new for (is_new,) in written)
    kept = Partner.objects.filter(license_key__in=keys).exclude(status=PartnerStatus.LISTED).count()
    return Listed(new, len(written) - new, len(listings) - len(written) - kept, kept)


def _rows(listings: Sequence[Listing]) -> list[tuple[Any, ...]]:
    now = clock.now()
    own = (str(PartnerStatus.LISTED), True, "Asia/Kolkata", now, now)
    return [
        (str(uuid7()), listing.license_key, *own, *(getattr(listing, name) for name in FROM_DIRECTORY))
        for listing in listings
    ]


def _upsert() -> str:
    table = Partner._meta.db_table
    said = ", ".join(FROM_DIRECTORY)
    new = ", ".join(f"excluded.{name}" for name in FROM_DIRECTORY)
    old = ", ".join(f"old.{name}" for name in FROM_DIRECTORY)
    # Names of our own columns, no input.
    return f"""
        INSERT INTO {table} AS old
               (id, license_key, status, in_directory, zone, created_at, updated_at, {said}) VALUES %s
            ON CONFLICT (license_key) DO UPDATE
           SET ({said}, updated_at) = ({new}, excluded.updated_at)
         WHERE old.status = '{PartnerStatus.LISTED}' AND ({old}) IS DISTINCT FROM ({new})
     RETURNING xmax = 0
    """  # noqa: S608
