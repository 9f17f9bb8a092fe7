"""bKash's HTTP API as far as the product speaks it, its page, and its notifications by SNS."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.answers import NotUnderstood, as_json, read_json
from sandbox.bkash import objects, sns
from sandbox.bkash.objects import Books, Payment, bad, in_taka
from sandbox.courier import Composed
from sandbox.paying import Desk, base_of, form_of, new_id, no_page, page
from sandbox.world import World

CHANNEL = "bkash"
WEBHOOK_PATH = "/api/v1/webhooks/bkash"
CHECKOUT = "/bkash/v1.2.0-beta/tokenized/checkout"
REFUND = "/bkash/v2/tokenized-checkout/refund/payment"
TOKEN_LIFE = 3600  # seconds
MOST_GRANTS = 2  # an hour
MAINTENANCE = {"errorCode": "503", "errorMessage": "System is undergoing maintenance. Please try again later."}
OUTCOMES = {"pay": "Enter the PIN and agree", "fail": "The payment fails", "abandon": "Cancel"}
COMES_BACK = {"pay": "success", "fail": "failure", "abandon": "cancel"}


def routes(world: World) -> list[Route]:
    """The API under `/bkash`, the page, SNS's certificate, and `/bkash/books` for tests."""
    api = Bkash(world)
    world.forgetting.append(api.books.clear)

    def post(path: str, endpoint: Any, about: str, on: str = "send") -> Route:
        guarded = api.desk.guarded(endpoint, about, on=on, admit=api.admit, mishap=MAINTENANCE)
        return Route(path, guarded, methods=["POST"])

    granting = api.desk.guarded(api.grant, "token", admit=lambda _: None, mishap=MAINTENANCE)
    return [
        Route(f"{CHECKOUT}/token/grant", granting, methods=["POST"]),
        post(f"{CHECKOUT}/create", api.create, "checkout"),
        post(f"{CHECKOUT}/execute", api.execute, "execute"),
        post(f"{CHECKOUT}/payment/status", api.query, "checkout", "look_up"),
        post(f"{REFUND}/transaction", api.refund, "refund"),
        post(f"{REFUND}/status", api.refund_status, "refund", "look_up"),
        Route("/bkash/pay/{ref}", api.page, methods=["GET"]),
        Route("/bkash/pay/{ref}", api.press, methods=["POST"]),
        Route("/bkash/refunds/{ref}", api.end_refund, methods=["POST"]),
        Route("/bkash/sns/{name}.pem", api.certificate, methods=["GET"]),
        Route("/bkash/sns/subscribe", api.subscribe, methods=["POST"]),
        Route("/bkash/sns/confirm", api.confirm, methods=["GET"]),
        Route("/bkash/books", api.show_books, methods=["GET"]),
    ]


class Bkash:
    """The endpoints over one world."""

    def __init__(self, world: World) -> None:
        self._settings = world.settings
        self.desk = Desk(world, CHANNEL)
        self.books = Books()
        self._base = ""
        self._confirmed = 0

    def admit(self, request: Request) -> None:
        self._base = base_of(request)
        token = request.headers.get("authorization", "")
        if self.desk.strike("token_expired", to="token"):
            self.books.voided.add(token)
        app_key = request.headers.get("x-app-key", "")
        is_app = hmac.compare_digest(app_key.encode(), self._settings.bkash_app_key.encode())
        if not is_app or token in self.books.voided or not self._serves(token, time.time()):
            raise bad("401", "The incoming token has expired", HTTPStatus.UNAUTHORIZED)

    async def grant(self, request: Request) -> Any:
        settings, body, now = self._settings, await read_json(request), time.time()
        self.books.grants = [moment for moment in self.books.grants if moment > now - 3600] + [now]
        if len(self.books.grants) > MOST_GRANTS:
            raise bad("2080", "Too many token requests: blocked for an hour", HTTPStatus.FORBIDDEN)
        names = ("username", "password")
        given = [request.headers.get(name, "") for name in names] + [body.get("app_key"), body.get("app_secret")]
        if given != [
            settings.bkash_username,
            settings.bkash_password,
            settings.bkash_app_key,
            settings.bkash_app_secret,
        ]:
            raise bad("2001", "Invalid App Key", HTTPStatus.UNAUTHORIZED)
        return {
            "statusCode": "0000",
            "statusMessage": "Successful",
            "id_token": self._sealed(f"{new_id('eyJ')}.{int(now) + TOKEN_LIFE}"),
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFE,
            "refresh_token": new_id("eyR"),
        }

    async def create(self, request: Request) -> Any:
        payment = objects.add_payment(self.books, await read_json(request))
        comes_back = {
            f"{word}CallbackURL": self._callback(payment, word) for word in ("success", "failure", "cancelled")
        }
        return {**payment.as_json(), "bkashURL": f"{base_of(request)}/bkash/pay/{payment.id}", **comes_back}

    async def execute(self, request: Request) -> Any:
        payment = self.books.payment((await read_json(request)).get("paymentID"))
        self.books.executed += 1
        if payment.status == "Completed":
            raise bad("2062", "The payment has already been completed")
        if payment.state != "Initiated" or not payment.is_verified:
            raise bad("2056", "Invalid Payment State")
        payment.status, payment.trx = "Completed", new_id("").upper()[:10]
        payment.paid, payment.paid_currency = self.desk.paid_amount(payment.amount), self.desk.paid_currency("BDT")
        self._tell(payment)
        return payment.as_json()

    async def query(self, request: Request) -> Any:
        return self.books.payment((await read_json(request)).get("paymentID")).as_json()

    async def refund(self, request: Request) -> Any:
        refund = objects.add_refund(self.books, await read_json(request))
        if self.desk.strike("refund_pending", to="refund"):
            refund.status = "Pending"
        return refund.as_json()

    async def refund_status(self, request: Request) -> Any:
        payment = self.books.payment((await read_json(request)).get("paymentId"))
        rows = [row.as_json() for row in self.books.refunds.values() if row.payment is payment]
        if not rows:
            raise bad("2033", "Transaction not found")
        return {"originalTrxId": payment.trx, "originalTrxAmount": in_taka(payment.paid), "refundTransactions": rows}

    async def page(self, request: Request) -> Response:
        payment = self.books.payments.get(request.path_params["ref"])
        if payment is None:
            return no_page()
        is_open = payment.state == "Initiated" and not payment.is_verified
        state, outcomes = ("open", OUTCOMES) if is_open else ("over", {})
        return page("bKash", payment.amount, "BDT", "Payment to JeevanSetu", state, outcomes)

    async def press(self, request: Request) -> Response:
        """A person presses a button; no money moves before the product executes the payment."""
        payment = self.books.payments.get(request.path_params["ref"])
        outcome = (await form_of(request)).get("outcome", "")
        if payment is None or outcome not in OUTCOMES:
            raise NotUnderstood(f"outcome must be one of {', '.join(OUTCOMES)}")
        if payment.state != "Initiated" or payment.is_verified:
            return Response("This page is over.", HTTPStatus.CONFLICT)
        payment.is_verified = outcome == "pay"
        payment.status = "Failed" if outcome == "fail" else payment.status
        return RedirectResponse(self._callback(payment, COMES_BACK[outcome]), HTTPStatus.SEE_OTHER)

    async def end_refund(self, request: Request) -> Response:
        """A pending refund ends: `{status: Completed | Failed}`."""
        refund = self.books.refunds.get(request.path_params["ref"])
        wish = await read_json(request)
        status = wish.get("status") if isinstance(wish, dict) else None
        if refund is None or refund.status != "Pending" or status not in ("Completed", "Failed"):
            raise NotUnderstood("a pending refund and a status, Completed or Failed, are expected")
        refund.status = status
        if status == "Failed":
            refund.payment.refunded -= refund.amount
        return as_json(refund.as_json())

    async def certificate(self, _: Request) -> Response:
        return Response(sns.certificate(), media_type="application/x-pem-file")

    async def subscribe(self, request: Request) -> Response:
        """Have SNS ask the product whether it wants the notifications."""
        self._base = base_of(request)
        url = f"{self._base}/bkash/sns/confirm?{urlencode({'Token': new_id('t')})}"
        words = {"Type": "SubscriptionConfirmation", "Token": new_id("t"), "SubscribeURL": url}
        self.desk.tell(WEBHOOK_PATH, [partial(self._letter, "Confirm, please.", words)])
        return as_json({})

    async def confirm(self, _: Request) -> Response:
        self._confirmed += 1
        return Response("<ConfirmSubscriptionResponse/>", media_type="text/xml")

    async def show_books(self, _: Request) -> Response:
        """What was taken and not given back, all there is, and how often a token and an execution were asked for."""
        return as_json(
            {
                "captured": self.books.captured(),
                "payments": [row.as_json() for row in self.books.payments.values()],
                "refunds": [row.as_json() for row in self.books.refunds.values()],
                "tokens": len(self.books.grants),
                "executed": self.books.executed,
                "confirmed": self._confirmed,
            }
        )

    def _sealed(self, words: str) -> str:
        secret = self._settings.bkash_app_secret.encode()
        return f"{words}.{hmac.new(secret, words.encode(), hashlib.sha256).hexdigest()}"

    def _serves(self, token: str, now: float) -> bool:
        words, _, _ = token.rpartition(".")
        is_ours = hmac.compare_digest(token.encode(), self._sealed(words).encode())
        return is_ours and int(words.rpartition(".")[2]) > now

    def _callback(self, payment: Payment, status: str) -> str:
        mark = "&" if "?" in payment.callback else "?"
        return payment.callback + mark + urlencode({"paymentID": payment.id, "status": status})

    def _tell(self, payment: Payment) -> None:
        message = {
            "dateTime": datetime.now(UTC).strftime("%Y%m%d%H%M%S"),
            "debitMSISDN": "8801770618575",
            "creditOrganizationName": "JeevanSetu",
            "creditShortCode": "50022",
            "trxID": payment.trx,
            "transactionStatus": payment.status,
            "transactionType": "10003436",
            "amount": in_taka(payment.paid),
            "currency": payment.paid_currency,
            "transactionReference": payment.payer,
            "merchantInvoiceNumber": payment.invoice,
        }
        self.desk.tell(WEBHOOK_PATH, [partial(self._letter, json.dumps(message), {"MessageId": new_id("ipn-")})])

    def _letter(self, message: str, words: dict[str, Any], is_forged: bool) -> Composed:  # noqa: FBT001 - as the desk
        fields = sns.envelope(
            message,
            topic=self._settings.bkash_sns_topic,
            cert_url=f"{self._base}/bkash/sns/{sns.certificate_name()}.pem",
            is_forged=is_forged,
            **words,
        )
        headers = {"Content-Type": "text/plain; charset=UTF-8", "X-Amz-Sns-Message-Type": fields["Type"]}
        return sns.body_of(fields), headers
