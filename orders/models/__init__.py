"""Orders and their bags; boxes, couriers and what is measured on the road."""

from orders.models.moving import Box, Ping, Reading, Rider
from orders.models.ordering import ContractBill, Order, OrderBag, OrderEvent, OrderLine

__all__ = [
    "Box",
    "ContractBill",
    "Order",
    "OrderBag",
    "OrderEvent",
    "OrderLine",
    "Ping",
    "Reading",
    "Rider",
]
