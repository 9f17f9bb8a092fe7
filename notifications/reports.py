"""How messages went: who was reached by what, and when. A fixed number of queries, however many messages."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

from django.db import connection

from notifications.kinds import Kind
from notifications.models import Delivery, Notification
from requests_app.selectors.asks import answers_to
from requests_app.selectors.requests import get_request_of

ASKING: Final = (Kind.ASK, Kind.PLACE_OFFERED)
DELIVERIES: Final = Delivery._meta.db_table
NOTIFICATIONS: Final = Notification._meta.db_table


@dataclass(frozen=True)
class ChannelReport:
    """One channel's messages; those that arrived are among the sent."""

    channel: str
    messages: int
    sent: int
    delivered: int
    failed: int
    skipped: int
    waiting: int
    median_seconds_to_send: float | None


@dataclass(frozen=True)
class RequestReport:
    """How the donors of one request were reached, and how many answered."""

    asked: int
    told: int
    reached: int
    accepted: int
    declined: int
    median_seconds_to_answer: float | None
    channels: list[ChannelReport]


@dataclass(frozen=True)
class SubjectRow:
    """The messages of one kind, channel and state about one thing."""

    kind: str
    channel: str
    status: str
    reason: str
    messages: int
    first_at: dt.datetime
    last_sent_at: dt.datetime | None
    median_seconds_to_send: float | None


def of_request(*, partner_id: uuid.UUID, request_id: uuid.UUID) -> RequestReport:
    """Return how donors were reached for the partner's request. Raises: NotFound, also for another partner's."""
    get_request_of(partner_id, request_id)
    answers = answers_to(request_id)
    kinds = [str(kind) for kind in ASKING]
    told, reached = _people(request_id, kinds)
    return RequestReport(
        asked=answers.asked,
        told=told,
        reached=reached,
        accepted=answers.accepted,
        declined=answers.declined,
        median_seconds_to_answer=answers.median_seconds,
        channels=_channels(request_id, kinds),
    )


def of_subject(subject_id: uuid.UUID) -> list[SubjectRow]:
    """Return what became of every message about a request, a camp, an order, an announcement …; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT n.kind, d.channel, d.status, d.error_code, count(*), min(d.created_at), max(d.sent_at),
                percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM d.sent_at - d.created_at))
            FROM {NOTIFICATIONS} AS n JOIN {DELIVERIES} AS d ON d.notification_id = n.id
            WHERE n.subject_id = %s
            GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
            """,  # noqa: S608 - the tables' names are the models'
            [subject_id],
        )
        return [SubjectRow(*row) for row in cursor.fetchall()]


def _channels(subject_id: uuid.UUID, kinds: list[str]) -> list[ChannelReport]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT d.channel, count(*), count(*) FILTER (WHERE d.sent_at IS NOT NULL),
                count(*) FILTER (WHERE d.status IN ('delivered', 'read')), count(*) FILTER (WHERE d.status = 'dead'),
                count(*) FILTER (WHERE d.status = 'skipped'),
                count(*) FILTER (WHERE d.status IN ('queued', 'failed', 'sending', 'in_doubt')),
                percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM d.sent_at - d.created_at))
            FROM {NOTIFICATIONS} AS n JOIN {DELIVERIES} AS d ON d.notification_id = n.id
            WHERE n.subject_id = %s AND n.kind = ANY(%s)
            GROUP BY 1 ORDER BY 1
            """,  # noqa: S608 - the tables' names are the models'
            [subject_id, kinds],
        )
        return [ChannelReport(*row) for row in cursor.fetchall()]


def _people(subject_id: uuid.UUID, kinds: list[str]) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(DISTINCT n.user_id), count(DISTINCT n.user_id) FILTER (WHERE d.sent_at IS NOT NULL)
            FROM {NOTIFICATIONS} AS n LEFT JOIN {DELIVERIES} AS d ON d.notification_id = n.id
            WHERE n.subject_id = %s AND n.kind = ANY(%s)
            """,  # noqa: S608 - the tables' names are the models'
            [subject_id, kinds],
        )
        told, reached = cursor.fetchone()
    return told, reached
