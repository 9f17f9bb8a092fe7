"""Whom an announcement is for, as SQL that can be counted and paged through by id."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import EmptyResultSet
from django.db.models import F, QuerySet, Value

from appointments.selectors.doctors import people_who_practise
from notifications.states import AudienceKind
from partners import selectors as partners
from users import audiences
from users.selectors import usable_email

if TYPE_CHECKING:
    from notifications.models import Announcement

PEOPLE: Final = "people"
MEMBERS: Final = "members"
COLUMNS: Final = "id, phone, email, language, zone"


@dataclass(frozen=True)
class Part:
    """People, or members: two tables, told one after the other. `owner` is the notification's column."""

    name: str
    owner: str
    rows: QuerySet[Any, Any]

    def sql(self, *, after: uuid.UUID | None, upto: uuid.UUID | None = None, limit: int | None = None) -> Sql:
        """Return the statement for those beyond `after`, in the order of their ids, with the columns `COLUMNS`."""
        rows = self.rows
        if after is not None:
            rows = rows.filter(pk__gt=after)
        if upto is not None:
            rows = rows.filter(pk__lte=upto)
        try:
            text, params = rows.order_by("pk")[:limit].query.sql_with_params()
        except EmptyResultSet:  # as in a state in which no partner is: there is nothing to ask the database
            return NOBODY
        return Sql(text, params)


@dataclass(frozen=True)
class Sql:
    text: str
    params: Sequence[Any]


NOBODY: Final = Sql("SELECT NULL::uuid, NULL::text, NULL::text, NULL::text, NULL::text WHERE false", ())


def parts_of(announcement: Announcement) -> list[Part]:
    """Return the parts of the audience in the order in which they are told."""
    kind = AudienceKind(announcement.audience)
    parts = []
    if kind is not AudienceKind.MEMBERS:
        parts.append(_people(announcement, kind))
    if kind is AudienceKind.MEMBERS or (kind is AudienceKind.EVERYBODY and not announcement.blood_groups):
        parts.append(_members(announcement))  # a member's account has no blood group
    return parts


def _people(announcement: Announcement, kind: AudienceKind) -> Part:
    rows = audiences.people(
        donors_only=kind is AudienceKind.DONORS,
        blood_groups=announcement.blood_groups,
        city=announcement.city,
        cities=partners.cities_in(announcement.state) if announcement.state else None,
        language=announcement.language,
        place=announcement.place,
        radius_km=announcement.radius_km or 0,
    )
    if kind is AudienceKind.DOCTORS:
        rows = rows.filter(pk__in=people_who_practise())
    return Part(PEOPLE, "user_id", rows.values_list("pk", "phone", usable_email(), "language", "zone"))


def _members(announcement: Announcement) -> Part:
    rows = partners.active_members(
        city=announcement.city,
        state=announcement.state,
        language=announcement.language,
        place=announcement.place,
        radius_km=announcement.radius_km or 0,
    )
    rows = rows.annotate(no_address=Value(""), zone=F("partner__zone"))
    return Part(MEMBERS, "member_id", rows.values_list("pk", "phone", "no_address", "language", "zone"))
