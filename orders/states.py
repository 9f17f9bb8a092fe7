"""The states of an order, and the closed sets around it."""

from enum import StrEnum
from typing import Final


class OrderStatus(StrEnum):
    PLACED = "placed"
    ACCEPTED = "accepted"
    PACKED = "packed"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    FAILED = "failed"
    RETURNED = "returned"


# Nothing has left the bank: either side may still call it off.
BEFORE_DISPATCH: Final = frozenset({OrderStatus.PLACED, OrderStatus.ACCEPTED, OrderStatus.PACKED})
# The bank keeps bags for it.
HOLDS_BAGS: Final = frozenset({OrderStatus.ACCEPTED, OrderStatus.PACKED})
OPEN: Final = BEFORE_DISPATCH | {OrderStatus.DISPATCHED, OrderStatus.FAILED}
ORDER_TRANSITIONS = {
    (OrderStatus.PLACED, "accept"): OrderStatus.ACCEPTED,
    (OrderStatus.PLACED, "reject"): OrderStatus.REJECTED,
    (OrderStatus.ACCEPTED, "pack"): OrderStatus.PACKED,
    (OrderStatus.PACKED, "unpack"): OrderStatus.ACCEPTED,  # a packed bag was lost: another takes its place
    (OrderStatus.PACKED, "dispatch"): OrderStatus.DISPATCHED,
    (OrderStatus.DISPATCHED, "deliver"): OrderStatus.DELIVERED,
    (OrderStatus.DISPATCHED, "fail"): OrderStatus.FAILED,
    (OrderStatus.FAILED, "return"): OrderStatus.RETURNED,
    (OrderStatus.PLACED, "cancel"): OrderStatus.CANCELLED,
    (OrderStatus.ACCEPTED, "cancel"): OrderStatus.CANCELLED,
    (OrderStatus.PACKED, "cancel"): OrderStatus.CANCELLED,
    (OrderStatus.PLACED, "lapse"): OrderStatus.CANCELLED,
    (OrderStatus.ACCEPTED, "lapse"): OrderStatus.CANCELLED,
    (OrderStatus.CANCELLED, "revive"): OrderStatus.ACCEPTED,  # money that came late, and the bags are there
}


class EndReason(StrEnum):
    """Why an order ended before its bags left."""

    REJECTED = "rejected"
    BUYER = "buyer"
    BANK = "bank"
    UNPAID = "unpaid"
    UNANSWERED = "unanswered"
    SOLD_OUT = "sold_out"
    SUSPENDED = "suspended"  # the bank, or the hospital that ordered, may not work any more


class Terms(StrEnum):
    PREPAID = "prepaid"
    MONTHLY = "monthly"  # by a contract


class BagFate(StrEnum):
    """What became of one bag of an order."""

    KEPT = "kept"
    FREED = "freed"
    REPLACED = "replaced"
    LOST = "lost"
    SENT = "sent"
    DELIVERED = "delivered"
    RETURNED = "returned"
    WITHHELD = "withheld"  # unfit at the hand-over, and not given


OPEN_FATES: Final = frozenset({BagFate.KEPT, BagFate.SENT})


class CourierKind(StrEnum):
    RIDER = "rider"  # the bank's own
    OTHER = "other"  # whom the bank names in words
    PROVIDER = "provider"  # a courier that the logistics provider sends
    PICKUP = "pickup"  # the receiver fetches it


class Fault(StrEnum):
    """Whose fault a failed delivery is: it decides what is given back."""

    BANK = "bank"
    COURIER = "courier"
    RECEIVER = "receiver"


class BookingStatus(StrEnum):
    """How far the logistics provider has come with one order."""

    REQUESTED = "requested"  # wanted here; the provider has not said yes
    BOOKED = "booked"
    PICKED_UP = "picked_up"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    FAILED = "failed"


LIVE_BOOKING: Final = frozenset({BookingStatus.REQUESTED, BookingStatus.BOOKED, BookingStatus.PICKED_UP})
BOOKING_TRANSITIONS = {
    (BookingStatus.REQUESTED, "book"): BookingStatus.BOOKED,
    (BookingStatus.BOOKED, "pick_up"): BookingStatus.PICKED_UP,
    (BookingStatus.PICKED_UP, "deliver"): BookingStatus.DELIVERED,
    (BookingStatus.REQUESTED, "cancel"): BookingStatus.CANCELLED,
    (BookingStatus.BOOKED, "cancel"): BookingStatus.CANCELLED,
    (BookingStatus.REQUESTED, "fail"): BookingStatus.FAILED,
    (BookingStatus.BOOKED, "fail"): BookingStatus.FAILED,
    (BookingStatus.PICKED_UP, "fail"): BookingStatus.FAILED,
}


class NoticeOutcome(StrEnum):
    """What became of one report of the provider."""

    WAITING = "waiting"
    APPLIED = "applied"
    IGNORED = "ignored"  # of no booking of ours, or older than what is known
