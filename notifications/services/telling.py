"""Turning something that happened into messages: one notification per person, one delivery per channel."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.conf import settings
from django.db import transaction

from common import clock, outbox
from common.db import lock, step
from common.ids import uuid7
from common.phone import is_test_number
from notifications import doorbell
from notifications.kinds import RULES, Kind
from notifications.models import Delivery, Notification, OptOut
from notifications.services.budgeting import segments_of
from notifications.states import OVER, TEXT_CHANNELS, Channel, DeliveryStatus
from notifications.templates import Fact, Message, compose, spoken_text

LISTENERS: Final = 500  # told of by one event
LONGEST_KEY: Final = 80  # of an event
WORTH_SENDING: Final = dt.timedelta(hours=24)  # what has no hour of its own is not sent later than that


@dataclass(frozen=True)
class Recipient:
    """Who is told: a person (`user_id`), a member (`member_id`), or whoever holds the number (neither).

    `facts` are this recipient's own, beside those all share. Without `email` there is no e-mail; one brings the
    `invitation` (iCalendar) with it.
    """

    phone: str
    language: str
    zone: str
    user_id: uuid.UUID | None = None
    member_id: uuid.UUID | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    email: str = ""
    invitation: str = field(default="", repr=False)

    @property
    def key(self) -> str:
        """What tells this recipient from every other; a number alone is told once per occasion."""
        return str(self.user_id or self.member_id or "number")


@dataclass(frozen=True)
class Subject:
    """What a notification is about, for the app to open."""

    kind: str
    id: uuid.UUID


@step
def notify(
    *,
    kind: Kind,
    occasion: str,
    recipients: Sequence[Recipient],
    facts: Mapping[str, Fact] | None = None,
    subject: Subject | None = None,
    not_before: dt.datetime | None = None,
    valid_until: dt.datetime | None = None,
    priority: int | None = None,
    is_critical: bool = False,
) -> int:
    """Queue the messages of one occasion; return how many recipients were not told before.

    Whoever was told of the same `occasion` is left out, whatever is retried. A channel that the number has
    opted out of is recorded as skipped. Nothing is sent before `not_before` (at once unless told) or after
    `valid_until` (24 hours later unless told). A critical one is followed by a voice call when no text arrives.
    The number of queries is the same for any number of recipients.
    """
    if not recipients:
        return 0
    rule, now = RULES[kind], clock.now()
    texts: dict[uuid.UUID, tuple[Recipient, Message]] = {}
    rows = []
    for recipient in recipients:
        own = {**(facts or {}), **recipient.facts}
        message = compose(kind, language=recipient.language, zone=recipient.zone, facts=own)
        row = Notification(
            id=uuid7(),
            dedupe_key=f"{occasion}:{recipient.key}",
            kind=kind,
            user_id=recipient.user_id,
            member_id=recipient.member_id,
            title=message.title,
            body=message.inbox,
            subject_kind=subject.kind if subject else "",
            subject_id=subject.id if subject else None,
            is_critical=is_critical,
            created_at=now,
        )
        texts[row.id] = (recipient, message)
        rows.append(row)
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    new_ids = set(Notification.objects.filter(pk__in=texts).values_list("pk", flat=True))
    deaf = _opted_out(recipient.phone for recipient in recipients)
    Delivery.objects.bulk_create(
        _delivery(
            pk,
            recipient,
            channel,
            subject=message.title,
            body=body,
            is_secret=rule.is_secret,
            priority=rule.priority if priority is None else priority,
            now=now,
            run_at=not_before or now,
            valid_until=valid_until or (not_before or now) + WORTH_SENDING,
            is_deaf=(recipient.phone, channel) in deaf or is_test_number(recipient.phone),
        )
        for pk, (recipient, message) in texts.items()
        if pk in new_ids
        for channel, body in message.by_channel.items()
        if channel is not Channel.EMAIL or _takes_mail(recipient)
    )
    if new_ids:
        transaction.on_commit(doorbell.ring)
        _tell_listeners(occasion, [row for row in rows if row.pk in new_ids and row.user_id is not None])
    return len(new_ids)


def _tell_listeners(occasion: str, rows: Sequence[Notification]) -> None:
    """Have whoever looks at the inbox see it at once; by an event, for this is not the transaction's last word."""
    for start in range(0, len(rows), LISTENERS):
        ids = [str(row.pk) for row in rows[start : start + LISTENERS]]
        outbox.emit("notification.created", key=f"inbox:{occasion}"[:LONGEST_KEY], notifications=ids)


@step
def lock_for_calls(notification_ids: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Lock these notifications before their deliveries change; return the critical ones.

    Two texts of one notification may die at the same moment: with the lock, the second sees the first.
    """
    return [row.pk for row in lock(Notification, set(notification_ids)) if row.is_critical]


@step
def queue_calls(notification_ids: Sequence[uuid.UUID]) -> int:
    """Queue a voice call for each of these that no text will reach; return how many calls.

    That is when every text is over, at least one of them died, and the matter is still worth a call. The
    caller has locked the notifications, which are critical (`lock_for_calls`).
    """
    if not notification_ids:
        return 0
    now = clock.now()
    siblings: dict[uuid.UUID, list[Delivery]] = {}
    for delivery in Delivery.objects.filter(notification__in=notification_ids).select_related("notification"):
        siblings.setdefault(delivery.notification_id, []).append(delivery)
    calls = [_call(deliveries, now) for deliveries in siblings.values() if _is_unreached(deliveries, now)]
    Delivery.objects.bulk_create(calls, ignore_conflicts=True)
    if calls:
        transaction.on_commit(doorbell.ring)
    return len(calls)


def _is_unreached(deliveries: Sequence[Delivery], now: dt.datetime) -> bool:
    texts = [delivery for delivery in deliveries if delivery.channel in TEXT_CHANNELS]
    return (
        all(delivery.channel != Channel.VOICE for delivery in deliveries)  # nobody is called twice
        and all(text.state in OVER for text in texts)
        and any(text.state is DeliveryStatus.DEAD for text in texts)
        and any(text.valid_until > now for text in texts)
    )


def _call(deliveries: Sequence[Delivery], now: dt.datetime) -> Delivery:
    text = next(delivery for delivery in deliveries if delivery.channel in TEXT_CHANNELS)
    told = text.notification
    return Delivery(
        id=uuid7(),
        notification=told,
        channel=Channel.VOICE,
        to=text.to,
        language=text.language,
        body=spoken_text(language=text.language, title=told.title, body=told.body),
        priority=text.priority,
        run_at=now,
        valid_until=text.valid_until,
        created_at=now,
    )


def _delivery(
    notification_id: uuid.UUID,
    recipient: Recipient,
    channel: Channel,
    *,
    subject: str,
    body: str,
    is_secret: bool,
    priority: int,
    now: dt.datetime,
    run_at: dt.datetime,
    valid_until: dt.datetime,
    is_deaf: bool,
) -> Delivery:
    is_mail = channel is Channel.EMAIL
    return Delivery(
        id=uuid7(),
        notification_id=notification_id,
        channel=channel,
        to=recipient.email if is_mail else recipient.phone,
        language=recipient.language,
        subject=subject if is_mail else "",
        invitation=(recipient.invitation or None) if is_mail else None,
        body=None if is_deaf and is_secret else body,
        segments=segments_of(channel, body),
        is_secret=is_secret,
        priority=priority,
        status=DeliveryStatus.SKIPPED if is_deaf else DeliveryStatus.QUEUED,
        error_code=_why_silent(recipient) if is_deaf else "",
        run_at=run_at,
        valid_until=valid_until,
        created_at=now,
        ended_at=now if is_deaf else None,
    )


def _why_silent(recipient: Recipient) -> str:
    return "test_mode" if is_test_number(recipient.phone) else "opted_out"


def _takes_mail(recipient: Recipient) -> bool:
    return bool(recipient.email and settings.SMTP_URL)


def _opted_out(phones: Iterable[str]) -> set[tuple[str, str]]:
    return set(OptOut.objects.filter(phone__in=set(phones)).values_list("phone", "channel"))
