"""Turning something that happened into messages: one notification per person, one delivery per channel."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
from notifications.models import Delivery, Notification
from notifications.preferences import Asked, Reason, wishes_of
from notifications.selectors import Device, devices_of
from notifications.services.budgeting import segments_of
from notifications.states import OVER, TEST_MODE, TEXT_CHANNELS, Channel, DeliveryStatus
from notifications.templates import Fact, Message, compose, spoken_text
from notifications.wordings import current

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
    def asked(self) -> Asked:
        return Asked(self.phone, self.zone, self.user_id, self.member_id)

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

    Whoever was told of the same `occasion` is left out, whatever is retried. What the recipient does not want by a
    channel is recorded there as skipped, with the reason; in quiet hours it waits for their end. Nothing is sent before
    `not_before` (at once unless told) or after `valid_until` (24 hours later unless told). A critical one passes wishes
    and hours, and is followed by a voice call when no text arrives. The number of queries is the same for any number
    of recipients.
    """
    if not recipients:
        return 0
    now = clock.now()
    overrides = current()

    def in_language(recipient: Recipient, language: str) -> Message:
        own = {**(facts or {}), **recipient.facts}
        return compose(kind, language=language, zone=recipient.zone, facts=own, overrides=overrides)

    texts: dict[uuid.UUID, tuple[Recipient, Message]] = {}
    rows = []
    for recipient in recipients:
        message = in_language(recipient, recipient.language)
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
    told = [(pk, *texts[pk]) for pk in texts if pk in new_ids]
    start = not_before or now
    terms = Terms(
        kind=kind,
        now=now,
        start=start,
        valid_until=valid_until or start + WORTH_SENDING,
        priority=RULES[kind].priority if priority is None else priority,
        is_critical=is_critical,
    )
    Delivery.objects.bulk_create(deliveries_of(told, terms, in_language))
    if new_ids:
        transaction.on_commit(doorbell.ring)
        tell_listeners(occasion, [row.pk for row in rows if row.pk in new_ids and row.user_id is not None])
    return len(new_ids)


@step
def tell_listeners(occasion: str, notification_ids: Sequence[uuid.UUID]) -> None:
    """Have whoever looks at the inbox see it at once; by an event, for this is not the transaction's last word.

    The events of one occasion have one key, and are told one after the other: the rest of the relay stays free.
    """
    for start in range(0, len(notification_ids), LISTENERS):
        ids = [str(pk) for pk in notification_ids[start : start + LISTENERS]]
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


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How the messages of one occasion travel."""

    kind: Kind
    now: dt.datetime
    start: dt.datetime
    valid_until: dt.datetime
    priority: int
    is_critical: bool = False


@dataclass(frozen=True)
class _Copy:
    """One message to one address."""

    channel: Channel
    to: str
    language: str
    title: str
    body: str
    invitation: str | None = None


def deliveries_of(
    told: Sequence[tuple[uuid.UUID, Recipient, Message]],
    terms: Terms,
    in_language: Callable[[Recipient, str], Message],
) -> Iterator[Delivery]:
    """Yield the deliveries of these notifications, as each recipient wants them; a constant number of queries.

    `in_language` says the same again, for an app that is used in another language than the account.
    """
    asked = [recipient.asked for _, recipient, _ in told]
    wishes = wishes_of(asked, terms.kind, at=terms.start, is_critical=terms.is_critical)
    takes_push = settings.FCM_CREDENTIALS and Channel.PUSH in RULES[terms.kind].channels
    devices = devices_of(one.id for one in asked if one.id) if takes_push else {}
    for pk, recipient, message in told:
        one = recipient.asked
        for copy in _copies(recipient, message, devices.get(one.id, ()) if one.id else (), in_language):
            start = wishes.not_before(one, copy.channel, terms.start)
            refusal = TEST_MODE if is_test_number(recipient.phone) else wishes.refusal(one, copy.channel)
            if not refusal and start > terms.start and start >= terms.valid_until:
                refusal = Reason.QUIET_HOURS
            yield _delivery(pk, copy, terms, start=start, refusal=refusal)


def _copies(
    recipient: Recipient,
    message: Message,
    devices: Sequence[Device],
    in_language: Callable[[Recipient, str], Message],
) -> Iterator[_Copy]:
    """Yield what goes to each address that the recipient has."""
    for channel, body in message.by_channel.items():
        title = message.titles.get(channel, "")
        if channel is Channel.PUSH:
            for device in devices:
                language = device.language or recipient.language
                said = message if language == recipient.language else in_language(recipient, language)
                yield _Copy(channel, str(device.id), language, said.titles[channel], said.by_channel[channel])
        elif channel is Channel.EMAIL:
            if recipient.email and settings.SMTP_URL:
                brings = recipient.invitation or None
                yield _Copy(channel, recipient.email, recipient.language, title, body, brings)
        else:
            yield _Copy(channel, recipient.phone, recipient.language, title, body)


def _delivery(notification_id: uuid.UUID, copy: _Copy, terms: Terms, *, start: dt.datetime, refusal: str) -> Delivery:
    is_secret = RULES[terms.kind].is_secret
    return Delivery(
        id=uuid7(),
        notification_id=notification_id,
        channel=copy.channel,
        to=copy.to,
        language=copy.language,
        subject=copy.title[:120],
        invitation=copy.invitation,
        body=None if refusal and is_secret else copy.body,
        segments=segments_of(copy.channel, copy.body),
        is_secret=is_secret,
        priority=terms.priority,
        status=DeliveryStatus.SKIPPED if refusal else DeliveryStatus.QUEUED,
        error_code=refusal,
        run_at=start,
        valid_until=terms.valid_until,
        created_at=terms.now,
        ended_at=terms.now if refusal else None,
    )
