"""Couriers of the logistics provider: wanted inside a transaction, asked for by an errand outside, believed when told.

Whatever the provider says ends in `take_news`. A state never goes back: repeated, late and out-of-order news find
nothing left to do. Of one that has ended here and lives there, the provider is asked to call it off.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from typing import Any, Final

from common import clock
from common.db import command, lock, lock_one, step
from common.transitions import advance
from orders import booking_selectors as selectors
from orders.errors import CourierHasBoxes
from orders.gateways.base import News
from orders.models import BookingEvent, CourierBooking, Order
from orders.services.records import COURIER, SYSTEM, hold_order, note, tell
from orders.states import BOOKING_TRANSITIONS, LIVE_BOOKING, BookingStatus, CourierKind, OrderStatus

PROVIDER: Final = "provider"
LEASE: Final = dt.timedelta(seconds=60)  # who asks the provider holds the errand so long; its calls take half of it
MOST_TRIES: Final = 7  # in vain to book: with the waits between them some two minutes
SEARCH: Final = dt.timedelta(minutes=10)  # that the provider may look for a courier; bags do not wait for ever
LONGEST_WAIT: Final = dt.timedelta(minutes=10)  # between two tries
LONGEST_WAY: Final = dt.timedelta(days=2)  # no box stays cold so long: a booking without an end is over
AFTERCARE: Final = dt.timedelta(days=1)  # of one that has ended here, and may live there
# How long a booking may be silent before the provider is asked.
LOOKS: Final = {
    BookingStatus.REQUESTED: dt.timedelta(seconds=20),
    BookingStatus.BOOKED: dt.timedelta(minutes=2),
    BookingStatus.PICKED_UP: dt.timedelta(minutes=5),
}
WAY: Final = (BookingStatus.REQUESTED, BookingStatus.BOOKED, BookingStatus.PICKED_UP, BookingStatus.DELIVERED)
VERBS: Final = ("book", "pick_up", "deliver")
# What the order's own history calls these steps.
NOTES: Final = {
    "book": "courier_booked",
    "pick_up": "courier_came",
    "deliver": "courier_there",
    "cancel": "courier_lost",
    "fail": "courier_lost",
}
log = logging.getLogger(__name__)


@step
def request(order: Order, *, actor: str) -> CourierBooking:
    """Want a courier of the provider for a locked order; a worker asks for one as soon as this is committed.

    Raises: CourierBooked
    """
    row = CourierBooking.objects.create(order=order, ask_at=clock.now())
    _record(row, "request", actor=actor)
    return row


@step
def release(order: Order) -> None:
    """Have the provider's courier of a locked order called off, if there is one; not with the boxes in hand.

    Locks: the booking.      Raises: CourierHasBoxes
    """
    for row in _live_of(order.pk):
        if row.state is BookingStatus.PICKED_UP:
            raise CourierHasBoxes
        _want_cancelled(row)


@step
def call_off(*, order_id: uuid.UUID) -> None:
    """Have the courier of an order that is over called off. One with the boxes brings them back or says how it ended.

    Locks: the booking.
    """
    for row in _live_of(order_id):
        if row.state is not BookingStatus.PICKED_UP:
            _want_cancelled(row)


@command
def record(*, booking_id: uuid.UUID, news: News) -> None:
    """Note what the provider has answered.

    Locks: the order, the booking.      Emits: order.left, courier.there, courier.lost      Raises: NotFound
    """
    order, row = _hold(booking_id)
    take_news(order, row, news, is_answer=True)


@command
def refuse(*, booking_id: uuid.UUID, code: str) -> None:
    """The provider will not bring it, or does not know of it any more.

    Locks: the order, the booking.      Emits: courier.lost      Raises: NotFound
    """
    order, row = _hold(booking_id)
    if row.is_live and not row.is_cancel_wanted:
        _end(order, row, "fail", actor=PROVIDER, failure=code)
    else:
        _try_later(order, row, code)
    row.save()


@command
def postpone(*, booking_id: uuid.UUID, code: str) -> None:
    """The provider did not answer: ask again, later each time; after some tries the bank is told to send its own.

    Locks: the order, the booking.      Emits: courier.lost      Raises: NotFound
    """
    order, row = _hold(booking_id)
    log.warning("a provider did not answer", extra={"booking": str(row.pk), "error_code": code, "asked": row.asked + 1})
    _try_later(order, row, code)
    row.save()


@step
def take_news(order: Order, row: CourierBooking, news: News, *, is_answer: bool) -> bool:
    """Make true here what the provider says of a booking, both held; return whether it was news.

    An answer is how it stands now; a report may be late, and is older than what is known if its moment is.
    Emits: order.left, courier.there, courier.lost
    """
    if news.provider_ref and row.provider_ref and news.provider_ref != row.provider_ref:
        return False
    at = min(news.at, clock.now())
    is_newer = row.heard_at is None or at >= row.heard_at
    row.provider_ref = row.provider_ref or news.provider_ref
    was_news = (
        _follow(order, row, news, is_newer=is_newer, is_last_word=is_newer or is_answer) if row.is_live else False
    )
    if is_newer and news.provider_ref:
        row.heard_at = at
    if row.is_live:
        _plan_next(order, row, news, is_answer=is_answer)
    elif news.status in LIVE_BOOKING and (is_answer or is_newer) and row.state is not BookingStatus.DELIVERED:
        row.is_cancel_wanted = True  # it lives there
        _try_later(order, row, "still_live")
    elif is_answer:
        row.ask_at = None
    row.save()
    return was_news


def _follow(order: Order, row: CourierBooking, news: News, *, is_newer: bool, is_last_word: bool) -> bool:
    """Take the steps between here and there, all of them: a report may have been lost."""
    ends_badly = news.status in (BookingStatus.CANCELLED, BookingStatus.FAILED)
    verbs = () if ends_badly else VERBS[WAY.index(row.state) : WAY.index(news.status)]
    if is_newer:
        _take_details(order, row, news)
    for verb in verbs:
        _step(order, row, verb, actor=PROVIDER)
    if ends_badly and is_last_word:
        is_called_off = news.status is BookingStatus.CANCELLED and row.state is not BookingStatus.PICKED_UP
        _end(order, row, "cancel" if is_called_off else "fail", actor=PROVIDER, failure=str(news.status))
    return bool(verbs) or is_newer


def _take_details(order: Order, row: CourierBooking, news: News) -> None:
    row.courier, row.vehicle = news.courier or row.courier, news.vehicle or row.vehicle
    row.tracking_url = news.tracking_url or row.tracking_url
    if not _brings(order, row):
        return
    now = clock.now()
    order.courier, order.vehicle = row.courier or order.courier, row.vehicle or order.vehicle
    if news.expected_at is not None and now < news.expected_at < now + LONGEST_WAY:
        order.expected_at = news.expected_at
    order.save(update_fields=["courier", "vehicle", "expected_at", "updated_at"])


def _plan_next(order: Order, row: CourierBooking, news: News, *, is_answer: bool) -> None:
    """Say when the provider is asked next about a booking that lives."""
    now = clock.now()
    if now >= row.created_at + LONGEST_WAY:
        _give_up(order, row, "no_end")
    elif row.state is BookingStatus.REQUESTED and now >= row.created_at + SEARCH and not row.is_cancel_wanted:
        _give_up(order, row, "no_courier")
    elif row.is_cancel_wanted and is_answer:
        _try_later(order, row, "not_called_off")
    elif row.is_cancel_wanted or news.status in (BookingStatus.CANCELLED, BookingStatus.FAILED):
        row.ask_at = now  # it is to end, or a late report says that it did: the provider knows
    else:
        row.ask_at, row.asked = now + LOOKS[row.state], 0


def _try_later(order: Order, row: CourierBooking, code: str) -> None:
    now = clock.now()
    row.asked += 1
    row.ask_at = now + min(dt.timedelta(seconds=2 ** min(row.asked, 10)), LONGEST_WAIT)
    if not row.is_live:
        if row.ended_at is not None and now >= row.ended_at + AFTERCARE:
            row.ask_at = None
            log.error("a courier could not be called off", extra={"booking": str(row.pk), "error_code": code})
    elif now >= row.created_at + LONGEST_WAY:
        _give_up(order, row, "no_end")
    elif row.state is BookingStatus.REQUESTED and not row.is_cancel_wanted and row.asked >= MOST_TRIES:
        _give_up(order, row, code)


def _give_up(order: Order, row: CourierBooking, code: str) -> None:
    """Wait no longer, and tell the bank. The provider may have booked it all the same: it is asked to call it off."""
    _end(order, row, "fail", actor=SYSTEM, failure=code)
    row.is_cancel_wanted, row.asked = True, 0
    row.ask_at = clock.now()


def _end(order: Order, row: CourierBooking, verb: str, *, actor: str, failure: str) -> None:
    row.failure, row.ask_at = failure[:60], None
    _step(order, row, verb, actor=actor, failure=row.failure)


def _step(order: Order, row: CourierBooking, verb: str, *, actor: str, **facts: Any) -> None:
    row.status = advance(BOOKING_TRANSITIONS, row.state, verb)
    if not row.is_live:
        row.ended_at, row.ask_at = clock.now(), None
    row.save()
    _record(row, verb, actor=actor, **facts)
    if row.is_cancel_wanted and verb in ("cancel", "fail"):
        return
    note(order, NOTES[verb], role=COURIER, actor=actor, facts=facts)
    if not _brings(order, row):
        return
    if verb == "pick_up":
        tell(order, "order.left")
    elif verb == "deliver":
        tell(order, "courier.there")
    elif verb in ("cancel", "fail"):
        tell(order, "courier.lost")


def _brings(order: Order, row: CourierBooking) -> bool:
    """Whether the order on the road waits for this courier."""
    on_the_road = order.state is OrderStatus.DISPATCHED and order.courier_kind == CourierKind.PROVIDER
    return on_the_road and not row.is_cancel_wanted


def _want_cancelled(row: CourierBooking) -> None:
    row.is_cancel_wanted, row.asked, row.ask_at = True, 0, clock.now()
    row.save(update_fields=["is_cancel_wanted", "asked", "ask_at"])


def _live_of(order_id: uuid.UUID) -> list[CourierBooking]:
    live = CourierBooking.objects.filter(order_id=order_id, status__in=LIVE_BOOKING)
    return [row for row in lock(CourierBooking, live.values_list("pk", flat=True)) if row.is_live]


def _hold(booking_id: uuid.UUID) -> tuple[Order, CourierBooking]:
    order = hold_order(selectors.any_booking(booking_id).order_id)
    return order, lock_one(CourierBooking, booking_id)


def _record(row: CourierBooking, verb: str, *, actor: str, **facts: Any) -> None:
    BookingEvent.objects.create(booking=row, verb=verb, status=row.status, actor=actor[:60], facts=facts)
