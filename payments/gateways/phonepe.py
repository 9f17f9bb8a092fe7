"""PhonePe's Standard Checkout (v2) by its HTTP API: https://developer.phonepe.com/payment-gateway.

An order is known by our id. PhonePe cannot cancel one: it ends at its time. A webhook's header does not sign its body.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings

from common import clock
from common.money import Currency, Money
from common.webhooks import Malformed, SignatureInvalid
from payments.gateways import http, phonepe_v1
from payments.gateways.base import (
    Action,
    Aftermath,
    Charge,
    ChargeState,
    Created,
    Found,
    Moved,
    Notice,
    Refused,
    Repayment,
    Returned,
    TransferState,
    Unknown,
    text,
)
from payments.gateways.tokens import Granted, Source, account_name, ask_with_token
from payments.states import ActionType, Provider

SHORTEST: Final = dt.timedelta(minutes=5)  # that PhonePe lets an order live
LONGEST: Final = dt.timedelta(hours=1)
LAST_NAME: Final = 5  # names that one payment may need, one for each lost reply
OUR_ID: Final = 36  # characters of a UUID
RENEW_AT: Final = 0.5  # of a token's life, as PhonePe's own SDK does
MOST_TOKENS: Final = 60  # an hour; PhonePe names no limit
NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,63}")  # of an order or a refund
MOVED: Final = {"COMPLETED": TransferState.SUCCEEDED, "FAILED": TransferState.FAILED}


class PhonePeGateway:
    """UPI and cards in India."""

    provider: Final = Provider.PHONEPE
    name: Final = "UPI or card (PhonePe)"
    currencies: Final = frozenset({Currency.INR})
    least: Final = 100

    def is_configured(self) -> bool:
        account = settings.PHONEPE_CLIENT_ID and settings.PHONEPE_CLIENT_SECRET
        return bool(account and settings.PHONEPE_WEBHOOK_USERNAME and settings.PHONEPE_WEBHOOK_PASSWORD)

    def create(self, charge: Charge, *, again: bool) -> Created:
        # The status of an order does not say where its page is. If a reply was lost, nobody knows that page and nobody
        # can pay there, so another name is safe; while PhonePe knows none of ours, the first one is.
        ref = self._unused_name(charge) if again else str(charge.id)
        life = min(max(charge.expires_at - clock.now(), SHORTEST), LONGEST)
        wish: dict[str, Any] = {
            "merchantOrderId": ref,
            "amount": charge.amount.minor,
            "expireAfter": int(life.total_seconds()),
            "metaInfo": {"udf1": str(charge.id)},
            "paymentFlow": {"type": "PG_CHECKOUT", "message": charge.description},
        }
        if charge.return_url:
            wish["paymentFlow"]["merchantUrls"] = {"redirectUrl": charge.return_url}
            made = _ask("POST", "/checkout/v2/pay", wish)
            return Created(ref, Action(ActionType.REDIRECT, url=http.field(made, "redirectUrl")))
        made = _ask("POST", "/checkout/v2/sdk/order", wish)
        token = {
            "merchant": settings.PHONEPE_MERCHANT_ID,
            "order_id": http.field(made, "orderId"),
            "token": http.field(made, "token"),
        }
        return Created(ref, Action(ActionType.SDK, client_token=json.dumps(token)))

    def fetch(self, charge: Charge) -> Found:
        order = _order(charge.provider_ref or str(charge.id))
        match order.get("state"):
            case "COMPLETED":
                return _paid(order)
            case "FAILED":
                code = text(order.get("detailedErrorCode")) or text(order.get("errorCode")) or "failed"
                is_over = "EXPIRED" in f"{order.get('errorCode')} {code}".upper()
                return Found(state=ChargeState.CANCELLED if is_over else ChargeState.FAILED, failure=code)
            case "PENDING":
                return Found(state=ChargeState.OPEN)
        raise Unknown("bad_reply")

    def cancel(self, charge: Charge) -> Found:
        return self.fetch(charge)

    def refund(self, repayment: Repayment) -> Moved:
        wish = {
            "merchantRefundId": str(repayment.id),
            "originalMerchantOrderId": repayment.charge.provider_ref,
            "amount": repayment.amount.minor,
        }
        try:
            return _moved(_ask("POST", "/payments/v2/refund", wish))
        except Refused as refusal:
            known = self._find_refund(repayment)  # a second time it is refused for having been made
            if known is None:
                raise refusal from None
            return known

    def fetch_refund(self, repayment: Repayment) -> Moved:
        return self._find_refund(repayment) or self.refund(repayment)

    def aftermath(self, charge: Charge, refs: Sequence[str]) -> Aftermath:
        # PhonePe lists no refunds: each is asked for by the merchant's name of it, which the webhook told.
        known = {ref: row for ref in refs if NAME.fullmatch(ref) and (row := _refund(ref)) is not None}
        ours = {ref: row for ref, row in known.items() if row.get("originalMerchantOrderId") == charge.provider_ref}
        return Aftermath(tuple(_returned(ref, row) for ref, row in ours.items()))

    def take_return(self, charge: Charge, fields: Mapping[str, str]) -> bool:
        return False  # PhonePe sends the payer straight to where the client wants them

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        checksum, salt = headers.get("X-Verify", ""), settings.PHONEPE_SALT_KEY
        if checksum and salt:
            return phonepe_v1.read_callback(checksum, body, salt, settings.PHONEPE_SALT_INDEX)
        wanted = webhook_header(settings.PHONEPE_WEBHOOK_USERNAME, settings.PHONEPE_WEBHOOK_PASSWORD)
        if not hmac.compare_digest(headers.get("Authorization", "").lower().encode(), wanted.encode()):
            raise SignatureInvalid
        try:
            event = json.loads(body)
            payload = event["payload"]
            names = ("merchantOrderId", "originalMerchantOrderId", "refundId")
            ours = text(payload.get("merchantRefundId")) or text(payload.get("merchantOrderId"))[:OUR_ID]
            return Notice(
                event_id=hashlib.sha256(body).hexdigest(),  # PhonePe gives none: the same bytes are the same event
                kind=text(event.get("event")),
                our_id=ours,
                refs=tuple(ref for ref in map(payload.get, names) if isinstance(ref, str)),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise Malformed from exc

    def _unused_name(self, charge: Charge) -> str:
        for number in range(LAST_NAME):
            name = f"{charge.id}-{number}" if number else str(charge.id)
            try:
                _order(name)
            except Refused:
                return name
        raise Refused("reply_lost_too_often")

    def _find_refund(self, repayment: Repayment) -> Moved | None:
        row = _refund(str(repayment.id))
        return None if row is None else _moved(row)


def webhook_header(username: str, password: str) -> str:
    """Return what PhonePe puts into the Authorization header of a webhook."""
    return hashlib.sha256(f"{username}:{password}".encode()).hexdigest()


def _order(ref: str) -> Mapping[str, Any]:
    return _ask("GET", f"/checkout/v2/order/{ref}/status", query={"details": "false", "errorContext": "true"})


def _refund(ref: str) -> Mapping[str, Any] | None:
    try:
        return _ask("GET", f"/payments/v2/refund/{ref}/status")
    except Refused:
        return None


def _ask(
    method: str, path: str, wish: Mapping[str, Any] | None = None, *, query: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    answer = ask_with_token(_source(), lambda token: _call(method, path, token, wish, query))
    if answer.is_ok:
        return answer.body
    code = text(answer.body.get("code")) or text(answer.body.get("errorCode")) or f"http_{answer.status}"
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise http.refuses_account("PhonePe", code)
    raise Refused(code)


def _call(
    method: str, path: str, token: str, wish: Mapping[str, Any] | None, query: Mapping[str, str] | None
) -> http.Answer:
    url = settings.PHONEPE_API_BASE.rstrip("/") + path
    return http.call(method, url, json=wish, query=query, headers={"Authorization": f"O-Bearer {token}"})


def _source() -> Source:
    account = (settings.PHONEPE_AUTH_BASE, settings.PHONEPE_CLIENT_ID, settings.PHONEPE_CLIENT_SECRET)
    return Source(
        name=account_name(Provider.PHONEPE, *account), ask=_grant, renew_at=RENEW_AT, most_an_hour=MOST_TOKENS
    )


def _grant() -> Granted:
    form = {
        "client_id": settings.PHONEPE_CLIENT_ID,
        "client_version": settings.PHONEPE_CLIENT_VERSION,
        "client_secret": settings.PHONEPE_CLIENT_SECRET,
        "grant_type": "client_credentials",
    }
    answer = http.call("POST", f"{settings.PHONEPE_AUTH_BASE.rstrip('/')}/v1/oauth/token", form=form)
    if not answer.is_ok:
        raise http.refuses_account("PhonePe", f"token_http_{answer.status}")
    body = answer.body
    try:
        return Granted(
            str(body["access_token"]), dt.timedelta(seconds=int(body["expires_at"]) - int(body["issued_at"]))
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise Unknown("bad_reply") from exc


def _paid(order: Mapping[str, Any]) -> Found:
    """PhonePe says no currency: it takes rupees. What was paid is what its finished tries add up to."""
    tries = order.get("paymentDetails") or []
    try:
        done = [row for row in tries if row.get("state") == "COMPLETED"]
        minor = sum(row["amount"] for row in done) if done else order["amount"]
        ref = text(done[0].get("transactionId")) if done else text(order.get("orderId"))
        return Found(state=ChargeState.PAID, received=Money(minor, Currency.INR), payment_ref=ref)
    except (KeyError, TypeError, AttributeError) as exc:
        raise Unknown("bad_reply") from exc


def _moved(row: Mapping[str, Any]) -> Moved:
    state = MOVED.get(text(row.get("state")), TransferState.PENDING)
    amount = row.get("amount")
    if not isinstance(amount, int):
        raise Unknown("bad_reply")
    code = text(row.get("detailedErrorCode")) or text(row.get("errorCode")) if state is TransferState.FAILED else ""
    return Moved(state=state, provider_ref=http.field(row, "refundId"), amount=Money(amount, Currency.INR), code=code)


def _returned(ref: str, row: Mapping[str, Any]) -> Returned:
    moved = _moved(row)
    if moved.amount is None:
        raise Unknown("bad_reply")
    return Returned(provider_ref=moved.provider_ref, state=moved.state, amount=moved.amount, our_id=ref)
