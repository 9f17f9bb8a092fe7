"""Razorpay by its HTTP API: an order for each payment, captured by us when the payer has paid.

https://razorpay.com/docs/api/. Orders are made with manual capture: money that nobody captures goes back to the payer
by itself. So a payment that is over here takes no money any more, although Razorpay cannot cancel an order.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings

from common.money import Currency, Money
from common.webhooks import Malformed, SignatureInvalid
from payments.gateways import http
from payments.gateways.base import (
    Action,
    Aftermath,
    Charge,
    ChargeState,
    Created,
    Disputed,
    Found,
    Moved,
    Notice,
    Refused,
    Repayment,
    Returned,
    TransferState,
    TryLater,
    Unknown,
    return_page,
    text,
)
from payments.services import decisions
from payments.states import ActionType, Decided, DisputeStatus, Provider

CAPTURE_WITHIN: Final = 24 * 60  # minutes in which we capture; then Razorpay sends the money back
TAKEN: Final = frozenset({"captured", "refunded"})
MOVED: Final = {"processed": TransferState.SUCCEEDED, "failed": TransferState.FAILED}
DISPUTES: Final = {"won": DisputeStatus.WON, "lost": DisputeStatus.LOST, "closed": DisputeStatus.WON}
DISPUTE: Final = "disp_"
PAGE: Final = "/v1/checkout/embedded"


class RazorpayGateway:
    """Cards, UPI, netbanking and wallets in India."""

    provider: Final = Provider.RAZORPAY
    name: Final = "UPI, card or netbanking (Razorpay)"
    currencies: Final = frozenset({Currency.INR})
    least: Final = 100

    def is_configured(self) -> bool:
        return bool(settings.RAZORPAY_KEY_ID and settings.RAZORPAY_KEY_SECRET and settings.RAZORPAY_WEBHOOK_SECRET)

    def create(self, charge: Charge, *, again: bool) -> Created:
        # With a unique receipt Razorpay answers with the order it has made for it, and makes no second.
        order = _ask(
            "POST",
            "/v1/orders",
            {
                "amount": charge.amount.minor,
                "currency": charge.amount.currency,
                "receipt": str(charge.id),
                "unique_receipt": True,
                "notes": {"payment": str(charge.id)},
                "payment": {
                    "capture": "manual",
                    "capture_options": {"manual_expiry_period": CAPTURE_WITHIN, "refund_speed": "normal"},
                },
            },
        )
        ref = http.field(order, "id")
        if charge.return_url:
            page = f"{settings.PUBLIC_URL}/api/v1/payments/{charge.id}/checkout"
            return Created(ref, Action(ActionType.REDIRECT, url=page))
        token = json.dumps({"key": settings.RAZORPAY_KEY_ID, "order_id": ref})
        return Created(ref, Action(ActionType.SDK, client_token=token))

    def fetch(self, charge: Charge) -> Found:
        payment = self._best_payment(charge)
        if payment is None or payment["status"] in TAKEN:
            return self._found(charge, payment)
        decision = decisions.decide(provider=self.provider, ref=charge.provider_ref, decided=Decided.TAKE)
        if decision.decided is Decided.LEAVE:
            return Found(state=ChargeState.CANCELLED)
        return self._captured(charge, payment)

    def cancel(self, charge: Charge) -> Found:
        decision = decisions.decide(provider=self.provider, ref=charge.provider_ref, decided=Decided.LEAVE)
        if decision.decided is Decided.TAKE:
            return self.fetch(charge)
        return self._found(charge, self._best_payment(charge))

    def refund(self, repayment: Repayment) -> Moved:
        paid, ours = repayment.charge.payment_ref, str(repayment.id)
        wish = {"amount": repayment.amount.minor, "speed": "normal", "receipt": ours, "notes": {"refund": ours}}
        return _moved(_ask("POST", f"/v1/payments/{paid}/refund", wish, headers={"X-Refund-Idempotency": ours}))

    def fetch_refund(self, repayment: Repayment) -> Moved:
        if repayment.provider_ref:
            return _moved(_ask("GET", f"/v1/refunds/{repayment.provider_ref}"))
        rows = _refunds(repayment.charge)
        ours = next((row for row in rows if row.get("receipt") == str(repayment.id)), None)
        return self.refund(repayment) if ours is None else _moved(ours)

    def aftermath(self, charge: Charge, refs: Sequence[str]) -> Aftermath:
        named = [ref for ref in refs if ref.startswith(DISPUTE)]
        disputes = [_ask("GET", f"/v1/disputes/{quote(ref, safe='')}") for ref in named]
        return Aftermath(
            tuple(_returned(row) for row in _refunds(charge)),
            tuple(_disputed(row) for row in disputes if row.get("payment_id") == charge.payment_ref),
        )

    def take_return(self, charge: Charge, fields: Mapping[str, str]) -> bool:
        order, paid = fields.get("razorpay_order_id", ""), fields.get("razorpay_payment_id", "")
        given = fields.get("razorpay_signature", "").lower()
        wanted = checkout_signature(order, paid, settings.RAZORPAY_KEY_SECRET)
        return order == charge.provider_ref and hmac.compare_digest(given.encode(), wanted.encode())

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        given = headers.get("X-Razorpay-Signature", "").lower()
        wanted = webhook_signature(body, settings.RAZORPAY_WEBHOOK_SECRET)
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            raise SignatureInvalid
        try:
            event = json.loads(body)
            about = {kind: part["entity"] for kind, part in event["payload"].items()}
            return Notice(
                # Without an id of its own, the same bytes are the same event.
                event_id=headers.get("X-Razorpay-Event-Id") or hashlib.sha256(body).hexdigest(),
                kind=str(event["event"]),
                our_id=_our_id(about),
                refs=tuple(ref for one in about.values() for ref in _refs(one)),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise Malformed from exc

    def _best_payment(self, charge: Charge) -> Mapping[str, Any] | None:
        """Return the order's payment that has been captured, else one that may be; those that failed are tries."""
        rows = _items(_ask("GET", f"/v1/orders/{charge.provider_ref}/payments"))
        taken = [row for row in rows if row.get("status") in TAKEN]
        waiting = [row for row in rows if row.get("status") == "authorized"]
        return next(iter(taken + waiting), None)

    def _found(self, charge: Charge, payment: Mapping[str, Any] | None) -> Found:
        if payment is not None and payment["status"] in TAKEN:
            return _paid(payment)
        decision = decisions.find(provider=self.provider, ref=charge.provider_ref)
        is_left = decision is not None and decision.decided is Decided.LEAVE
        return Found(state=ChargeState.CANCELLED if is_left else ChargeState.OPEN)

    def _captured(self, charge: Charge, payment: Mapping[str, Any]) -> Found:
        """Capture what the payer has agreed to: another amount than was asked for is for a person to look at."""
        wish = {"amount": payment["amount"], "currency": payment["currency"]}
        try:
            return _paid(_ask("POST", f"/v1/payments/{http.field(payment, 'id')}/capture", wish))
        except Refused:  # somebody else has captured it meanwhile, or it went back
            return self._found(charge, self._best_payment(charge))


def checkout_signature(order: str, payment: str, secret: str) -> str:
    """Return what Razorpay's page signs a finished checkout with."""
    return hmac.new(secret.encode(), f"{order}|{payment}".encode(), hashlib.sha256).hexdigest()


def webhook_signature(body: bytes, secret: str) -> str:
    """Return what Razorpay signs a webhook's bytes with."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def page_form(charge: Charge) -> tuple[str, dict[str, str]]:
    """Return where Razorpay's page is, and the form that opens it."""
    back = return_page(charge)
    return settings.RAZORPAY_API_BASE.rstrip("/") + PAGE, {
        "key_id": settings.RAZORPAY_KEY_ID,
        "order_id": charge.provider_ref,
        "amount": str(charge.amount.minor),
        "currency": charge.amount.currency,
        "name": "JeevanSetu",
        "description": charge.description,
        "callback_url": back,
        "cancel_url": back,
    }


def _ask(
    method: str,
    path: str,
    wish: Mapping[str, Any] | None = None,
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Mapping[str, Any]:
    answer = http.call(
        method,
        settings.RAZORPAY_API_BASE.rstrip("/") + path,
        json=wish,
        query=query,
        headers=headers,
        auth=(settings.RAZORPAY_KEY_ID, settings.RAZORPAY_KEY_SECRET),
    )
    if answer.is_ok:
        return answer.body
    error = answer.body.get("error")
    told = error if isinstance(error, dict) else {}
    code = text(told.get("reason")) or text(told.get("code")) or f"http_{answer.status}"
    match answer.status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            raise http.refuses_account("Razorpay", code)
        case HTTPStatus.CONFLICT:  # the same call is still running
            raise TryLater(code)
    raise Refused(code)


def _paid(payment: Mapping[str, Any]) -> Found:
    try:
        received = Money(payment["amount"], Currency(payment["currency"]))
    except (KeyError, TypeError, ValueError) as exc:
        raise Unknown("bad_reply") from exc
    return Found(state=ChargeState.PAID, received=received, payment_ref=http.field(payment, "id"))


def _moved(row: Mapping[str, Any]) -> Moved:
    try:
        amount = Money(row["amount"], Currency(row["currency"]))
    except (KeyError, TypeError, ValueError) as exc:
        raise Unknown("bad_reply") from exc
    state = MOVED.get(text(row.get("status")), TransferState.PENDING)
    code = "failed" if state is TransferState.FAILED else ""
    return Moved(state=state, provider_ref=http.field(row, "id"), amount=amount, code=code)


def _refunds(charge: Charge) -> list[Mapping[str, Any]]:
    return _items(_ask("GET", f"/v1/payments/{charge.payment_ref}/refunds", query={"count": "100"}))


def _returned(row: Mapping[str, Any]) -> Returned:
    moved = _moved(row)
    if moved.amount is None:
        raise Unknown("bad_reply")
    our_id = text(row.get("receipt"))
    return Returned(provider_ref=moved.provider_ref, state=moved.state, amount=moved.amount, our_id=our_id)


def _disputed(row: Mapping[str, Any]) -> Disputed:
    try:
        answer_by = row.get("respond_by")
        return Disputed(
            provider_ref=http.field(row, "id"),
            state=DISPUTES.get(text(row.get("status")), DisputeStatus.OPEN),
            amount=Money(row["amount"], Currency(row["currency"])),
            reason=text(row.get("reason_code")),
            answer_by=dt.datetime.fromtimestamp(answer_by, dt.UTC) if answer_by else None,
        )
    except (KeyError, TypeError, ValueError, OverflowError) as exc:
        raise Unknown("bad_reply") from exc


def _items(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = answer.get("items")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unknown("bad_reply")
    return rows


def _our_id(about: Mapping[str, Mapping[str, Any]]) -> str:
    if "refund" in about:
        return text(about["refund"].get("receipt"))
    if "order" in about:
        return text(about["order"].get("receipt"))
    notes = about.get("payment", {}).get("notes")  # an empty list when there are none
    return text(notes.get("payment")) if isinstance(notes, dict) else ""


def _refs(entity: Mapping[str, Any]) -> list[str]:
    names = (entity.get(name) for name in ("id", "order_id", "payment_id"))
    return [name for name in names if isinstance(name, str)]
