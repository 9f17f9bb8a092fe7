"""What administrators do with an announcement; the worker tells people in `batching`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.db import connection

from common import clock
from common.db import command, lock_one, step
from common.money import Currency, Money
from common.transitions import advance
from notifications.audience import COLUMNS, SPOKEN, Part, parts_of
from notifications.errors import AnnouncementNotDraft, AnnouncementTooLate, AudienceEmpty, CountNotConfirmed
from notifications.kinds import RULES, Kind
from notifications.models import Announcement, AnnouncementEvent, Mute, OptOut
from notifications.services import budgeting
from notifications.states import ANNOUNCEMENT_TRANSITIONS, AnnouncementStatus, Channel
from notifications.templates import FALLBACK, Message, Prose, compose, languages

OPT_OUTS: Final = OptOut._meta.db_table
MUTES: Final = Mute._meta.db_table
WRITTEN: Final = frozenset(
    {
        *(f"{form}_{language}" for form in ("title", "body") for language in ("en", "hi", "bn")),
        *("audience", "city", "state", "lat", "lng", "radius_km", "blood_groups", "language"),
        *("channels", "starts_at", "valid_until"),
    }
)


@dataclass
class ChannelEstimate:
    """What one channel would carry; the cost is None where nobody has set a price.

    A push goes to each of somebody's devices, so there may be more messages than people. Who wants none of it by the
    channel, by STOP or by preference, has opted out.
    """

    people: int = 0
    messages: int = 0
    opted_out: int = 0
    segments: int = 0
    cost: Money | None = None


@dataclass
class Estimate:
    people: int = 0
    by_channel: dict[str, ChannelEstimate] = field(default_factory=dict)

    @property
    def needs_confirmation(self) -> bool:
        return self.people > settings.ANNOUNCEMENT_CONFIRM_ABOVE

    @property
    def costs(self) -> dict[Currency, Money]:
        """What the priced channels cost together, by currency."""
        found: dict[Currency, Money] = {}
        for row in self.by_channel.values():
            if row.cost is not None:
                currency = row.cost.currency
                found[currency] = found.get(currency, Money(0, currency)) + row.cost
        return found


@step
def write(*, announcement_id: uuid.UUID | None, admin_id: uuid.UUID, values: Mapping[str, Any]) -> Announcement:
    """Write a draft, or write one anew, in the transaction of the form. Raises: AnnouncementNotDraft"""
    written = {name: values[name] for name in WRITTEN & values.keys()}
    if announcement_id is None:
        row = Announcement.objects.create(created_by_id=admin_id, **written)
        record(row, "write", actor=actor_of(admin_id))
        return row
    drafts = Announcement.objects.filter(pk=announcement_id, status=AnnouncementStatus.DRAFT)
    if not drafts.update(**written):  # one statement, so that nobody sends it off in between
        raise AnnouncementNotDraft
    row = Announcement.objects.get(pk=announcement_id)
    record(row, "rewrite", actor=actor_of(admin_id))
    return row


@command
def schedule(*, announcement_id: uuid.UUID, admin_id: uuid.UUID, typed_count: int | None = None) -> Announcement:
    """Send a draft off: at its hour, or at once. Who sends to many has to type how many there are.

    Locks: the announcement.
    Raises: NotFound, IllegalTransition, AnnouncementTooLate, AudienceEmpty, CountNotConfirmed
    """
    row = lock_one(Announcement, announcement_id)
    row.status = advance(ANNOUNCEMENT_TRANSITIONS, row.state_now, "schedule")
    now = clock.now()
    row.starts_at = max(row.starts_at or now, now)
    if row.valid_until <= row.starts_at:
        raise AnnouncementTooLate
    found = estimate(row)
    if not found.people:
        raise AudienceEmpty
    if found.needs_confirmation and typed_count != found.people:
        raise CountNotConfirmed(people=found.people)
    row.people_total, row.people_done, row.told_to, row.part, row.prepared_at = found.people, 0, None, "people", None
    row.save()
    record(row, "schedule", actor=actor_of(admin_id), people=found.people)
    return row


@command
def withdraw(*, announcement_id: uuid.UUID, admin_id: uuid.UUID) -> Announcement:
    """Take one that has not begun back, to be written anew. Locks: the announcement.

    Raises: NotFound, IllegalTransition
    """
    return _moved(announcement_id, "withdraw", admin_id)


@command
def pause(*, announcement_id: uuid.UUID, admin_id: uuid.UUID) -> Announcement:
    """Tell nobody more, and hold what is queued. Locks: the announcement.      Raises: NotFound, IllegalTransition"""
    return _moved(announcement_id, "pause", admin_id, is_unsettled=True)


@command
def resume(*, announcement_id: uuid.UUID, admin_id: uuid.UUID) -> Announcement:
    """Let go what is held, and go on. Locks: the announcement.      Raises: NotFound, IllegalTransition"""
    return _moved(announcement_id, "resume", admin_id, is_unsettled=True)


@command
def cancel(*, announcement_id: uuid.UUID, admin_id: uuid.UUID) -> Announcement:
    """Tell nobody more, and drop what is queued. Locks: the announcement.      Raises: NotFound, IllegalTransition"""
    return _moved(announcement_id, "cancel", admin_id, is_unsettled=True)


def estimate(announcement: Announcement) -> Estimate:
    """Count who would be told, by which channels, and what that would cost; two queries for each part."""
    texts, terms = texts_of(announcement), budgeting.terms_now()
    found = Estimate(by_channel={channel: ChannelEstimate() for channel in channels_of(announcement)})
    for part in parts_of(announcement):
        found.people += _count(part)
        for channel, spoken, people, reached, deaf in _reached(part, announcement):
            row = found.by_channel[channel]
            row.people += people
            row.messages += reached
            row.opted_out += deaf
            row.segments += reached * budgeting.segments_of(
                Channel(channel), texts[spoken].by_channel[Channel(channel)]
            )
    for channel, row in found.by_channel.items():
        if channel in terms:
            row.cost = Money(row.segments * terms[channel].price_minor, terms[channel].currency)
    return found


def channels_of(announcement: Announcement) -> list[Channel]:
    """Return the channels it goes by beside the inbox; by e-mail and push only where those are set up."""
    absent = {
        channel
        for channel, account in ((Channel.EMAIL, settings.SMTP_URL), (Channel.PUSH, settings.FCM_CREDENTIALS))
        if not account
    }
    return [channel for channel in map(Channel, announcement.channels) if channel not in absent]


def texts_of(announcement: Announcement) -> dict[str, Message]:
    """Return the texts by language; in English where an administrator wrote none in a language."""
    found = {}
    for language in sorted(languages()):
        written_in = said_in(announcement, language)
        title, body = (getattr(announcement, f"{form}_{written_in}") for form in ("title", "body"))
        found[language] = compose(
            Kind.ANNOUNCEMENT,
            language=written_in,
            zone=settings.DEFAULT_ZONE,
            facts={"heading": Prose(title), "words": Prose(body)},
            channels=channels_of(announcement),
        )
    return found


def said_in(announcement: Announcement, language: str) -> str:
    """Return the language that somebody who reads `language` gets it in."""
    has_own = all(getattr(announcement, f"{form}_{language}", "") for form in ("title", "body"))
    return language if has_own else FALLBACK


@step
def record(announcement: Announcement, verb: str, *, actor: str, **facts: int) -> None:
    """Append to the history."""
    AnnouncementEvent.objects.create(announcement=announcement, verb=verb, actor=actor, facts=facts)


def actor_of(admin_id: uuid.UUID) -> str:
    return f"admin {admin_id}"


def _moved(announcement_id: uuid.UUID, verb: str, admin_id: uuid.UUID, *, is_unsettled: bool = False) -> Announcement:
    row = lock_one(Announcement, announcement_id)
    row.status = advance(ANNOUNCEMENT_TRANSITIONS, row.state_now, verb)
    if is_unsettled:
        row.is_unsettled, row.settled_to = True, None
    row.save()
    record(row, verb, actor=actor_of(admin_id), people_done=row.people_done)
    return row


def _count(part: Part) -> int:
    return int(part.rows.count())


def _reached(part: Part, announcement: Announcement) -> list[tuple[str, str, int, int, int]]:
    """Return channel, language spoken, how many people are reached by how many messages, and how many want none."""
    audience, addresses = part.sql(), part.addresses(channels_of(announcement))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH everybody ({COLUMNS}) AS ({audience.text}),
            audience AS ({SPOKEN} FROM everybody AS b)
            SELECT d.channel, d.said, count(*) FILTER (WHERE is_wanted AND d.nth = 1),
                count(*) FILTER (WHERE is_wanted), count(*) FILTER (WHERE NOT is_wanted AND d.nth = 1)
            FROM ({addresses.text}) AS d
            LEFT JOIN {OPT_OUTS} AS o ON o.phone = d.phone AND o.channel = d.channel
            LEFT JOIN {MUTES} AS m ON m.{part.owner} = d.id AND m.channel = d.channel AND m."group" = %(group)s
            CROSS JOIN LATERAL (SELECT o.id IS NULL AND m.id IS NULL) AS w(is_wanted)
            GROUP BY 1, 2
            """,  # noqa: S608 - the audience is the ORM's own SQL, all other names are the models'
            {
                **audience.params,
                **addresses.params,
                "languages": sorted(languages()),
                "fallback": FALLBACK,
                "group": RULES[Kind.ANNOUNCEMENT].group,
            },
        )
        return list(cursor.fetchall())
