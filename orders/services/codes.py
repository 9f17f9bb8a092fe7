"""The hand-over code: six digits that only the receiver knows, five tries, then a new one."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Final

from common import clock
from common.db import command, step
from common.errors import NotFound
from common.secret_codes import code_digest, code_matches, new_code
from orders.errors import HandoverCodeExpired, HandoverCodeLocked, HandoverCodeWrong, NoHandoverCode
from orders.models import Order
from orders.services.ending import is_buyer
from orders.services.records import RECEIVER, hold_order, note
from orders.states import OrderStatus
from payments.parties import Party

PURPOSE: Final = "handover"
TRIES: Final = 5
LIVES: Final = dt.timedelta(hours=24)  # longer than any box stays cold; policy


def fresh_code(order: Order) -> tuple[str, dict[str, Any]]:
    """Return a new code for the order, and the columns that stand for it."""
    code = new_code()
    return code, {
        "code_digest": code_digest(code, purpose=PURPOSE, subject=str(order.pk)),
        "code_tries_left": TRIES,
        "code_expires_at": clock.now() + LIVES,
        "code_sealed": code,
    }


@command
def renew_code(*, order_id: uuid.UUID, buyer: Party, actor: str) -> str:
    """Return a new code to the receiver, and forget the old one with its tries.

    Locks: the order.      Raises: NotFound, NoHandoverCode
    """
    order = hold_order(order_id)
    if not is_buyer(order, buyer):
        raise NotFound
    if order.state is not OrderStatus.DISPATCHED:
        raise NoHandoverCode
    code, columns = fresh_code(order)
    columns["code_sealed"] = None  # this answer tells it
    _save(order, columns)
    note(order, "renew_code", role=RECEIVER, actor=actor)
    return code


@step
def spend_try(order: Order, code: str) -> None:
    """Let a right code pass; a wrong one costs a try, whatever else is refused.

    Raises: HandoverCodeLocked, HandoverCodeExpired, HandoverCodeWrong
    """
    if order.code_tries_left == 0:
        raise HandoverCodeLocked
    if not order.code_digest or order.code_expires_at is None or order.code_expires_at <= clock.now():
        raise HandoverCodeExpired
    if not code_matches(code, order.code_digest, purpose=PURPOSE, subject=str(order.pk)):
        _save(order, {"code_tries_left": order.code_tries_left - 1})
        raise HandoverCodeWrong(tries_left=order.code_tries_left)


@step
def forget_sealed_code(*, order_id: uuid.UUID) -> None:
    """The receiver was told: nobody can read the code any more."""
    Order.objects.filter(pk=order_id).update(code_sealed=None)


@command
def forget_expired_codes(*, limit: int) -> int:
    """Wipe the digests of codes that have run out; return how many."""
    over = Order.objects.filter(code_expires_at__lte=clock.now()).order_by("code_expires_at")
    ids = list(over.values_list("pk", flat=True)[:limit])
    return Order.objects.filter(pk__in=ids).update(code_digest="", code_sealed=None, code_expires_at=None)


def _save(order: Order, columns: dict[str, Any]) -> None:
    for name, value in columns.items():
        setattr(order, name, value)
    order.save(update_fields=list(columns))
