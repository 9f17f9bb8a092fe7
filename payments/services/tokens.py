"""Access tokens that all processes share, and whose turn it is to ask a provider for the next one.

The asking itself happens outside any transaction: `borrow` gives one caller the turn, `keep` or `give_up` ends it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from common import clock
from common.db import command, lock_one
from payments.models import ProviderToken

TURN: Final = dt.timedelta(seconds=30)  # longer than any call for a token takes
PAUSE: Final = dt.timedelta(seconds=10)  # after a call in vain, while the old token still serves
HOUR: Final = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A token that serves (or none), and what the caller is to do besides."""

    token: str = ""
    is_turn: bool = False  # ask the provider for a new one, then `keep` or `give_up`
    is_spent: bool = False  # as many were asked for within the hour as the provider allows


def fresh(*, name: str, refused: str, renew_at: float) -> str:
    """Return the token if it has not reached `renew_at` of its life and is not the `refused` one; else nothing."""
    row = ProviderToken.objects.filter(pk=name).first()
    return row.token or "" if row is not None and _is_fresh(row, refused, renew_at, clock.now()) else ""


@command
def borrow(*, name: str, refused: str, renew_at: float, most_an_hour: int) -> Loan:
    """Return the token, or give the caller the turn to ask for one: to one at a time, so often an hour and not more.

    Locks: the token.      Raises: Busy
    """
    ProviderToken.objects.get_or_create(pk=name)
    row, now = lock_one(ProviderToken, name), clock.now()
    if _is_fresh(row, refused, renew_at, now):
        return Loan(token=row.token or "")
    old = (row.token or "") if _serves(row, refused, now) else ""
    if row.renewing_until is not None and now < row.renewing_until:
        return Loan(token=old)
    row.asked_at = [moment for moment in row.asked_at if moment > now - HOUR]
    if len(row.asked_at) >= most_an_hour:
        return Loan(token=old, is_spent=True)
    row.asked_at.append(now)
    row.renewing_until = now + TURN
    row.save()
    return Loan(token=old, is_turn=True)


@command
def keep(*, name: str, token: str, life: dt.timedelta) -> None:
    """Store a new token and end the turn. Locks: the token.      Raises: Busy"""
    row, now = lock_one(ProviderToken, name), clock.now()
    row.token, row.issued_at, row.expires_at, row.renewing_until = token, now, now + life, None
    row.save()


@command
def give_up(*, name: str, refused: str) -> None:
    """End the turn without a new token; the old one goes on as long as it serves. Locks: the token.  Raises: Busy"""
    row, now = lock_one(ProviderToken, name), clock.now()
    row.renewing_until = now + PAUSE if _serves(row, refused, now) else None
    row.save(update_fields=["renewing_until"])


def _serves(row: ProviderToken, refused: str, now: dt.datetime) -> bool:
    is_known = bool(row.token) and row.token != refused
    return is_known and row.expires_at is not None and now < row.expires_at


def _is_fresh(row: ProviderToken, refused: str, renew_at: float, now: dt.datetime) -> bool:
    if not _serves(row, refused, now) or row.issued_at is None or row.expires_at is None:
        return False
    return now < row.issued_at + (row.expires_at - row.issued_at) * renew_at
