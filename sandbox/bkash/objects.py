"""Payments and refunds as bKash's tokenized checkout keeps and shows them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.paying import Refusal, new_id

LIFE = 24 * 3600  # seconds that a paymentID lives


def bad(code: str, message: str, status: int = 200) -> Refusal:
    """An error of bKash's API, which as a rule comes with status 200."""
    return Refusal(status, {"errorCode": code, "errorMessage": message})


def in_taka(minor: int) -> str:
    return f"{Decimal(minor).scaleb(-2)}"


def minor_of(text: object) -> int:
    """Return a decimal string in poisha."""
    try:
        found = Decimal(str(text)).scaleb(2)
    except InvalidOperation:
        raise bad("2065", "Invalid amount") from None
    if not isinstance(text, str) or found != int(found) or found <= 0:
        raise bad("2065", "Invalid amount")
    return int(found)


@dataclass(slots=True, kw_only=True)
class Payment:
    amount: int
    currency: str
    invoice: str
    payer: str
    callback: str
    id: str = field(default_factory=lambda: new_id("TR0011").upper())
    status: str = "Initiated"
    is_verified: bool = False
    trx: str = ""
    paid: int = 0
    paid_currency: str = "BDT"
    refunded: int = 0
    created: float = field(default_factory=time.time)

    @property
    def state(self) -> str:
        return "Expired" if self.status == "Initiated" and time.time() >= self.created + LIFE else self.status

    def as_json(self) -> dict[str, Any]:
        shown = {
            "paymentID": self.id,
            "mode": "0011",
            "amount": in_taka(self.paid or self.amount),
            "currency": self.paid_currency if self.paid else self.currency,
            "intent": "sale",
            "merchantInvoice": self.invoice,
            "transactionStatus": self.state,
            "verificationStatus": "Complete" if self.is_verified else "Incomplete",
            "payerReference": self.payer,
            "statusCode": "0000",
            "statusMessage": "Successful",
        }
        return shown | ({"trxID": self.trx, "customerMsisdn": "01770618575"} if self.trx else {})


@dataclass(slots=True, kw_only=True)
class Refund:
    payment: Payment
    amount: int
    id: str = field(default_factory=lambda: new_id("RF").upper())
    status: str = "Completed"

    def as_json(self) -> dict[str, Any]:
        return {
            "originalTrxId": self.payment.trx,
            "refundTrxId": self.id,
            "refundTransactionStatus": self.status,
            "originalTrxAmount": in_taka(self.payment.paid),
            "refundAmount": in_taka(self.amount),
            "currency": self.payment.paid_currency,
        }


class Books:
    """Everything that this sandbox's bKash knows. `grants` are the times of the calls for a token.

    Tokens say themselves until when they serve, so that they outlive a restart, as at bKash: only `voided` are known.
    """

    def __init__(self) -> None:
        self.payments: dict[str, Payment] = {}
        self.refunds: dict[str, Refund] = {}
        self.voided: set[str] = set()
        self.grants: list[float] = []
        self.executed = 0

    def clear(self) -> None:
        for kept in (self.payments, self.refunds, self.voided, self.grants):
            kept.clear()
        self.executed = 0

    def captured(self) -> dict[str, int]:
        """Return what has been taken and not given back, by the product's own id of the payment."""
        return {row.invoice[:36]: row.paid - row.refunded for row in self.payments.values() if row.paid}

    def payment(self, ref: object) -> Payment:
        found = self.payments.get(str(ref))
        if found is None:
            raise bad("2033", "Transaction not found")
        return found


def add_payment(books: Books, wish: dict[str, Any]) -> Payment:
    """POST create"""
    if wish.get("mode") != "0011" or wish.get("intent") != "sale" or not wish.get("callbackURL"):
        raise bad("2006", "Invalid request")
    if wish.get("currency") != "BDT":
        raise bad("2049", "Invalid currency")
    invoice = wish.get("merchantInvoiceNumber", "")
    if not invoice or any(row.invoice == invoice for row in books.payments.values()):
        raise bad("2029", "Duplicate for All Transactions")
    payment = Payment(
        amount=minor_of(wish.get("amount")),
        currency="BDT",
        invoice=invoice,
        payer=wish.get("payerReference", ""),
        callback=wish["callbackURL"],
    )
    books.payments[payment.id] = payment
    return payment


def add_refund(books: Books, wish: dict[str, Any]) -> Refund:
    """POST v2 refund"""
    payment, amount = books.payment(wish.get("paymentId")), minor_of(wish.get("refundAmount"))
    if payment.trx != wish.get("trxId") or not payment.trx:
        raise bad("2033", "Transaction not found")
    if amount > payment.paid - payment.refunded:
        raise bad("2071", "Refund amount is more than is left")
    refund = Refund(payment=payment, amount=amount)
    payment.refunded += amount
    books.refunds[refund.id] = refund
    return refund
