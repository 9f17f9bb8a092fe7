"""The queue of deliveries: leased by a worker, sent by it outside any transaction, written back in batches.

`attempts` is the fence: what is known of one attempt is never written over the next one. What the provider
says by callback may come first; a row that has left `sending` is not moved back.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.conf import settings
from django.db import IntegrityError, connection

from common import clock, outbox
from common.db import command, take_turn
from notifications.gateways import DEAD_TOKEN, NO_MAILBOX, OPTED_OUT, OUTSIDE_WINDOW, Found
from notifications.models import ChannelSpend, Delivery, Notification, OptOut
from notifications.services import budgeting
from notifications.services.devices import forget_tokens
from notifications.services.telling import lock_for_calls, queue_calls
from notifications.states import (
    DELIVERY_TRANSITIONS,
    FATE_KNOWN,
    OVER,
    REACHED,
    Channel,
    DeliveryStatus,
    sources,
)

LONGEST_DOUBT_WAIT: Final = dt.timedelta(minutes=10)  # between two look-ups of one delivery
SWEEP: Final = 1000
MAX_ATTEMPTS: Final = 15  # with the waits between them more than an hour; then dead
MOST_FREE_FORM: Final = 3  # attempts after which WhatsApp's refusal of a free-form message is final
MOST_BITES: Final = 20  # that have to wait for another day's budget, before the desk looks after the rest
TABLE: Final = Delivery._meta.db_table
NOTIFICATIONS: Final = Notification._meta.db_table
SPENDS: Final = ChannelSpend._meta.db_table


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt. `verb` is a step of the delivery's states.

    `found` holds what a look-up saw, newest first; what of it is this delivery's own is decided when it is
    written.
    """

    delivery_id: uuid.UUID
    notification_id: uuid.UUID
    channel: str
    to: str
    attempt: int
    verb: str
    provider_id: str = ""
    error_code: str = ""
    run_at: dt.datetime | None = None
    found: tuple[Found, ...] = ()


def claim(*, limit: int, worker: str) -> list[Delivery]:
    """Lease up to `limit` due deliveries to `worker`, the most urgent first.

    What came too late is skipped; what a channel's budget for the day does not pay waits for the next morning, or is
    skipped when that is too late. While a whole bite has to wait, the next one is taken at once.
    """
    if not _is_any_due():
        return []
    for _ in range(MOST_BITES):
        looked_at = _claim(limit=limit, worker=worker)
        leased = [row for row in looked_at if row.locked_by == worker]
        over = [row for row in looked_at if row.is_over]
        if over:
            budgeting.tell_used_up(day=budgeting.day_of(clock.now()), channels={row.channel for row in over})
        if leased or not over:
            break
    return sorted(leased, key=lambda row: (row.priority, row.run_at, row.id))


def _is_any_due() -> bool:
    """Look at the index once, without a transaction: an idle dispatcher looks ten times a second."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT FROM {TABLE} WHERE status IN ('queued', 'failed') AND run_at <= %s)",  # noqa: S608
            [clock.now()],
        )
        return bool(cursor.fetchone()[0])


@command
def _claim(*, limit: int, worker: str) -> list[Delivery]:
    """Return what was looked at; `is_over` says what the budget does not pay.

    One statement, in which SKIP LOCKED keeps two workers from taking one row. The rows are chosen apart from the
    UPDATE: a subquery in its WHERE may be run once per row, and then takes more than `limit`. Where a limit is set,
    workers take turns, so that each sees what the others have spent.
    """
    now, terms = clock.now(), budgeting.terms_now()
    if any(row.daily_limit_minor is not None for row in terms.values()):
        take_turn(budgeting.TURN)
    rows = Delivery.objects.raw(
        f"""
        WITH due AS MATERIALIZED (
            SELECT id FROM {TABLE} WHERE status IN ('queued', 'failed') AND run_at <= %(now)s
            ORDER BY priority, run_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ), weighed AS (
            SELECT d.id, d.channel, d.priority, d.run_at, d.valid_until <= %(now)s AS is_late,
                d.cost_minor IS NULL AS is_new,
                CASE WHEN d.cost_minor IS NULL THEN d.segments * COALESCE(t.price, 0) ELSE 0 END AS cost,
                d.is_secret OR d.priority = 0 OR n.is_critical AS is_free,
                t.most - COALESCE(s.spent_minor, 0) AS left_minor
            FROM due JOIN {TABLE} AS d ON d.id = due.id
            JOIN {NOTIFICATIONS} AS n ON n.id = d.notification_id
            LEFT JOIN unnest(%(channels)s::text[], %(prices)s::int[], %(most)s::bigint[]) AS t(channel, price, most)
                ON t.channel = d.channel
            LEFT JOIN {SPENDS} AS s ON s.day = %(day)s AND s.channel = d.channel
        ), judged AS MATERIALIZED (
            SELECT *, NOT is_late AND NOT is_free AND is_new AND left_minor IS NOT NULL
                AND COALESCE(sum(cost) FILTER (WHERE NOT is_late) OVER (
                    PARTITION BY channel ORDER BY is_free DESC, priority, run_at, id
                ), 0) > left_minor AS is_over
            FROM weighed
        ), counted AS (
            INSERT INTO {SPENDS} AS s (day, channel, spent_minor, messages, held)
            SELECT %(day)s, channel, COALESCE(sum(cost) FILTER (WHERE NOT is_over), 0),
                count(*) FILTER (WHERE NOT is_over AND is_new), count(*) FILTER (WHERE is_over)
            FROM judged WHERE NOT is_late AND (is_new OR is_over) GROUP BY channel ORDER BY channel
            ON CONFLICT (day, channel) DO UPDATE SET spent_minor = s.spent_minor + EXCLUDED.spent_minor,
                messages = s.messages + EXCLUDED.messages, held = s.held + EXCLUDED.held
        )
        UPDATE {TABLE} AS d SET
            status = CASE
                WHEN j.is_late OR (j.is_over AND d.valid_until <= %(morning)s) THEN 'skipped'
                WHEN j.is_over THEN d.status ELSE 'sending' END,
            error_code = CASE
                WHEN j.is_late AND d.error_code <> %(over)s THEN 'too_late'
                WHEN j.is_over AND (d.status = 'queued' OR d.valid_until <= %(morning)s) THEN %(over)s
                ELSE d.error_code END,
            ended_at = CASE
                WHEN j.is_late OR (j.is_over AND d.valid_until <= %(morning)s) THEN %(now)s ELSE d.ended_at END,
            body = CASE WHEN j.is_late AND d.is_secret THEN NULL ELSE d.body END,
            run_at = CASE WHEN j.is_over THEN %(morning)s ELSE d.run_at END,
            cost_minor = CASE WHEN j.is_late OR j.is_over THEN d.cost_minor ELSE COALESCE(d.cost_minor, j.cost) END,
            attempts = CASE WHEN j.is_late OR j.is_over THEN d.attempts ELSE d.attempts + 1 END,
            attempted_at = CASE WHEN j.is_late OR j.is_over THEN d.attempted_at ELSE %(now)s END,
            lease_until = CASE WHEN j.is_late OR j.is_over THEN NULL ELSE %(lease_until)s END,
            locked_by = CASE WHEN j.is_late OR j.is_over THEN '' ELSE %(worker)s END
        FROM judged AS j WHERE d.id = j.id
        RETURNING d.*, j.is_over
        """,  # noqa: S608 - the tables' names are the models'
        {
            "now": now,
            "lease_until": now + settings.DISPATCH_LEASE,
            "worker": worker,
            "limit": limit,
            "day": budgeting.day_of(now),
            "morning": budgeting.next_morning(now),
            "over": budgeting.OVER_BUDGET,
            "channels": list(terms),
            "prices": [row.price_minor for row in terms.values()],
            "most": [row.daily_limit_minor for row in terms.values()],
        },
    )
    return list(rows)


def claim_doubts(*, limit: int) -> list[Delivery]:
    """Return up to `limit` deliveries in doubt whose look-up is due; until the next one the wait doubles."""
    now = clock.now()
    rows = Delivery.objects.raw(
        f"""
        WITH due AS MATERIALIZED (
            SELECT id FROM {TABLE} WHERE status = 'in_doubt' AND run_at <= %(now)s
            ORDER BY run_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        )
        UPDATE {TABLE} AS d SET
            run_at = %(now)s + LEAST(GREATEST(%(now)s - d.attempted_at, %(least)s), %(most)s)
        FROM due WHERE d.id = due.id
        RETURNING d.*
        """,  # noqa: S608 - the table's name is the model's
        {"now": now, "least": settings.DISPATCH_GRACE, "most": LONGEST_DOUBT_WAIT, "limit": limit},
    )
    return list(rows)


def doubt_expired() -> int:
    """Put in doubt what a worker leased and never wrote back: it may have died on either side of the send.

    Returns how many. The lease is longer than any send, so that the provider can be asked at once.
    """
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH ended AS MATERIALIZED (
                SELECT id FROM {TABLE} WHERE status = 'sending' AND lease_until <= %(now)s
                ORDER BY lease_until LIMIT %(limit)s FOR UPDATE SKIP LOCKED
            )
            UPDATE {TABLE} AS d SET status = 'in_doubt', run_at = %(now)s, lease_until = NULL, locked_by = ''
            FROM ended WHERE d.id = ended.id
            """,  # noqa: S608 - the table's name is the model's
            {"now": now, "limit": SWEEP},
        )
        return cursor.rowcount


def complete(outcomes: Sequence[Outcome], *, worker: str) -> None:
    """Write down what became of what `worker` leased or looked up.

    Raises: Busy, and database errors that a reconnection mends; it may then be called again with the same.
    """
    if not outcomes:
        return
    try:
        _complete(outcomes=outcomes, worker=worker)
    except IntegrityError:
        # Two deliveries claim one message of the provider: a look-up guessed wrong. About the one that cannot
        # have it the provider is asked again.
        for outcome in outcomes:
            try:
                _complete(outcomes=[outcome], worker=worker)
            except IntegrityError:
                later = clock.now() + settings.DISPATCH_GRACE
                again = replace(outcome, verb="doubt", provider_id="", found=(), run_at=later)
                _complete(outcomes=[again], worker=worker)


@command
def _complete(*, outcomes: Sequence[Outcome], worker: str) -> None:
    """One statement for all; a text that died may call for a voice call.

    Locks: the notifications of which a delivery may end here, then the deliveries.      Emits: email.refused
    """
    settled = _settle(outcomes)
    ending = [outcome.notification_id for outcome in settled if outcome.verb == "refuse"]
    critical = lock_for_calls(ending) if ending else []
    _write(settled, worker=worker)
    opt_out((outcome.to, outcome.channel) for outcome in settled if outcome.error_code == OPTED_OUT)
    forget_addresses(settled)
    queue_calls(critical)


def _write(outcomes: Iterable[Outcome], *, worker: str) -> None:
    rows = sorted(outcomes, key=lambda outcome: outcome.delivery_id)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {TABLE} AS d SET
                status = v.status,
                attempts = d.attempts - v.is_unused::int,
                provider_id = COALESCE(NULLIF(v.provider_id, ''), d.provider_id),
                error_code = v.error_code,
                run_at = COALESCE(v.run_at, d.run_at),
                sent_at = CASE
                    WHEN v.status = ANY(%(sent)s) THEN COALESCE(d.sent_at, %(now)s) ELSE d.sent_at END,
                ended_at = CASE WHEN v.status = ANY(%(ended)s) THEN %(now)s ELSE d.ended_at END,
                body = CASE WHEN d.is_secret AND v.status = ANY(%(known)s) THEN NULL ELSE d.body END,
                lease_until = NULL, locked_by = ''
            FROM unnest(
                %(ids)s::uuid[], %(attempts)s::int[], %(statuses)s::text[], %(unused)s::bool[],
                %(from_sending)s::bool[], %(from_doubt)s::bool[], %(provider_ids)s::text[],
                %(error_codes)s::text[], %(run_at)s::timestamptz[]
            ) AS v(id, attempt, status, is_unused, from_sending, from_doubt, provider_id, error_code, run_at)
            WHERE d.id = v.id AND d.attempts = v.attempt AND (
                (v.from_sending AND d.status = 'sending' AND d.locked_by = %(worker)s)
                OR (v.from_doubt AND d.status = 'in_doubt')
            )
            """,  # noqa: S608 - the table's name is the model's
            {
                "now": clock.now(),
                "worker": worker,
                "sent": [str(status) for status in (DeliveryStatus.SENT, *sorted(REACHED))],
                "ended": [str(status) for status in sorted(OVER | REACHED)],
                "known": [str(status) for status in sorted(FATE_KNOWN)],
                "ids": [row.delivery_id for row in rows],
                "attempts": [row.attempt for row in rows],
                "statuses": [_target(row.verb) for row in rows],
                "unused": [row.verb == "hand_back" for row in rows],
                "from_sending": [DeliveryStatus.SENDING in sources(row.verb) for row in rows],
                "from_doubt": [DeliveryStatus.IN_DOUBT in sources(row.verb) for row in rows],
                "provider_ids": [row.provider_id for row in rows],
                "error_codes": [row.error_code for row in rows],
                "run_at": [row.run_at for row in rows],
            },
        )


def opt_out(numbers: Iterable[tuple[str, str]]) -> None:
    """Remember that these numbers take no more messages by these channels."""
    rows = [OptOut(phone=phone, channel=channel) for phone, channel in set(numbers)]
    if rows:
        OptOut.objects.bulk_create(rows, ignore_conflicts=True)


def forget_addresses(outcomes: Iterable[Outcome]) -> None:
    """Send no more pushes to tokens that are dead, and no more e-mails to mailboxes that are none."""
    for outcome in outcomes:
        if outcome.channel == Channel.PUSH and outcome.error_code in DEAD_TOKEN:
            forget_tokens([outcome.to])
        if outcome.channel == Channel.EMAIL and outcome.error_code.startswith(NO_MAILBOX):
            outbox.emit("email.refused", key=f"delivery:{outcome.delivery_id}", delivery=str(outcome.delivery_id))


def verb_of(channel: str, status: str, error_code: str, *, attempt: int) -> str | None:
    """Return the step that the provider's word for a status means; None for one that says nothing."""
    words = CALL_VERBS if channel == Channel.VOICE else MESSAGE_VERBS
    verb = words.get(status)
    return refusal_of(channel, error_code, attempt=attempt) if verb == "refuse" else verb


def refusal_of(channel: str, error_code: str, *, attempt: int) -> str:
    """Return `rephrase` when the refused message may go once more as an approved template, else `refuse`."""
    is_outside = channel == Channel.WHATSAPP and error_code == OUTSIDE_WINDOW
    may_rephrase = is_outside and attempt <= MOST_FREE_FORM and bool(settings.TWILIO_WHATSAPP_CONTENT_SID)
    return "rephrase" if may_rephrase else "refuse"


# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
MESSAGE_VERBS: Final = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent", "partially_delivered"), "accept"),
    "delivered": "deliver",
    "read": "read",
    **dict.fromkeys(("undelivered", "failed", "canceled"), "refuse"),
}
# https://www.twilio.com/docs/voice/api/call-resource#call-status-values
CALL_VERBS: Final = {
    **dict.fromkeys(("queued", "initiated", "ringing", "in-progress"), "accept"),
    "completed": "deliver",
    **dict.fromkeys(("busy", "failed", "no-answer", "canceled"), "refuse"),
}


def _target(verb: str) -> str:
    """Return the state that `verb` leads to, which is the same from wherever a worker may say it."""
    return str(next(state for (_, name), state in DELIVERY_TRANSITIONS.items() if name == verb))


def _settle(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Decide which of the messages that look-ups saw belong to which delivery: to one at most."""
    seen = {found.provider_id for outcome in outcomes for found in outcome.found}
    taken = set(Delivery.objects.filter(provider_id__in=seen).values_list("provider_id", flat=True)) if seen else set()
    taken |= {outcome.provider_id for outcome in outcomes if outcome.provider_id}
    settled = []
    for outcome in outcomes:
        own = next((found for found in outcome.found if found.provider_id not in taken), None)
        if outcome.verb != "look_up":
            settled.append(outcome)
        elif own is None and outcome.attempt >= MAX_ATTEMPTS:
            settled.append(replace(outcome, verb="refuse", error_code="lost"))
        elif own is None:
            settled.append(replace(outcome, verb="lose", error_code="lost", run_at=clock.now()))
        else:
            taken.add(own.provider_id)
            verb = verb_of(outcome.channel, own.status, own.error_code, attempt=outcome.attempt) or "accept"
            # A template is a new message: the receipts of this one are no longer wanted.
            provider_id = "" if verb == "rephrase" else own.provider_id
            settled.append(replace(outcome, verb=verb, provider_id=provider_id, error_code=own.error_code))
    return settled
