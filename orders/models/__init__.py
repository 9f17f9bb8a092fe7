"""Orders and their bags; boxes, couriers and what is measured on the road."""

from orders.models.booking import BookingEvent, CourierBooking, CourierNotice
from orders.models.moving import Box, Ping, Reading, Rider
from orders.models.ordering import ContractBill, Order, OrderBag, OrderEvent, OrderLine

__all__ = [
    "BookingEvent",
    "Box",
    "ContractBill",
    "CourierBooking",
    "CourierNotice",
    "Order",
    "OrderBag",
    "OrderEvent",
    "OrderLine",
    "Ping",
    "Reading",
    "Rider",
]
