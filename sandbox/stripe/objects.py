"""Checkout sessions, payment intents and refunds as Stripe keeps and shows them: https://docs.stripe.com/api."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

PAGE_LIFE = 30 * 60  # seconds; the least that Stripe allows
LONGEST_PAGE = 24 * 3600


class Refused(Exception):
    """An error of Stripe's API: https://docs.stripe.com/api/errors."""

    def __init__(
        self, status: int, message: str, *, kind: str = "invalid_request_error", code: str | None = None
    ) -> None:
        self.status = status
        self.body = {"error": {"type": kind, "code": code, "message": message}}
        super().__init__(message)


def missing(what: str, ref: str) -> Refused:
    return Refused(404, f"No such {what}: '{ref}'", code="resource_missing")


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


@dataclass(slots=True, kw_only=True)
class Intent:
    """Money that is asked for, and then there."""

    amount: int
    currency: str
    description: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: new_id("pi"))
    status: str = "requires_payment_method"
    received: int = 0
    received_currency: str = ""
    error: str = ""
    refunded: int = 0
    created: int = field(default_factory=lambda: int(time.time()))

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_received": self.received,
            "currency": self.received_currency or self.currency,
            "status": self.status,
            "client_secret": f"{self.id}_secret_sandbox",
            "description": self.description,
            "metadata": self.metadata,
            "last_payment_error": {"code": self.error, "type": "card_error"} if self.error else None,
            "created": self.created,
            "livemode": False,
        }


@dataclass(slots=True, kw_only=True)
class Session:
    """A page on which a payer pays an intent."""

    intent: Intent
    base: str
    success_url: str
    cancel_url: str
    expires_at: int
    client_reference_id: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: new_id("cs_test"))
    status: str = "open"
    is_paid: bool = False
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def stands(self) -> str:
        return "expired" if self.status == "open" and time.time() >= self.expires_at else self.status

    def as_json(self, *, expanded: bool = False) -> dict[str, Any]:
        has_intent = self.status == "complete"  # Stripe makes the intent when the payer confirms
        intent: Any = self.intent.as_json() if expanded else self.intent.id
        return {
            "id": self.id,
            "object": "checkout.session",
            "mode": "payment",
            "status": self.stands,
            "payment_status": "paid" if self.is_paid else "unpaid",
            "amount_total": self.intent.amount,
            "currency": self.intent.currency,
            "client_reference_id": self.client_reference_id or None,
            "metadata": self.metadata,
            "payment_intent": intent if has_intent else None,
            "url": f"{self.base}/stripe/pay/{self.id}" if self.stands == "open" else None,
            "success_url": self.success_url,
            "cancel_url": self.cancel_url,
            "expires_at": self.expires_at,
            "created": self.created,
            "livemode": False,
        }


@dataclass(slots=True, kw_only=True)
class Refund:
    """Money on its way back."""

    intent: Intent
    amount: int
    metadata: dict[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: new_id("re"))
    status: str = "succeeded"
    failure: str = ""
    created: int = field(default_factory=lambda: int(time.time()))

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "currency": self.intent.received_currency or self.intent.currency,
            "status": self.status,
            "payment_intent": self.intent.id,
            "metadata": self.metadata,
            "created": self.created,
        }
        return shown | ({"failure_reason": self.failure} if self.failure else {})


@dataclass(slots=True, kw_only=True)
class Dispute:
    """A payer's bank wants the money back."""

    intent: Intent
    amount: int
    id: str = field(default_factory=lambda: new_id("dp"))
    status: str = "needs_response"
    reason: str = "fraudulent"
    created: int = field(default_factory=lambda: int(time.time()))

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "currency": self.intent.received_currency or self.intent.currency,
            "charge": f"ch_{self.intent.id[3:]}",
            "payment_intent": self.intent.id,
            "status": self.status,
            "reason": self.reason,
            "evidence_details": {"due_by": self.created + 7 * 24 * 3600},
            "metadata": {},
            "created": self.created,
            "livemode": False,
        }


@dataclass(slots=True, kw_only=True)
class Transfer:
    """Money of ours that is a connected account's now."""

    amount: int
    currency: str
    destination: str
    group: str
    metadata: dict[str, str]
    id: str = field(default_factory=lambda: new_id("tr"))
    reversed: int = 0
    created: int = field(default_factory=lambda: int(time.time()))

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "transfer",
            "amount": self.amount,
            "amount_reversed": self.reversed,
            "currency": self.currency,
            "destination": self.destination,
            "transfer_group": self.group,
            "metadata": self.metadata,
            "reversed": self.reversed == self.amount,
            "created": self.created,
            "livemode": False,
        }


class Books:
    """Everything that this sandbox's Stripe knows. An account that nobody has changed is ready."""

    def __init__(self) -> None:
        self.intents: dict[str, Intent] = {}
        self.sessions: dict[str, Session] = {}
        self.refunds: dict[str, Refund] = {}
        self.disputes: dict[str, Dispute] = {}
        self.transfers: dict[str, Transfer] = {}
        self.accounts: dict[str, str] = {}
        self.replies: dict[str, tuple[str, dict[str, Any]]] = {}  # idempotency key -> digest of the form, reply

    def clear(self) -> None:
        for kept in (self.intents, self.sessions, self.refunds, self.disputes, self.transfers, self.accounts):
            kept.clear()
        self.replies.clear()

    def captured(self) -> dict[str, int]:
        """Return what has been taken and not given back, by the product's own id of the payment."""
        return {
            row.metadata.get("payment", row.id): row.received - row.refunded
            for row in self.intents.values()
            if row.received
        }


def add_session(books: Books, form: dict[str, str], base: str) -> dict[str, Any]:
    """POST /v1/checkout/sessions"""
    if form.get("mode") != "payment" or "success_url" not in form:
        raise Refused(400, "Missing required param: mode=payment and success_url.", code="parameter_missing")
    now = int(time.time())
    expires = _whole(form, "expires_at", now + LONGEST_PAGE)
    if not now + PAGE_LIFE - 5 <= expires <= now + LONGEST_PAGE + 5:
        raise Refused(400, "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.")
    item = "line_items[0][price_data]"
    intent = Intent(
        amount=amount_in(form, f"{item}[unit_amount]") * _whole(form, "line_items[0][quantity]", 1),
        currency=form.get(f"{item}[currency]", "").lower(),
        description=form.get(f"{item}[product_data][name]", ""),
        metadata=tags(form, "payment_intent_data[metadata]"),
    )
    session = Session(
        intent=intent,
        base=base,
        success_url=form["success_url"],
        cancel_url=form.get("cancel_url", form["success_url"]),
        expires_at=expires,
        client_reference_id=form.get("client_reference_id", ""),
        metadata=tags(form, "metadata"),
    )
    books.intents[intent.id] = intent
    books.sessions[session.id] = session
    return session.as_json()


def add_intent(books: Books, form: dict[str, str]) -> dict[str, Any]:
    """POST /v1/payment_intents"""
    intent = Intent(
        amount=amount_in(form, "amount"),
        currency=form.get("currency", "").lower(),
        description=form.get("description", ""),
        metadata=tags(form, "metadata"),
    )
    books.intents[intent.id] = intent
    return intent.as_json()


def add_refund(books: Books, form: dict[str, str]) -> Refund:
    """POST /v1/refunds"""
    intent = books.intents.get(form.get("payment_intent", ""))
    if intent is None:
        raise missing("payment_intent", form.get("payment_intent", ""))
    if any(row.intent is intent and row.status == "needs_response" for row in books.disputes.values()):
        raise Refused(400, "This charge has been charged back.", code="charge_disputed")
    amount = _whole(form, "amount", intent.received - intent.refunded)
    if not 0 < amount <= intent.received - intent.refunded:
        raise Refused(400, "Refund amount is greater than unrefunded amount on charge.", code="charge_already_refunded")
    refund = Refund(intent=intent, amount=amount, metadata=tags(form, "metadata"))
    intent.refunded += amount
    books.refunds[refund.id] = refund
    return refund


def tags(form: dict[str, str], name: str) -> dict[str, str]:
    """Return the metadata written as `name[key]=value`."""
    return {
        key[len(name) + 1 : -1]: value for key, value in form.items() if key.startswith(f"{name}[") and key[-1] == "]"
    }


def amount_in(form: dict[str, str], name: str) -> int:
    """Return a positive whole number."""
    found = _whole(form, name, 0)
    if found < 1:
        raise Refused(400, f"Invalid integer: {name}", code="parameter_invalid_integer")
    return found


def _whole(form: dict[str, str], name: str, default: int) -> int:
    text = form.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()):
        raise Refused(400, f"Invalid integer: {name}", code="parameter_invalid_integer")
    return int(text)
