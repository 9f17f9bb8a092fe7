"""Orders, payments and refunds as Razorpay keeps and shows them: https://razorpay.com/docs/api/."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from sandbox.paying import Refusal, new_id

LONGEST_RECEIPT = 40
LEAST = 100


def bad(description: str, *, status: int = 400, reason: str = "input_validation_failed") -> Refusal:
    """An error of Razorpay's API."""
    error = {"code": "BAD_REQUEST_ERROR", "description": description, "source": "business", "reason": reason}
    return Refusal(status, {"error": error})


@dataclass(slots=True, kw_only=True)
class Order:
    amount: int
    currency: str
    receipt: str
    is_manual: bool
    notes: dict[str, str]
    id: str = field(default_factory=lambda: new_id("order_"))
    callback_url: str = ""
    cancel_url: str = ""
    description: str = ""
    created: int = field(default_factory=lambda: int(time.time()))

    def as_json(self, payments: list[Payment]) -> dict[str, Any]:
        is_paid = any(row.taken for row in payments)
        return {
            "id": self.id,
            "entity": "order",
            "amount": self.amount,
            "amount_paid": self.amount if is_paid else 0,
            "currency": self.currency,
            "receipt": self.receipt,
            "status": "paid" if is_paid else "attempted" if payments else "created",
            "attempts": len(payments),
            "notes": self.notes,
            "created_at": self.created,
        }


@dataclass(slots=True, kw_only=True)
class Payment:
    """One try to pay an order."""

    order: Order
    amount: int
    currency: str
    status: str
    id: str = field(default_factory=lambda: new_id("pay_"))
    refunded: int = 0
    error: str = ""
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def taken(self) -> int:
        return self.amount if self.status in ("captured", "refunded") else 0

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "entity": "payment",
            "amount": self.amount,
            "currency": self.currency,
            "status": self.status,
            "order_id": self.order.id,
            "captured": bool(self.taken),
            "amount_refunded": self.refunded,
            "refund_status": "full" if self.status == "refunded" else "partial" if self.refunded else None,
            "method": "upi",
            "notes": self.order.notes or [],
            "error_code": "BAD_REQUEST_ERROR" if self.error else None,
            "error_reason": self.error or None,
            "created_at": self.created,
        }


@dataclass(slots=True, kw_only=True)
class Refund:
    payment: Payment
    amount: int
    receipt: str
    notes: dict[str, str]
    id: str = field(default_factory=lambda: new_id("rfnd_"))
    status: str = "processed"
    created: int = field(default_factory=lambda: int(time.time()))

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "entity": "refund",
            "amount": self.amount,
            "currency": self.payment.currency,
            "payment_id": self.payment.id,
            "receipt": self.receipt or None,
            "notes": self.notes or [],
            "status": self.status,
            "speed_requested": "normal",
            "created_at": self.created,
        }


@dataclass(slots=True, kw_only=True)
class Dispute:
    """A payer's bank wants the money back."""

    payment: Payment
    amount: int
    id: str = field(default_factory=lambda: new_id("disp_"))
    status: str = "open"
    created: int = field(default_factory=lambda: int(time.time()))

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "entity": "dispute",
            "payment_id": self.payment.id,
            "amount": self.amount,
            "currency": self.payment.currency,
            "amount_deducted": self.amount if self.status == "lost" else 0,
            "reason_code": "goods_or_services_not_received_or_partially_received",
            "respond_by": self.created + 7 * 24 * 3600,
            "status": self.status,
            "phase": "chargeback",
            "created_at": self.created,
        }


class Books:
    """Everything that this sandbox's Razorpay knows."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.payments: dict[str, Payment] = {}
        self.refunds: dict[str, Refund] = {}
        self.disputes: dict[str, Dispute] = {}
        self.keys: dict[str, tuple[str, str]] = {}  # X-Refund-Idempotency -> digest of the body, refund

    def clear(self) -> None:
        for kept in (self.orders, self.payments, self.refunds, self.disputes, self.keys):
            kept.clear()

    def payments_of(self, order: Order) -> list[Payment]:
        return [row for row in self.payments.values() if row.order is order]

    def captured(self) -> dict[str, int]:
        """Return what has been taken and not given back, by the product's own id of the payment."""
        return {row.order.receipt: row.taken - row.refunded for row in self.payments.values() if row.taken}


def add_order(books: Books, wish: dict[str, Any]) -> Order:
    """POST /v1/orders"""
    amount, receipt = wish.get("amount"), wish.get("receipt") or ""
    if not isinstance(amount, int) or amount < LEAST:
        raise bad("Order amount less than minimum amount allowed")
    if len(receipt) > LONGEST_RECEIPT:
        raise bad("The receipt may not be greater than 40 characters.")
    known = next((row for row in books.orders.values() if row.receipt == receipt), None)
    if wish.get("unique_receipt") and known is not None:
        if (known.amount, known.currency) != (amount, wish.get("currency")):
            raise bad("An order with this receipt exists already.")
        return known
    capture = (wish.get("payment") or {}).get("capture", "automatic")
    order = Order(
        amount=amount,
        currency=wish.get("currency", "INR"),
        receipt=receipt,
        is_manual=capture == "manual",
        notes=wish.get("notes") or {},
    )
    books.orders[order.id] = order
    return order


def add_refund(books: Books, payment: Payment, wish: dict[str, Any]) -> Refund:
    """POST /v1/payments/{id}/refund"""
    if any(row.payment is payment and row.status == "open" for row in books.disputes.values()):
        raise bad("The payment is disputed", reason="payment_disputed")
    left = payment.taken - payment.refunded
    amount = wish.get("amount", left)
    if not isinstance(amount, int) or not 0 < amount <= left:
        raise bad("The total refund amount is greater than the refund payment amount")
    refund = Refund(payment=payment, amount=amount, receipt=wish.get("receipt") or "", notes=wish.get("notes") or {})
    payment.refunded += amount
    payment.status = "refunded" if payment.refunded == payment.amount else payment.status
    books.refunds[refund.id] = refund
    return refund
