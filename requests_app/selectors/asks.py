"""Donors who were asked."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Exists, OuterRef

from common import clock
from requests_app.models import Ask, Assignment
from requests_app.operating import ASK_CAP
from requests_app.states import RequestStatus

CAP_PERIOD = dt.timedelta(hours=24)  # in which a donor may be asked `DAILY_ASK_CAP` times


@dataclass(frozen=True)
class AskToTell:
    """A donor who is to be told that blood is needed."""

    donor_id: uuid.UUID
    distance_km: Decimal
    request_id: uuid.UUID


def asked_enough(donor_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of the donors who may be asked no more within a day; one query."""
    since = clock.now() - CAP_PERIOD
    asks = Ask.objects.filter(donor_id__in=list(donor_ids), created_at__gt=since).order_by().values("donor_id")
    counted = asks.annotate(times=Count("pk")).filter(times__gte=ASK_CAP.value())
    return set(counted.values_list("donor_id", flat=True))


def has_been_asked_enough(*, since: dt.datetime) -> Exists:
    """Return the condition over a donor's row that he was asked since then as often as a day allows."""
    asks = Ask.objects.filter(donor_id=OuterRef("pk"), created_at__gt=since).order_by()
    cap = ASK_CAP.value()
    return Exists(asks[cap - 1 : cap])


def asks_to_tell(ask_ids: Iterable[uuid.UUID]) -> list[AskToTell]:
    """Return the asks that still need an answer: none once the request is closed or the donor has answered."""
    answered = Assignment.objects.filter(request=OuterRef("request"), donor=OuterRef("donor"))
    still_open = {"request__status": RequestStatus.OPEN, "request__expires_at__gt": clock.now()}
    rows = Ask.objects.filter(~Exists(answered), pk__in=list(ask_ids), **still_open)
    values = rows.order_by("pk").values_list("donor_id", "distance_km", "request_id")
    return [AskToTell(*row) for row in values]


@dataclass(frozen=True)
class Answers:
    """How many donors were asked for a request, and what they said; the median is from the ask to the promise."""

    asked: int
    accepted: int
    declined: int
    median_seconds: float | None


def answers_to(request_id: uuid.UUID) -> Answers:
    """Return the numbers; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(*), count(p.accepted_at), count(a.declined_at),
                percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM p.accepted_at - a.created_at))
            FROM {Ask._meta.db_table} AS a
            LEFT JOIN (
                SELECT donor_id, min(accepted_at) AS accepted_at FROM {Assignment._meta.db_table}
                WHERE request_id = %(request)s GROUP BY donor_id
            ) AS p ON p.donor_id = a.donor_id
            WHERE a.request_id = %(request)s
            """,  # noqa: S608 - the tables' names are the models'
            {"request": request_id},
        )
        return Answers(*cursor.fetchone())
