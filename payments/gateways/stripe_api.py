"""Stripe by its SDK: Checkout where the payer can be sent to a page, PaymentIntents where an app has Stripe's SDK.

https://docs.stripe.com/api. No call is repeated by the SDK: who repeats it here does so with the same key.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import stripe
from django.conf import settings

from common.money import Currency, Money
from common.webhooks import Malformed, SignatureInvalid
from payments.gateways.base import (
    Action,
    Aftermath,
    Charge,
    ChargeState,
    Created,
    Disputed,
    Found,
    Moved,
    NotDone,
    Notice,
    Refused,
    Repayment,
    Returned,
    TransferState,
    TryLater,
    Unknown,
    text,
)
from payments.states import ActionType, DisputeStatus, Provider

TIMEOUT: Final = (5, 10)  # seconds: to connect, to wait for an answer
TOLERANCE: Final = 300  # seconds that a webhook's signature is good for
# A Checkout page lives 30 minutes or more. It is closed by us when its payment is over here.
PAGE_LIFE: Final = dt.timedelta(minutes=45)
SESSION: Final = "cs_"
TAGS: Final = ("refund", "payout", "payment")  # under which our ids are written onto Stripe's objects
MOVED: Final = {
    "succeeded": TransferState.SUCCEEDED,
    "failed": TransferState.FAILED,
    "canceled": TransferState.FAILED,
}
DISPUTES: Final = {
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
    "warning_closed": DisputeStatus.WON,  # a bank's question that came to nothing
    "prevented": DisputeStatus.WON,
}
log = logging.getLogger(__name__)
logging.getLogger("stripe").setLevel(logging.WARNING)  # it would write every call, and below that its form


class StripeGateway:
    """Cards, wallets and whatever else the account's Checkout offers."""

    provider: Final = Provider.STRIPE
    name: Final = "Card or wallet (Stripe)"
    currencies: Final = frozenset({Currency.INR, Currency.USD, Currency.EUR})
    least: Final = 1

    def is_configured(self) -> bool:
        return bool(settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRET)

    def create(self, charge: Charge, *, again: bool) -> Created:
        # With the same key Stripe answers as it did the first time, and takes no second charge.
        options: Any = {"idempotency_key": f"payment-{charge.id}"}
        with answers():
            if charge.return_url:
                page = client().v1.checkout.sessions.create(params=_page(charge), options=options)
                return Created(page.id, Action(ActionType.REDIRECT, url=text(page.url)))
            made = client().v1.payment_intents.create(params=_intent(charge), options=options)
            return Created(made.id, Action(ActionType.SDK, client_token=text(made.client_secret)))

    def fetch(self, charge: Charge) -> Found:
        if not charge.provider_ref:
            raise Refused("never_made")
        with answers():
            if charge.provider_ref.startswith(SESSION):
                params: Any = {"expand": ["payment_intent"]}
                return _found_page(client().v1.checkout.sessions.retrieve(charge.provider_ref, params=params))
            return _found_intent(client().v1.payment_intents.retrieve(charge.provider_ref))

    def cancel(self, charge: Charge) -> Found:
        found = self.fetch(charge)
        if found.state is not ChargeState.OPEN:
            return found
        try:
            with answers():
                if charge.provider_ref.startswith(SESSION):
                    client().v1.checkout.sessions.expire(charge.provider_ref)
                else:
                    client().v1.payment_intents.cancel(charge.provider_ref)
        except Refused:  # it has just been paid, or is being paid
            pass
        return self.fetch(charge)

    def refund(self, repayment: Repayment) -> Moved:
        params: Any = {
            "payment_intent": repayment.charge.payment_ref,
            "amount": repayment.amount.minor,
            "metadata": {"refund": str(repayment.id)},
        }
        options: Any = {"idempotency_key": f"refund-{repayment.id}"}
        with answers():
            return moved_by(client().v1.refunds.create(params=params, options=options))

    def fetch_refund(self, repayment: Repayment) -> Moved:
        if not repayment.provider_ref:
            return self._find_refund(repayment) or self.refund(repayment)
        with answers():
            return moved_by(client().v1.refunds.retrieve(repayment.provider_ref))

    def aftermath(self, charge: Charge, refs: Sequence[str]) -> Aftermath:
        params: Any = {"payment_intent": charge.payment_ref, "limit": 100}
        with answers():
            refunds, disputes = client().v1.refunds.list(params=params), client().v1.disputes.list(params=params)
            return Aftermath(
                tuple(_returned(row) for row in refunds.data), tuple(_disputed(row) for row in disputes.data)
            )

    def take_return(self, charge: Charge, fields: Mapping[str, str]) -> bool:
        return False  # Checkout sends the payer straight to where the client wants them

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        given, secret = headers.get("Stripe-Signature"), settings.STRIPE_WEBHOOK_SECRET
        try:
            stripe.WebhookSignature.verify_header(body, given, secret, tolerance=TOLERANCE)
        except (stripe.SignatureVerificationError, UnicodeDecodeError) as exc:
            raise SignatureInvalid from exc
        try:
            event = json.loads(body)
            about = event["data"]["object"]
            tags = about.get("metadata") or {}
            refs = [about.get("id"), about.get("payment_intent")]
            return Notice(
                event_id=str(event["id"]),
                kind=str(event["type"]),
                our_id=text(next(filter(None, map(tags.get, TAGS)), about.get("client_reference_id"))),
                refs=tuple(ref for ref in refs if isinstance(ref, str)),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise Malformed from exc

    def _find_refund(self, repayment: Repayment) -> Moved | None:
        """Look for a refund whose reply was lost: a key is forgotten after a day, what it made is not."""
        params: Any = {"payment_intent": repayment.charge.payment_ref, "limit": 100}
        with answers():
            rows = client().v1.refunds.list(params=params)
            return next((moved_by(row) for row in rows.data if tag(row, "refund") == str(repayment.id)), None)


@contextmanager
def answers() -> Iterator[None]:
    """Turn the SDK's errors into the three ways in which a call can end without a result."""
    try:
        yield
    except stripe.StripeError as exc:
        raise _reason(exc) from exc
    except (AttributeError, KeyError, TypeError, ValueError) as exc:  # a 2xx whose body is not what was promised
        raise Unknown("bad_reply") from exc


def _reason(exc: stripe.StripeError) -> NotDone:
    code = text(exc.code) or type(exc).__name__
    match exc:
        case stripe.RateLimitError():
            return TryLater(code)
        case stripe.APIError() if exc.http_status == 429:  # noqa: PLR2004 - from something in between
            return TryLater(code)
        case stripe.AuthenticationError() | stripe.PermissionError():
            log.error("Stripe refuses our account", extra={"error_code": code})
            return TryLater(code)
        case stripe.IdempotencyError() if exc.http_status == 409:  # noqa: PLR2004 - its twin is running
            return TryLater(code)
        case stripe.CardError() | stripe.InvalidRequestError() | stripe.IdempotencyError():
            return Refused(code)
    return Unknown(code)


def client() -> stripe.StripeClient:
    """Return the SDK for the account that is set up."""
    return _client_for(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE.rstrip("/"))


@lru_cache(maxsize=4)
def _client_for(key: str, base: str) -> stripe.StripeClient:
    http = stripe.RequestsClient(timeout=TIMEOUT)
    return stripe.StripeClient(key, base_addresses={"api": base}, max_network_retries=0, http_client=http)


def _page(charge: Charge) -> Any:
    tags = {"payment": str(charge.id)}
    price = {
        "currency": charge.amount.currency.lower(),
        "unit_amount": charge.amount.minor,
        "product_data": {"name": charge.description},
    }
    return {
        "mode": "payment",
        "client_reference_id": str(charge.id),
        "line_items": [{"price_data": price, "quantity": 1}],
        "success_url": charge.return_url,
        "cancel_url": charge.return_url,
        "expires_at": int(max(charge.expires_at, charge.created_at + PAGE_LIFE).timestamp()),
        "metadata": tags,
        "payment_intent_data": {"metadata": tags},
    }


def _intent(charge: Charge) -> Any:
    return {
        "amount": charge.amount.minor,
        "currency": charge.amount.currency.lower(),
        "description": charge.description,
        "automatic_payment_methods": {"enabled": True},
        "metadata": {"payment": str(charge.id)},
    }


def _found_page(page: Any) -> Found:
    intent = page.payment_intent
    if page.payment_status == "paid":
        return _found_intent(intent)
    if page.status == "complete" and intent is not None and intent.status in ("requires_payment_method", "canceled"):
        return Found(state=ChargeState.FAILED, failure=_failure(intent))
    return Found(state=ChargeState.CANCELLED if page.status == "expired" else ChargeState.OPEN)


def _found_intent(intent: Any) -> Found:
    if intent.status == "succeeded":
        received = Money(intent.amount_received, Currency(intent.currency.upper()))
        return Found(state=ChargeState.PAID, received=received, payment_ref=intent.id)
    if intent.status == "canceled":
        return Found(state=ChargeState.CANCELLED)
    return Found(state=ChargeState.OPEN)  # a card that was declined may be followed by another


def _failure(intent: Any) -> str:
    error = intent.last_payment_error
    return text(error.code) if error else "failed"


def moved_by(row: Any) -> Moved:
    """Return how far a refund has come."""
    return Moved(
        state=MOVED.get(row.status, TransferState.PENDING),
        provider_ref=row.id,
        amount=Money(row.amount, Currency(row.currency.upper())),
        code=text(getattr(row, "failure_reason", None)),
    )


def _returned(row: Any) -> Returned:
    moved = moved_by(row)
    return Returned(
        provider_ref=row.id,
        state=moved.state,
        amount=Money(row.amount, Currency(row.currency.upper())),
        our_id=tag(row, "refund"),
    )


def _disputed(row: Any) -> Disputed:
    answer_by = row.evidence_details.due_by if row.evidence_details else None
    return Disputed(
        provider_ref=row.id,
        state=DISPUTES.get(row.status, DisputeStatus.OPEN),
        amount=Money(row.amount, Currency(row.currency.upper())),
        reason=text(row.reason),
        answer_by=dt.datetime.fromtimestamp(answer_by, dt.UTC) if answer_by else None,
    )


def tag(row: Any, name: str) -> str:
    """Return what we wrote onto the object, or nothing."""
    tags = row.metadata
    return text(tags[name]) if tags and name in tags else ""
