"""Codes, and what befalls an account."""

from __future__ import annotations

import datetime as dt
import math

from django.conf import settings

from common import clock
from common.models import OutboxEvent
from common.outbox import on
from notifications.handlers.addressing import (
    id_in,
    subject_of_key,
    tell_people,
)
from notifications.kinds import Kind
from notifications.services import Recipient, inbox, notify, support
from users import selectors as users
from users.services import otp
from users.services.donors import LOCK_PERIOD

CODE_KINDS = {"code": Kind.CODE, "account_exists": Kind.ACCOUNT_EXISTS, "no_account": Kind.NO_ACCOUNT}


@on("otp.requested")
def send_code(event: OutboxEvent) -> None:
    """Send the code, or the hint that it would not help; then the sealed code is wiped."""
    challenge_id = id_in(event, "challenge")
    wish = users.code_to_send(challenge_id)
    if wish is None:
        return
    minutes = max(1, math.floor((wish.expires_at - clock.now()) / dt.timedelta(minutes=1) + 0.5))
    notify(
        kind=CODE_KINDS[wish.kind],
        occasion=f"otp:{challenge_id}",
        recipients=[Recipient(phone=wish.phone, language=wish.language, zone=settings.DEFAULT_ZONE)],
        facts={"code": wish.code, "minutes": minutes},
        valid_until=wish.expires_at,
    )
    otp.mark_sent(challenge_id=challenge_id)


@on("account.password_changed")
def tell_password_changed(event: OutboxEvent) -> None:
    tell_people(event, Kind.PASSWORD_CHANGED, [id_in(event, "user")], at=event.created_at)


@on("account.erased")
def forget_person(event: OutboxEvent) -> None:
    """Keep no text and no number of somebody who is gone; nobody is told."""
    inbox.forget_person(user_id=id_in(event, "user"))
    support.forget_person(user_id=id_in(event, "user"))


@on("donor.locked")
def tell_locked(event: OutboxEvent) -> None:
    tell_people(event, Kind.LOCKED, [subject_of_key(event)], days=LOCK_PERIOD.days)


@on("donor.unlocked")
def tell_unlocked(event: OutboxEvent) -> None:
    tell_people(event, Kind.UNLOCKED, [subject_of_key(event)])
