"""A batch of an announcement in two statements: where it ends and what quiet hours are in it, then all of its rows.

Nobody of it is loaded: for the process a batch of one costs what a batch of thousands costs.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import connection

from common import live, sessions
from common.db import step
from common.ids import UUID7_SQL
from notifications import operating
from notifications.audience import COLUMNS, PEOPLE, SPOKEN, Part, Span, Sql, sql_of
from notifications.kinds import RULES, Kind
from notifications.models import Announcement, Delivery, MessageSettings, Mute, Notification, OptOut
from notifications.preferences import CAP_WINDOW, OWN_WINDOW, Reason
from notifications.services import budgeting
from notifications.services.announcing import channels_of, said_in, texts_of
from notifications.states import LOUD_CHANNELS
from notifications.templates import FALLBACK
from users.selectors import in_touch

SUBJECT: Final = "announcement"
RULE: Final = RULES[Kind.ANNOUNCEMENT]
NOTIFICATIONS: Final = Notification._meta.db_table
DELIVERIES: Final = Delivery._meta.db_table
OPT_OUTS: Final = OptOut._meta.db_table
MUTES: Final = Mute._meta.db_table
SETTINGS: Final = MessageSettings._meta.db_table
NOBODY: Final = Sql("SELECT NULL::uuid, ''::text WHERE false", {})


@dataclass(frozen=True)
class Batch:
    """The next ones: the last of them, how many they are, and which quiet hours they have (for `wakings`)."""

    upto: uuid.UUID | None
    count: int
    hours: list[str]


def next_batch(part: Part, *, after: uuid.UUID | None, limit: int) -> Batch:
    """Return the next of the part; their number is 0 when all have been told."""
    batch = part.sql(Span(after), limit=limit)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH batch ({COLUMNS}) AS MATERIALIZED ({batch.text})
            SELECT (SELECT id FROM batch ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM batch), ARRAY(
                SELECT DISTINCT b.zone || ' ' || {OWN_WINDOW}
                FROM batch AS b LEFT JOIN {SETTINGS} AS s ON s.{part.owner} = b.id
            )
            """,  # noqa: S608 - the audience is the ORM's own SQL, all other names are ours
            batch.params,
        )
        return Batch(*cursor.fetchone())


@step
def tell(
    announcement: Announcement, part: Part, span: Span, *, wakings: Mapping[str, dt.datetime], now: dt.datetime
) -> list[uuid.UUID]:
    """Write a notification for everybody of the span, and a delivery for each address, as each of them wants it.

    `wakings` says when somebody with these hours may be reached by what rings; whoever has chosen other ones since it
    was asked waits for the last of them. Returns the notifications of those whose app may be looking.

    Texts are joined on the left though every language has them: of an inner join with what has no statistics the
    planner expects next to nothing, and then compares everybody with everybody.
    """
    people, channels = part.sql(span), channels_of(announcement)
    addresses, sated, listening = part.addresses(channels, span), _sated(part, now), _listening(part, span, now)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH batch ({COLUMNS}) AS MATERIALIZED ({people.text}),
            audience AS MATERIALIZED (
                {SPOKEN}, b.zone || ' ' || {OWN_WINDOW} AS hours
                FROM batch AS b LEFT JOIN {SETTINGS} AS s ON s.{part.owner} = b.id
            ), told AS (
                INSERT INTO {NOTIFICATIONS} (
                    id, dedupe_key, kind, {part.owner}, title, body, subject_kind, subject_id, is_critical, created_at
                )
                SELECT {UUID7_SQL}, %(occasion)s || a.id, %(kind)s, a.id, t.title, t.body, %(about)s, %(subject)s,
                    false, %(now)s
                FROM audience AS a
                LEFT JOIN unnest(%(languages)s::text[], %(titles)s::text[], %(bodies)s::text[])
                    AS t(language, title, body) ON t.language = a.spoken
                ORDER BY a.id
                ON CONFLICT (dedupe_key) DO NOTHING
                RETURNING id, {part.owner} AS who
            ), sated (who, channel) AS ({sated.text}),
            judged AS MATERIALIZED (
                SELECT d.id AS who, d.channel, d."to", d.said, r.run_at, CASE
                    WHEN o.id IS NOT NULL THEN %(opted_out)s
                    WHEN m.id IS NOT NULL THEN %(switched_off)s
                    WHEN f.who IS NOT NULL THEN %(daily_cap)s
                    WHEN r.run_at > %(now)s AND r.run_at >= %(valid_until)s THEN %(quiet_hours)s
                    ELSE '' END AS reason
                FROM ({addresses.text}) AS d
                LEFT JOIN unnest(%(hours)s::text[], %(wakings)s::timestamptz[]) AS z(hours, run_at) ON z.hours = d.hours
                LEFT JOIN {OPT_OUTS} AS o ON o.phone = d.phone AND o.channel = d.channel
                LEFT JOIN {MUTES} AS m ON m.{part.owner} = d.id AND m."group" = %(group)s AND m.channel = d.channel
                LEFT JOIN sated AS f ON f.who = d.id AND f.channel = d.channel
                CROSS JOIN LATERAL (
                    SELECT CASE WHEN d.channel = ANY(%(loud)s) THEN COALESCE(z.run_at, %(last_waking)s) ELSE %(now)s END
                ) AS r(run_at)
            ), queued AS (
                INSERT INTO {DELIVERIES} (
                    id, notification_id, channel, "to", language, subject, body, is_secret, priority, segments, status,
                    run_at, valid_until, attempts, locked_by, provider_id, error_code, created_at, ended_at
                )
                SELECT {UUID7_SQL}, told.id, d.channel, d."to", c.said_in, c.subject, c.body, false, %(priority)s,
                    c.segments, CASE WHEN d.reason = '' THEN 'queued' ELSE 'skipped' END, d.run_at, %(valid_until)s,
                    0, '', '', d.reason, %(now)s, CASE WHEN d.reason = '' THEN NULL ELSE %(now)s END
                FROM told JOIN judged AS d ON d.who = told.who
                LEFT JOIN unnest(
                    %(of_language)s::text[], %(of_channel)s::text[], %(said_in)s::text[], %(subjects)s::text[],
                    %(texts)s::bytea[], %(segments)s::int[]
                ) AS c(language, channel, said_in, subject, body, segments)
                    ON c.language = d.said AND c.channel = d.channel
            )
            SELECT id FROM told WHERE who IN ({listening.text})
            """,  # noqa: S608 - people, devices and sessions are the ORM's own SQL, all other names are ours
            {
                **people.params,
                **addresses.params,
                **sated.params,
                **listening.params,
                **_words(announcement),
                "about": SUBJECT,
                "subject": announcement.pk,
                "occasion": f"{SUBJECT}:{announcement.pk}:",
                "kind": str(Kind.ANNOUNCEMENT),
                "group": str(RULE.group),
                "priority": RULE.priority,
                "valid_until": announcement.valid_until,
                "now": now,
                "fallback": FALLBACK,
                "loud": [str(channel) for channel in sorted(LOUD_CHANNELS)],
                "hours": list(wakings),
                "wakings": list(wakings.values()),
                "last_waking": max(wakings.values(), default=now),
                "opted_out": Reason.OPTED_OUT,
                "switched_off": Reason.SWITCHED_OFF,
                "daily_cap": Reason.DAILY_CAP,
                "quiet_hours": Reason.QUIET_HOURS,
            },
        )
        return [pk for (pk,) in cursor.fetchall()]


def _words(announcement: Announcement) -> dict[str, Any]:
    """Return the texts in every language, and sealed those of every channel: a few, for as many as there are."""
    texts, seal = texts_of(announcement), Delivery._meta.get_field("body")
    spoken = sorted(texts)
    said = [(language, channel, texts[language]) for language in spoken for channel in channels_of(announcement)]
    return {
        "languages": spoken,
        "titles": [texts[language].title for language in spoken],
        "bodies": [texts[language].inbox for language in spoken],
        "of_language": [language for language, _, _ in said],
        "of_channel": [str(channel) for _, channel, _ in said],
        "said_in": [said_in(announcement, language) for language, _, _ in said],
        "subjects": [text.titles.get(channel, "")[:120] for _, channel, text in said],
        "texts": [seal.get_db_prep_value(text.by_channel[channel], connection) for _, channel, text in said],
        "segments": [budgeting.segments_of(channel, text.by_channel[channel]) for _, channel, text in said],
    }


def _sated(part: Part, now: dt.datetime) -> Sql:
    """Return the statement for those to whom as much went by a channel as a day allows; members have no such limit.

    Of everybody their own few messages are read, and only where those are as many, the deliveries of each. The sum and
    the DISTINCT keep the planner from reading the whole day's for each: of rows as new as the batch before, it believes
    that there are hardly any.
    """
    cap = operating.DAILY_CAP.value()
    if not cap or part.name != PEOPLE:
        return NOBODY
    counts = f"""n.{part.owner} = a.id AND n.created_at + interval '0' > %(counted_since)s AND NOT n.is_critical
                AND n.kind <> ALL(%(uncounted)s)"""
    return Sql(
        f"""
        SELECT a.id, had.channel FROM audience AS a CROSS JOIN LATERAL (
            SELECT went.channel FROM {NOTIFICATIONS} AS n CROSS JOIN LATERAL (
                SELECT DISTINCT d.channel FROM {DELIVERIES} AS d
                WHERE d.notification_id = n.id AND d.status <> 'skipped'
            ) AS went
            WHERE {counts}
            GROUP BY went.channel HAVING count(*) >= %(cap)s
        ) AS had
        WHERE (SELECT count(*) FROM {NOTIFICATIONS} AS n WHERE {counts}) >= %(cap)s
        """,  # noqa: S608 - the tables' names are the models'
        {
            "cap": cap,
            "counted_since": now - CAP_WINDOW,
            "uncounted": [str(kind) for kind, rule in RULES.items() if rule.is_always_sent],
        },
    )


def _listening(part: Part, span: Span, now: dt.datetime) -> Sql:
    """Return the statement for those who may have a live stream, or take one up again where it was cut.

    That takes an app that was in touch since the oldest change that is still kept; members have no inbox to look at.
    """
    if part.name != PEOPLE:
        return Sql("SELECT NULL::uuid WHERE false", {})
    since = now - live.kept_for() - settings.ACCESS_LIFETIME - sessions.SEEN_EVERY
    return sql_of(span.of(in_touch(since=since), "account").values_list("account"), "listener")
