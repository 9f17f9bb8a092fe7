"""Orders and refunds as PhonePe's Standard Checkout (v2) keeps and shows them."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.paying import Refusal, new_id

LEAST = 100
NAME = re.compile(r"[A-Za-z0-9_-]{1,63}")
LIFE = (300, 3600)  # seconds


def bad(code: str, message: str, status: int = 400) -> Refusal:
    """An error of PhonePe's API."""
    return Refusal(status, {"success": False, "code": code, "message": message, "data": {}})


@dataclass(slots=True, kw_only=True)
class Order:
    name: str  # the merchant's
    amount: int
    message: str
    redirect_url: str
    expires_at: int
    id: str = field(default_factory=lambda: new_id("OMO"))
    status: str = "PENDING"
    error: str = ""
    paid: int = 0
    refunded: int = 0
    transaction: str = field(default_factory=lambda: new_id("T"))

    @property
    def state(self) -> str:
        return "FAILED" if self.status == "PENDING" and time.time() >= self.expires_at else self.status

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "orderId": self.id,
            "merchantOrderId": self.name,
            "state": self.state,
            "amount": self.amount,
            "payableAmount": self.amount,
            "feeAmount": 0,
            "expireAt": self.expires_at * 1000,
            "metaInfo": {},
            "paymentDetails": [],
        }
        if self.state == "FAILED":
            shown |= {"errorCode": self.error or "ORDER_EXPIRED", "detailedErrorCode": self.error or "ORDER_EXPIRED"}
        if self.paid:
            one = {"paymentMode": "UPI_INTENT", "transactionId": self.transaction, "timestamp": int(time.time() * 1000)}
            shown["paymentDetails"] = [{**one, "amount": self.paid, "state": "COMPLETED"}]
        return shown


@dataclass(slots=True, kw_only=True)
class Refund:
    order: Order
    name: str
    amount: int
    id: str = field(default_factory=lambda: new_id("OMR"))
    state: str = "PENDING"

    def as_json(self) -> dict[str, Any]:
        return {
            "refundId": self.id,
            "merchantRefundId": self.name,
            "originalMerchantOrderId": self.order.name,
            "amount": self.amount,
            "state": self.state,
        }


class Books:
    """Everything that this sandbox's PhonePe knows. `tokens` that serve, with the time until which they do."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.refunds: dict[str, Refund] = {}
        self.tokens: dict[str, float] = {}
        self.granted = 0

    def clear(self) -> None:
        for kept in (self.orders, self.refunds, self.tokens):
            kept.clear()
        self.granted = 0

    def captured(self) -> dict[str, int]:
        """Return what has been taken and not given back, by the product's own id of the payment."""
        return {row.name[:36]: row.paid - row.refunded for row in self.orders.values() if row.paid}


def add_order(books: Books, wish: dict[str, Any]) -> Order:
    """POST /checkout/v2/pay"""
    name, amount, life = wish.get("merchantOrderId", ""), wish.get("amount"), wish.get("expireAfter", 1200)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise bad("INVALID_MERCHANT_ORDER_ID", "merchantOrderId is not valid")
    if name in books.orders:
        raise bad("DUPLICATE_MERCHANT_ORDER_ID", "merchantOrderId must be unique")
    if not isinstance(amount, int) or amount < LEAST:
        raise bad("INVALID_AMOUNT", "amount must be 100 paise or more")
    if not isinstance(life, int) or not LIFE[0] <= life <= LIFE[1]:
        raise bad("INVALID_EXPIRY", "expireAfter must be 300 to 3600")
    flow = wish.get("paymentFlow") or {}
    url = (flow.get("merchantUrls") or {}).get("redirectUrl", "")
    order = Order(
        name=name, amount=amount, message=flow.get("message", ""), redirect_url=url, expires_at=int(time.time()) + life
    )
    books.orders[name] = order
    return order


def add_refund(books: Books, wish: dict[str, Any]) -> Refund:
    """POST /payments/v2/refund"""
    order, name = books.orders.get(wish.get("originalMerchantOrderId", "")), wish.get("merchantRefundId", "")
    amount = wish.get("amount")
    if order is None:
        raise bad("ORDER_NOT_FOUND", "there is no such order", 404)
    if name in books.refunds:
        raise bad("DUPLICATE_MERCHANT_REFUND_ID", "merchantRefundId must be unique")
    if not isinstance(amount, int) or not 0 < amount <= order.paid - order.refunded:
        raise bad("INVALID_REFUND_AMOUNT", "amount is more than is left")
    refund = Refund(order=order, name=name, amount=amount)
    order.refunded += amount
    books.refunds[name] = refund
    return refund
