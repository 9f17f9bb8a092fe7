"""Whom an announcement is for, as SQL that can be counted and paged through by id."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import EmptyResultSet
from django.db.models import F, QuerySet, Value

from appointments.selectors.doctors import people_who_practise
from notifications.selectors import living_devices
from notifications.states import AudienceKind, Channel
from notifications.templates import FALLBACK, languages
from partners import selectors as partners
from users import audiences
from users.selectors import usable_email

if TYPE_CHECKING:
    from notifications.models import Announcement

PEOPLE: Final = "people"
MEMBERS: Final = "members"
COLUMNS: Final = "id, phone, email, language, zone"
# The beginning of a relation `audience`: `b` has COLUMNS, and whoever reads what nobody writes reads English.
SPOKEN: Final = "SELECT b.*, CASE WHEN b.language = ANY(%(languages)s) THEN b.language ELSE %(fallback)s END AS spoken"


@dataclass(frozen=True)
class Span:
    """Those whose ids lie beyond `after`, up to `upto`; without either, all."""

    after: uuid.UUID | None = None
    upto: uuid.UUID | None = None

    def of(self, rows: QuerySet[Any, Any], column: str) -> QuerySet[Any, Any]:
        """Return the rows of which the column names one of them."""
        if self.after is not None:
            rows = rows.filter(**{f"{column}__gt": self.after})
        if self.upto is not None:
            rows = rows.filter(**{f"{column}__lte": self.upto})
        return rows


ALL: Final = Span()


@dataclass(frozen=True)
class Part:
    """People, or members: two tables, told one after the other. `owner` is the notification's column."""

    name: str
    owner: str
    rows: QuerySet[Any, Any]

    def sql(self, span: Span = ALL, *, limit: int | None = None) -> Sql:
        """Return the statement for those of the span, in the order of their ids, with the columns `COLUMNS`."""
        try:
            return sql_of(span.of(self.rows, "pk").order_by("pk")[:limit], "audience")
        except EmptyResultSet:  # as in a state in which no partner is: there is nothing to ask the database
            return NOBODY

    def addresses(self, channels: Sequence[Channel], span: Span = ALL) -> Sql:
        """Return the statement for where a relation `audience` (COLUMNS and `spoken`) is reached, of the span at most.

        It adds `channel`, `to`, `said` (a language that has texts) and `nth`: an account has one address by a channel,
        but a push for each device, of which `nth` is 1 for the first.
        """
        plain = [str(channel) for channel in channels if channel is not Channel.PUSH]
        by_number = Sql(
            """
            SELECT a.*, c.channel, CASE c.channel WHEN 'email' THEN a.email ELSE a.phone END AS "to", a.spoken AS said,
                1 AS nth
            FROM audience AS a CROSS JOIN unnest(%(plain)s::text[]) AS c(channel)
            WHERE c.channel <> 'email' OR a.email <> ''
            """,
            {"plain": plain},
        )
        return by_number.and_all_of(self._devices(span)) if Channel.PUSH in channels else by_number

    def _devices(self, span: Span) -> Sql:
        rows = span.of(living_devices().filter(**{f"{self.owner}__isnull": False}), self.owner)
        devices = sql_of(rows.values_list("pk", self.owner, "language"), "device")
        return Sql(
            f"""
            SELECT a.*, 'push', v.device::text, CASE
                WHEN v.app = '' THEN a.spoken WHEN v.app = ANY(%(languages)s) THEN v.app ELSE %(fallback)s END,
                row_number() OVER (PARTITION BY a.id)
            FROM audience AS a JOIN ({devices.text}) AS v(device, who, app) ON v.who = a.id
            """,  # noqa: S608 - the devices are the ORM's own SQL
            {**devices.params, "languages": sorted(languages()), "fallback": FALLBACK},
        )


@dataclass(frozen=True)
class Sql:
    """A statement with named parameters, so that it can stand within another."""

    text: str
    params: Mapping[str, Any]

    def and_all_of(self, other: Sql) -> Sql:
        return Sql(f"{self.text} UNION ALL {other.text}", {**self.params, **other.params})


def sql_of(rows: QuerySet[Any, Any], name: str) -> Sql:
    """Return the statement of the query; its parameters are called by `name`, and a number."""
    text, params = rows.query.sql_with_params()
    named = {f"{name}{number}": value for number, value in enumerate(params)}
    return Sql(text.replace("%%", "%%%%") % tuple(f"%({key})s" for key in named), named)


NOBODY: Final = Sql("SELECT NULL::uuid, NULL::text, NULL::text, NULL::text, NULL::text WHERE false", {})


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
