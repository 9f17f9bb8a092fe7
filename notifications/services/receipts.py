"""What the provider and the people tell us: how far a message got, STOP and START."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from typing import Final

from django.db import transaction

from common import clock
from common.db import command, lock_one
from common.transitions import advance
from notifications import doorbell
from notifications.errors import NothingToSend
from notifications.gateways import OPTED_OUT
from notifications.models import Delivery, OptOut
from notifications.preferences import Reason
from notifications.services.delivering import opt_out, verb_of
from notifications.services.telling import lock_for_calls, queue_calls
from notifications.states import DELIVERY_TRANSITIONS, FATE_KNOWN, OVER, REACHED, Channel, DeliveryStatus

# https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
STOP_WORDS: Final = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS: Final = frozenset({"START", "YES", "UNSTOP"})
REPLAY_WITHIN: Final = dt.timedelta(hours=1)
ARRIVED: Final = frozenset({"accept", "deliver", "read"})
log = logging.getLogger(__name__)


@command
def record_receipt(
    *, delivery_id: uuid.UUID, attempt: int | None, provider_id: str, status: str, error_code: str
) -> bool:
    """Move the delivery as far as the provider's word allows; return whether it moved.

    Receipts come late, twice and in any order. One that leads nowhere from the present state, speaks of
    another message than the stored one, or of the failure of an earlier attempt, changes nothing.
    Locks: the notification, the delivery.      Raises: Busy
    """
    notification_id = Delivery.objects.filter(pk=delivery_id).values_list("notification_id", flat=True).first()
    if notification_id is None:
        return False
    critical = lock_for_calls([notification_id])
    row = lock_one(Delivery, delivery_id)
    verb = verb_of(row.channel, status, error_code, attempt=row.attempts)
    if verb is None or not _is_about(row, attempt=attempt, provider_id=provider_id, verb=verb):
        return False
    if (row.state, verb) not in DELIVERY_TRANSITIONS:
        return False
    _move(row, verb, provider_id=provider_id, error_code=error_code)
    if error_code == OPTED_OUT:
        opt_out([(row.to, row.channel)])
    if row.state in OVER:
        log.info("delivery died", extra={"delivery": str(row.pk), "channel": row.channel, "error_code": error_code})
        queue_calls(critical)
    return True


@command
def record_reply(*, phone: str, channel: Channel, text: str) -> None:
    """Obey STOP and START, which count only as the whole message; nothing else is read or kept."""
    word = text.strip(" .!\t\r\n").upper()
    if word in STOP_WORDS:
        opt_out([(phone, channel)])
    elif word in START_WORDS:
        OptOut.objects.filter(phone=phone, channel=channel).delete()


@command
def replay(*, delivery_id: uuid.UUID) -> Delivery:
    """Send a dead delivery once more, within the hour.

    Locks: the delivery.      Raises: NotFound, IllegalTransition, NothingToSend
    """
    row = lock_one(Delivery, delivery_id)
    row.status = advance(DELIVERY_TRANSITIONS, row.state, "replay")
    if row.body is None:
        raise NothingToSend
    now = clock.now()
    row.provider_id, row.error_code, row.ended_at, row.run_at = "", "", None, now
    row.valid_until = max(row.valid_until, now + REPLAY_WITHIN)
    row.save()
    transaction.on_commit(doorbell.ring)
    return row


@command
def leave_unsent(*, delivery_id: uuid.UUID) -> Delivery:
    """Let a message that waits not go at all: an administrator has decided so.

    Locks: the delivery.      Raises: NotFound, IllegalTransition
    """
    row = lock_one(Delivery, delivery_id)
    _move(row, "skip", provider_id=row.provider_id, error_code=Reason.BY_HAND)
    row.save()
    return row


def _is_about(row: Delivery, *, attempt: int | None, provider_id: str, verb: str) -> bool:
    if not provider_id or row.provider_id not in ("", provider_id):
        return False
    if not row.provider_id and Delivery.objects.filter(provider_id=provider_id).exists():
        return False
    # That an earlier attempt arrived is news; that it failed is not, for another was made since.
    return attempt is None or attempt == row.attempts or verb in ARRIVED


def _move(row: Delivery, verb: str, *, provider_id: str, error_code: str) -> None:
    now = clock.now()
    row.status = advance(DELIVERY_TRANSITIONS, row.state, verb)
    row.provider_id = "" if verb == "rephrase" else provider_id
    row.error_code = error_code
    row.lease_until, row.locked_by = None, ""
    if row.state is DeliveryStatus.SENT or row.state in REACHED:
        row.sent_at = row.sent_at or now
    if row.state in OVER | REACHED:
        row.ended_at = now
    if verb == "rephrase":
        row.run_at = now
    if row.is_secret and row.state in FATE_KNOWN:
        row.body = None
    row.save()
