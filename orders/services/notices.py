"""What the logistics provider reports: kept once, then applied by the worker."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from common import clock
from common.db import command, delete_in_batches, lock_one, step
from common.errors import DomainError, IllegalTransition
from common.geo import Point
from common.notices import keep_once
from common.outbox import emit
from common.retention import retained
from orders import booking_selectors as selectors
from orders.errors import BagsUnfit, BoxBreached, HandoverCodeExpired, HandoverCodeLocked, HandoverCodeWrong
from orders.gateways.base import News, Notice
from orders.models import CourierBooking, CourierNotice, Order
from orders.services import bookings, road, tracking
from orders.services.records import COURIER, hold_order, note
from orders.states import BookingStatus, NoticeOutcome, OrderStatus

KEEP: Final = dt.timedelta(days=30)
NOT_HANDED_OVER: Final = (
    IllegalTransition,
    BagsUnfit,
    BoxBreached,
    HandoverCodeWrong,
    HandoverCodeLocked,
    HandoverCodeExpired,
)


@command
def receive(*, notice: Notice, body: bytes) -> bool:
    """Keep a verified webhook; return whether it is new. Emits: courier.notified"""
    row, is_new = keep_once(
        CourierNotice,
        event_id=notice.event_id,
        kind=notice.kind,
        body=body,
        said={"reference": notice.reference, "said": _said(notice.news), "code": notice.code or None},
    )
    if is_new:
        emit("courier.notified", key=f"booking:{notice.reference}", notice=row.pk)
    return is_new


@step
def act_on(*, notice_id: int) -> None:
    """Make true here what a report says; what is of no booking of ours, or older than what is known, changes nothing.

    Locks: the order, the booking, the rider.
    Emits: order.left, order.delivered, courier.there, courier.lost
    """
    notice = CourierNotice.objects.get(pk=notice_id)
    found = selectors.find_booking(notice.reference)
    counts = found is not None and _apply(found, _news(notice.said), notice.code or "")
    notice.outcome = NoticeOutcome.APPLIED if counts else NoticeOutcome.IGNORED
    notice.code = None
    notice.save(update_fields=["outcome", "code"])


@retained(
    "courier_notices",
    what="Webhooks of couriers",
    since="since they came",
    why="A repeated one is known again.",
    keep=KEEP,
    floor=dt.timedelta(days=7),
)
def prune(keep: dt.timedelta) -> int:
    """Delete reports that were received long ago; return how many went."""
    return delete_in_batches(CourierNotice.objects.filter(received_at__lt=clock.now() - keep))


def _apply(found: CourierBooking, news: News, code: str) -> bool:
    order = hold_order(found.order_id)
    row = lock_one(CourierBooking, found.pk)
    if row.provider_ref and news.provider_ref != row.provider_ref:
        return False
    was_carried = row.is_live and not row.is_cancel_wanted
    counts = bookings.take_news(order, row, news, is_answer=False)
    if was_carried and news.place is not None:
        counts = _keep_place(order, news.place) or counts
    if was_carried and code and news.status is BookingStatus.DELIVERED:
        _hand_over(order, code)
    return counts


def _keep_place(order: Order, place: tracking.Place) -> bool:
    """Keep where the courier was, while it is with the order: not of the future, and not of the time before."""
    left_at = order.dispatched_at
    is_ours = order.state is OrderStatus.DISPATCHED and left_at is not None
    if not is_ours or not (left_at or place.at) <= place.at <= clock.now() + tracking.AHEAD:
        return False
    return tracking.keep_pings(order, [place]) > 0


def _hand_over(order: Order, code: str) -> None:
    """The courier was told the receiver's code. A wrong one costs a try, as everywhere."""
    try:
        road.hand_over(order, code=code, role=COURIER, actor=bookings.PROVIDER)
    except NOT_HANDED_OVER as refusal:
        note(order, "not_handed_over", role=COURIER, actor=bookings.PROVIDER, facts={"because": _code_of(refusal)})


def _code_of(refusal: DomainError) -> str:
    return refusal.code


def _said(news: News) -> dict[str, Any]:
    place = news.place
    return {
        "status": str(news.status),
        "at": news.at.isoformat(),
        "provider_ref": news.provider_ref,
        "courier": news.courier,
        "vehicle": news.vehicle,
        "tracking_url": news.tracking_url,
        "expected_at": news.expected_at.isoformat() if news.expected_at else None,
        "place": {"at": place.at.isoformat(), "lat": place.point.lat, "lng": place.point.lng} if place else None,
    }


def _news(said: dict[str, Any]) -> News:
    place = said["place"]
    return News(
        status=BookingStatus(said["status"]),
        at=dt.datetime.fromisoformat(said["at"]),
        provider_ref=said["provider_ref"],
        courier=said["courier"],
        vehicle=said["vehicle"],
        tracking_url=said["tracking_url"],
        expected_at=dt.datetime.fromisoformat(said["expected_at"]) if said["expected_at"] else None,
        place=tracking.Place(dt.datetime.fromisoformat(place["at"]), Point(place["lat"], place["lng"]))
        if place
        else None,
    )
