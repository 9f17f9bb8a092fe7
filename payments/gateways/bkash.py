"""bKash's tokenized checkout by its HTTP API, for takas.

The payer agrees on bKash's page; the money moves when we execute, which bKash lets one do once. Whether it is executed
or left alone is decided once, before; an execution without an answer is asked about and never repeated. So a payment
that is left takes no money any more. An error may come as 200. A refund has no key: it is looked for first.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings

from common import clock
from common.money import MINOR_DIGITS, Currency, Money
from common.webhooks import Malformed
from payments.gateways import http, sns
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
    TransferState,
    TryLater,
    Unknown,
    return_page,
    text,
)
from payments.gateways.tokens import Granted, Source, account_name, ask_with_token
from payments.services import decisions
from payments.states import ActionType, Decided, Provider

CHECKOUT: Final = "/v1.2.0-beta/tokenized/checkout"
REFUND: Final = "/v2/tokenized-checkout/refund/payment"
DONE: Final = "0000"
MAINTENANCE: Final = "503"
EXECUTE_TIMEOUT: Final = (5, 30)  # seconds
SETTLED: Final = dt.timedelta(minutes=2)  # after which bKash's word on a call that was not answered is the last one
RENEW_AT: Final = 5 / 6  # of an hour: one call for a token is left for one that is turned down
MOST_TOKENS: Final = 2  # an hour; a third blocks the account for one
OUR_ID: Final = 36  # characters of a UUID
REASON: Final = 255  # characters
OVER: Final = {
    "Expired": ChargeState.CANCELLED,
    "Cancelled": ChargeState.CANCELLED,
    "Declined": ChargeState.FAILED,
    "Failed": ChargeState.FAILED,
}
MOVED: Final = {"Completed": TransferState.SUCCEEDED, "Failed": TransferState.FAILED}


class BkashGateway:
    """The wallet of Bangladesh."""

    provider: Final = Provider.BKASH
    name: Final = "bKash"
    currencies: Final = frozenset({Currency.BDT})
    least: Final = 100

    def is_configured(self) -> bool:
        login = settings.BKASH_USERNAME and settings.BKASH_PASSWORD
        return bool(login and settings.BKASH_APP_KEY and settings.BKASH_APP_SECRET)

    def create(self, charge: Charge, *, again: bool) -> Created:
        # What was made by a call whose reply was lost can never be executed: nobody knows its paymentID.
        invoice = f"{charge.id}-{int(clock.now().timestamp())}" if again else str(charge.id)
        made = _ask(
            f"{CHECKOUT}/create",
            {
                "mode": "0011",
                "payerReference": str(charge.id),
                "callbackURL": return_page(charge),
                "amount": in_taka(charge.amount),
                "currency": charge.amount.currency,
                "intent": "sale",
                "merchantInvoiceNumber": invoice,
            },
        )
        return Created(http.field(made, "paymentID"), Action(ActionType.REDIRECT, url=http.field(made, "bkashURL")))

    def fetch(self, charge: Charge) -> Found:
        told = self._query(charge)
        status = text(told.get("transactionStatus"))
        if status == "Completed":
            return _paid(told)
        if status in OVER:
            return Found(state=OVER[status], failure=status.lower())
        decision = decisions.find(provider=self.provider, ref=charge.provider_ref)
        if decision is not None:
            return self._waiting(decision)
        return self._execute(charge) if self._has_agreed(charge, told) else Found(state=ChargeState.OPEN)

    def cancel(self, charge: Charge) -> Found:
        decision = decisions.decide(provider=self.provider, ref=charge.provider_ref, decided=Decided.LEAVE)
        found = self.fetch(charge)
        is_open = found.state is ChargeState.OPEN and decision.decided is Decided.LEAVE
        return Found(state=ChargeState.CANCELLED) if is_open else found

    def refund(self, repayment: Repayment) -> Moved:
        decision = decisions.decide(
            provider=self.provider,
            ref=str(repayment.id),
            decided=Decided.REFUND,
            about=repayment.charge.provider_ref,
        )
        return self._give_back(repayment) if decision.is_mine else self._find_refund(repayment, decision)

    def fetch_refund(self, repayment: Repayment) -> Moved:
        decision = decisions.find(provider=self.provider, ref=str(repayment.id))
        return self.refund(repayment) if decision is None else self._find_refund(repayment, decision)

    def aftermath(self, charge: Charge, refs: Sequence[str]) -> Aftermath:
        return Aftermath()  # bKash reports of no refund and no dispute, and tells nobody's refunds apart

    def take_return(self, charge: Charge, fields: Mapping[str, str]) -> bool:
        if fields.get("paymentID") != charge.provider_ref:
            return False
        if fields.get("status") == "success":
            decisions.decide(provider=self.provider, ref=_agreement(charge), decided=Decided.AGREED)
        return True

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        topic = _topic()
        envelope = sns.read_envelope(body, topic)
        kind, event_id = text(envelope.get("Type")), text(envelope.get("MessageId"))
        if kind != "Notification":
            if kind == "SubscriptionConfirmation":
                sns.confirm(envelope, topic)
            return Notice(event_id=event_id, kind=kind)
        try:
            told = json.loads(envelope["Message"])
            return Notice(
                event_id=event_id,
                kind=text(told.get("transactionStatus")),
                our_id=text(told.get("merchantInvoiceNumber"))[:OUR_ID],
                refs=tuple(ref for ref in (told.get("trxID"),) if isinstance(ref, str)),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise Malformed from exc

    def _query(self, charge: Charge) -> Mapping[str, Any]:
        return _ask(f"{CHECKOUT}/payment/status", {"paymentID": charge.provider_ref})

    def _has_agreed(self, charge: Charge, told: Mapping[str, Any]) -> bool:
        """Whether the payer has entered the PIN, by bKash's word; where it says none, by the browser that came back."""
        verified = told.get("userVerificationStatus") or told.get("verificationStatus")
        if verified:
            return verified == "Complete"
        return decisions.find(provider=self.provider, ref=_agreement(charge)) is not None

    def _execute(self, charge: Charge) -> Found:
        decision = decisions.decide(provider=self.provider, ref=charge.provider_ref, decided=Decided.TAKE)
        if not decision.is_mine:
            return self._waiting(decision)
        try:
            told = _ask(f"{CHECKOUT}/execute", {"paymentID": charge.provider_ref}, timeout=EXECUTE_TIMEOUT)
        except TryLater:
            decisions.undo(provider=self.provider, ref=charge.provider_ref)
            raise
        except Refused as refusal:
            told = self._query(charge)  # it may say so because it was done
            if told.get("transactionStatus") != "Completed":
                return Found(state=ChargeState.FAILED, failure=refusal.code)
        if told.get("transactionStatus") != "Completed":
            raise Unknown("bad_reply")
        return _paid(told)

    def _waiting(self, decision: decisions.Decision) -> Found:
        """What is decided and not done: on its way for a while, then an execution that never arrived."""
        if decision.decided is Decided.LEAVE:
            return Found(state=ChargeState.CANCELLED)
        if clock.now() < decision.at + SETTLED:
            return Found(state=ChargeState.OPEN)
        return Found(state=ChargeState.FAILED, failure="execute_lost")

    def _give_back(self, repayment: Repayment) -> Moved:
        charge, ours = repayment.charge, str(repayment.id)
        wish = {
            "paymentId": charge.provider_ref,
            "trxId": charge.payment_ref,
            "refundAmount": in_taka(repayment.amount),
            "sku": ours,
            "reason": repayment.reason[:REASON],
        }
        try:
            told = _ask(f"{REFUND}/transaction", wish)
        except (TryLater, Refused):
            decisions.undo(provider=self.provider, ref=ours)
            raise
        theirs = http.field(told, "refundTrxId")
        decisions.name(provider=self.provider, ref=ours, candidates=[theirs])
        return _moved(told, charge.amount.currency)

    def _find_refund(self, repayment: Repayment, decision: decisions.Decision) -> Moved:
        """Find among bKash's refunds of the charge the one that is ours; one that never arrived is asked for again."""
        charge, ours = repayment.charge, str(repayment.id)
        wish = {"paymentId": charge.provider_ref, "trxId": charge.payment_ref}
        told = _ask(f"{REFUND}/status", wish, on_refusal={})
        rows = {http.field(row, "refundTrxId"): row for row in told.get("refundTransactions") or []}
        theirs = decision.theirs
        if not theirs:
            alike = [name for name, row in rows.items() if _amount(row, "refundAmount") == repayment.amount.minor]
            theirs = decisions.name(provider=self.provider, ref=ours, candidates=alike) if alike else ""
        if theirs in rows:
            return _moved(rows[theirs], charge.amount.currency)
        is_lost = not theirs and clock.now() >= decision.at + SETTLED
        if is_lost and decisions.decide_again(provider=self.provider, ref=ours, seen_at=decision.at):
            return self._give_back(repayment)
        raise TryLater("refund_in_doubt")


def in_taka(money: Money) -> str:
    """Return the amount as bKash writes it: «100.00»."""
    return str(Decimal(money.minor).scaleb(-MINOR_DIGITS))


def _agreement(charge: Charge) -> str:
    return f"{charge.provider_ref} agreed"


def _topic() -> sns.Topic:
    arn = settings.BKASH_SNS_TOPIC
    return sns.Topic(arn, settings.BKASH_SNS_ORIGIN or sns.origin_of(arn))


def _ask(
    path: str,
    wish: Mapping[str, Any],
    *,
    timeout: tuple[float, float] = http.TIMEOUT,
    on_refusal: Mapping[str, Any] | None = None,
) -> Mapping[str, Any]:
    """Ask bKash; `on_refusal` is returned instead of raised."""
    answer = ask_with_token(_source(), lambda token: _call(path, wish, token, timeout))
    code = _error_in(answer)
    if not code:
        return answer.body
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise http.refuses_account("bKash", code)
    if code == MAINTENANCE:
        raise TryLater(code)
    if on_refusal is not None:
        return on_refusal
    raise Refused(code)


def _call(path: str, wish: Mapping[str, Any], token: str, timeout: tuple[float, float]) -> http.Answer:
    headers = {"Authorization": token, "X-APP-Key": settings.BKASH_APP_KEY}
    return http.call("POST", settings.BKASH_API_BASE.rstrip("/") + path, json=wish, headers=headers, timeout=timeout)


def _error_in(answer: http.Answer) -> str:
    """Return the code of an error, which may come with status 200; empty when there is none."""
    body = answer.body
    code = text(body.get("errorCode")) or text(body.get("externalCode")) or text(body.get("statusCode"))
    if answer.is_ok:
        return "" if code in ("", DONE) else code
    return code or f"http_{answer.status}"


def _source() -> Source:
    account = (settings.BKASH_API_BASE, settings.BKASH_USERNAME, settings.BKASH_APP_KEY, settings.BKASH_APP_SECRET)
    return Source(name=account_name(Provider.BKASH, *account), ask=_grant, renew_at=RENEW_AT, most_an_hour=MOST_TOKENS)


def _grant() -> Granted:
    answer = http.call(
        "POST",
        f"{settings.BKASH_API_BASE.rstrip('/')}{CHECKOUT}/token/grant",
        json={"app_key": settings.BKASH_APP_KEY, "app_secret": settings.BKASH_APP_SECRET},
        headers={"username": settings.BKASH_USERNAME, "password": settings.BKASH_PASSWORD},
    )
    code = _error_in(answer)
    if code:
        raise http.refuses_account("bKash", f"token_{code}")
    try:
        return Granted(http.field(answer.body, "id_token"), dt.timedelta(seconds=int(answer.body["expires_in"])))
    except (KeyError, TypeError, ValueError) as exc:
        raise Unknown("bad_reply") from exc


def _paid(told: Mapping[str, Any]) -> Found:
    try:
        received = Money(_amount(told, "amount"), Currency(text(told.get("currency"))))
    except ValueError as exc:
        raise Unknown("bad_reply") from exc
    return Found(state=ChargeState.PAID, received=received, payment_ref=http.field(told, "trxID"))


def _moved(row: Mapping[str, Any], currency: Currency) -> Moved:
    state = MOVED.get(text(row.get("refundTransactionStatus")), TransferState.PENDING)
    amount = Money(_amount(row, "refundAmount"), currency)
    code = "failed" if state is TransferState.FAILED else ""
    return Moved(state=state, provider_ref=http.field(row, "refundTrxId"), amount=amount, code=code)


def _amount(row: Mapping[str, Any], name: str) -> int:
    """Return a decimal string in minor units."""
    try:
        minor = Decimal(text(row.get(name))).scaleb(MINOR_DIGITS)
        whole = int(minor)
    except (InvalidOperation, ValueError, OverflowError) as exc:
        raise Unknown("bad_reply") from exc
    if whole != minor:
        raise Unknown("bad_reply")
    return whole
