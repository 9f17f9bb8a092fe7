"""A provider's access token: taken from the store that all processes share, asked for by one of them at a time."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from payments.gateways.base import NotDone, TryLater
from payments.gateways.http import Answer
from payments.services import tokens

LOOKS: Final = 60  # at what another caller's asking has come to
BETWEEN: Final = 0.1  # seconds


@dataclass(frozen=True, slots=True)
class Granted:
    """A new token, and how long the provider lets it live."""

    token: str
    life: dt.timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the tokens of one account come from.

    A token is renewed when `renew_at` of its life has passed, and `most_an_hour` are asked for at most.
    """

    name: str
    ask: Callable[[], Granted]
    renew_at: float
    most_an_hour: int


def account_name(provider: str, *parts: str) -> str:
    """Return a name under which the tokens of this account are kept: another account's never serve it."""
    return f"{provider}:{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"


def token_of(source: Source, *, refused: str = "") -> str:
    """Return a token that serves. `refused` is one that the provider has just turned down: then another is asked for,
    once, however many callers were turned down with it.

    Raises: TryLater
    """
    found = tokens.fresh(name=source.name, refused=refused, renew_at=source.renew_at)
    if found:
        return found
    for _ in range(LOOKS):
        loan = tokens.borrow(
            name=source.name, refused=refused, renew_at=source.renew_at, most_an_hour=source.most_an_hour
        )
        if loan.is_turn:
            return _ask(source, refused=refused, old=loan.token)
        if loan.token:
            return loan.token
        if loan.is_spent:
            raise TryLater("token_limit")
        time.sleep(BETWEEN)
    raise TryLater("token_busy")


def ask_with_token(source: Source, call: Callable[[str], Answer]) -> Answer:
    """Call with a token; when it is turned down, once more with another: nothing was done for the first.

    Raises: TryLater, and what the call raises
    """
    token = token_of(source)
    answer = call(token)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        answer = call(token_of(source, refused=token))
    return answer


def _ask(source: Source, *, refused: str, old: str) -> str:
    try:
        granted = source.ask()
    except NotDone as exc:
        tokens.give_up(name=source.name, refused=refused)
        if old:
            return old
        raise TryLater(exc.code, exc.retry_after if isinstance(exc, TryLater) else None) from exc
    tokens.keep(name=source.name, token=granted.token, life=granted.life)
    return granted.token
