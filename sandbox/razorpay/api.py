"""Razorpay's HTTP API as far as the product speaks it, its page, and its signed webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from functools import partial
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.answers import NotUnderstood, as_json, read_json
from sandbox.courier import Composed
from sandbox.paying import Desk, base_of, form_of, new_id, no_page, page
from sandbox.razorpay import objects
from sandbox.razorpay.objects import Books, Dispute, Order, Payment, Refund, bad
from sandbox.world import World

CHANNEL = "razorpay"
WEBHOOK_PATH = "/api/v1/webhooks/razorpay"
OUTCOMES = {"pay": "Pay", "fail": "The payment fails", "abandon": "Go back without paying"}
SHORTEST_KEY = 10


def routes(world: World) -> list[Route]:
    """The API under `/razorpay/v1`, the page, and `/razorpay/books` for tests."""
    api = Razorpay(world)
    world.forgetting.append(api.books.clear)

    def v1(path: str, endpoint: Any, about: str, method: str) -> Route:
        guarded = api.desk.guarded(endpoint, about, admit=api.admit)
        return Route(f"/razorpay/v1{path}", guarded, methods=[method])

    return [
        v1("/orders", api.create_order, "checkout", "POST"),
        v1("/orders/{ref}", api.show_order, "checkout", "GET"),
        v1("/orders/{ref}/payments", api.list_payments, "checkout", "GET"),
        v1("/payments/{ref}/capture", api.capture, "capture", "POST"),
        v1("/payments/{ref}/refund", api.create_refund, "refund", "POST"),
        v1("/payments/{ref}/refunds", api.list_refunds, "refund", "GET"),
        v1("/refunds/{ref}", api.show_refund, "refund", "GET"),
        v1("/disputes/{ref}", api.show_dispute, "refund", "GET"),
        Route("/razorpay/payments/{ref}/refund", api.refund_by_hand, methods=["POST"]),
        Route("/razorpay/payments/{ref}/dispute", api.dispute, methods=["POST"]),
        Route("/razorpay/disputes/{ref}", api.end_dispute, methods=["POST"]),
        Route("/razorpay/v1/checkout/embedded", api.open_page, methods=["POST"]),
        Route("/razorpay/pay/{ref}", api.page, methods=["GET"]),
        Route("/razorpay/pay/{ref}", api.press, methods=["POST"]),
        Route("/razorpay/payments/{ref}/authorize", api.authorize_late, methods=["POST"]),
        Route("/razorpay/refunds/{ref}", api.end_refund, methods=["POST"]),
        Route("/razorpay/books", api.show_books, methods=["GET"]),
    ]


class Razorpay:
    """The endpoints over one world."""

    def __init__(self, world: World) -> None:
        self._settings = world.settings
        self.desk = Desk(world, CHANNEL)
        self.books = Books()

    def admit(self, request: Request) -> None:
        pair = f"{self._settings.razorpay_key_id}:{self._settings.razorpay_key_secret}"
        wanted = f"Basic {base64.b64encode(pair.encode()).decode()}"
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), wanted.encode()):
            raise bad("Authentication failed", status=401, reason="authentication_failed")

    async def create_order(self, request: Request) -> Any:
        order = objects.add_order(self.books, await read_json(request))
        return order.as_json(self.books.payments_of(order))

    async def show_order(self, request: Request) -> Any:
        order = self._order(request)
        return order.as_json(self.books.payments_of(order))

    async def list_payments(self, request: Request) -> Any:
        rows = [row.as_json() for row in self.books.payments_of(self._order(request))]
        return {"entity": "collection", "count": len(rows), "items": rows[::-1]}

    async def capture(self, request: Request) -> Any:
        payment, wish = self._payment(request), await read_json(request)
        if payment.taken:
            raise bad("This payment has already been captured")
        if payment.status != "authorized" or wish.get("amount") != payment.amount:
            raise bad("Capture amount must be equal to the amount authorized")
        payment.status = "captured"
        self._tell([("payment.captured", payment), ("order.paid", payment)])
        return payment.as_json()

    async def create_refund(self, request: Request) -> Any:
        key, digest = request.headers.get("x-refund-idempotency", ""), hashlib.sha256(await request.body()).hexdigest()
        if key and len(key) < SHORTEST_KEY:
            raise bad("The idempotency key must be at least 10 characters.")
        if key in self.books.keys:
            known, ref = self.books.keys[key]
            if known != digest:
                raise bad("Different request with the same idempotency key")
            return self.books.refunds[ref].as_json()
        refund = objects.add_refund(self.books, self._payment(request), await read_json(request))
        if self.desk.strike("refund_pending", to="refund"):
            refund.status = "pending"
        if key:
            self.books.keys[key] = digest, refund.id
        self._tell([("refund.created", refund)])
        return refund.as_json()

    async def list_refunds(self, request: Request) -> Any:
        payment = self._payment(request)
        rows = [row.as_json() for row in self.books.refunds.values() if row.payment is payment]
        return {"entity": "collection", "count": len(rows), "items": rows[::-1]}

    async def show_refund(self, request: Request) -> Any:
        refund = self.books.refunds.get(request.path_params["ref"])
        if refund is None:
            raise bad("The id provided does not exist")
        return refund.as_json()

    async def show_dispute(self, request: Request) -> Any:
        return self._dispute(request).as_json()

    async def refund_by_hand(self, request: Request) -> Response:
        """The account's owner gives money back in the dashboard: `{amount?}`."""
        refund = objects.add_refund(self.books, self._payment(request), await read_json(request))
        self._tell([("refund.created", refund), ("refund.processed", refund)])
        return as_json(refund.as_json())

    async def dispute(self, request: Request) -> Response:
        """The payer's bank wants money back: `{amount?}`."""
        payment, wish = self._payment(request), await read_json(request)
        dispute = Dispute(payment=payment, amount=wish.get("amount", payment.taken))
        self.books.disputes[dispute.id] = dispute
        self._tell([("payment.dispute.created", dispute)])
        return as_json(dispute.as_json())

    async def end_dispute(self, request: Request) -> Response:
        """The bank has decided: `{status: won | lost}`."""
        dispute, status = self._dispute(request), (await read_json(request)).get("status")
        if dispute.status != "open" or status not in ("won", "lost"):
            raise NotUnderstood("an open dispute and a status, won or lost, are expected")
        dispute.status = status
        dispute.payment.refunded += dispute.amount if status == "lost" else 0
        self._tell([(f"payment.dispute.{status}", dispute)])
        return as_json(dispute.as_json())

    async def open_page(self, request: Request) -> Response:
        """The payer's browser posts the form that the product wrote."""
        form = await form_of(request)
        order = self.books.orders.get(form.get("order_id", ""))
        if order is None or form.get("key_id") != self._settings.razorpay_key_id:
            return no_page()
        order.callback_url, order.cancel_url = form.get("callback_url", ""), form.get("cancel_url", "")
        order.description = form.get("description", "")
        return RedirectResponse(f"{base_of(request)}/razorpay/pay/{order.id}", HTTPStatus.SEE_OTHER)

    async def page(self, request: Request) -> Response:
        order = self.books.orders.get(request.path_params["ref"])
        if order is None:
            return no_page()
        is_paid = any(row.status in ("authorized", "captured") for row in self.books.payments_of(order))
        state, outcomes = ("paid", {}) if is_paid else ("open", OUTCOMES)
        return page("Razorpay", order.amount, order.currency, order.description, state, outcomes)

    async def press(self, request: Request) -> Response:
        """A person presses a button: the money is there or not, webhooks go out, the browser goes back signed."""
        order = self.books.orders.get(request.path_params["ref"])
        outcome = (await form_of(request)).get("outcome", "")
        if order is None or outcome not in OUTCOMES:
            raise NotUnderstood(f"outcome must be one of {', '.join(OUTCOMES)}")
        if any(row.status in ("authorized", "captured") for row in self.books.payments_of(order)):
            return Response("This order is paid.", HTTPStatus.CONFLICT)
        if outcome == "abandon":
            return RedirectResponse(order.cancel_url or "/", HTTPStatus.SEE_OTHER)
        payment = self._try(order, "failed" if outcome == "fail" else "authorized")
        if outcome == "fail":
            self._tell([("payment.failed", payment)])
            return RedirectResponse(str(request.url), HTTPStatus.SEE_OTHER)
        events: list[tuple[str, Payment | Refund | Dispute]] = [("payment.authorized", payment)]
        if not order.is_manual:
            payment.status = "captured"
            events += [("payment.captured", payment), ("order.paid", payment)]
        self._tell(events)
        if not order.callback_url:
            return as_json(self._signed(payment))
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{value}">' for name, value in self._signed(payment).items()
        )
        text = f'<form method="post" action="{order.callback_url}">{fields}<button>Go back to the shop</button></form>'
        return Response(f"<!doctype html><title>Paid</title>{text}", media_type="text/html")

    async def authorize_late(self, request: Request) -> Response:
        """A bank reports late that a payment which failed went through after all."""
        payment = self.books.payments.get(request.path_params["ref"])
        if payment is None or payment.status != "failed":
            raise NotUnderstood("there is no payment that failed")
        payment.status, payment.error = "authorized", ""
        self._tell([("payment.authorized", payment)])
        return as_json(payment.as_json())

    async def end_refund(self, request: Request) -> Response:
        """A bank ends a pending refund: `{status: processed | failed}`."""
        refund = self.books.refunds.get(request.path_params["ref"])
        wish = await read_json(request)
        status = wish.get("status") if isinstance(wish, dict) else None
        if refund is None or refund.status != "pending" or status not in ("processed", "failed"):
            raise NotUnderstood("a pending refund and a status, processed or failed, are expected")
        refund.status = status
        if status == "failed":
            refund.payment.refunded -= refund.amount
            refund.payment.status = "captured"
        self._tell([(f"refund.{status}", refund)])
        return as_json(refund.as_json())

    async def show_books(self, _: Request) -> Response:
        """What was taken and not given back, and all there is: for tests of «never twice»."""
        return as_json(
            {
                "captured": self.books.captured(),
                "orders": [row.as_json(self.books.payments_of(row)) for row in self.books.orders.values()],
                "payments": [row.as_json() for row in self.books.payments.values()],
                "refunds": [row.as_json() for row in self.books.refunds.values()],
                "disputes": [row.as_json() for row in self.books.disputes.values()],
            }
        )

    def _try(self, order: Order, status: str) -> Payment:
        amount, currency = self.desk.paid_amount(order.amount), self.desk.paid_currency(order.currency)
        payment = Payment(order=order, amount=amount, currency=currency, status=status)
        payment.error = "payment_failed" if status == "failed" else ""
        self.books.payments[payment.id] = payment
        return payment

    def _signed(self, payment: Payment) -> dict[str, str]:
        message = f"{payment.order.id}|{payment.id}".encode()
        mac = hmac.new(self._settings.razorpay_key_secret.encode(), message, hashlib.sha256).hexdigest()
        return {"razorpay_payment_id": payment.id, "razorpay_order_id": payment.order.id, "razorpay_signature": mac}

    def _tell(self, events: list[tuple[str, Payment | Refund | Dispute]]) -> None:
        self.desk.tell(WEBHOOK_PATH, [partial(self._event, *_event_of(kind, row, self.books)) for kind, row in events])

    def _event(self, event_id: str, body: bytes, is_forged: bool) -> Composed:  # noqa: FBT001 - as the desk calls it
        secret = "forged" if is_forged else self._settings.razorpay_webhook_secret
        return body, signed_headers(body, secret, event_id)

    def _order(self, request: Request) -> Order:
        order = self.books.orders.get(request.path_params["ref"])
        if order is None:
            raise bad("The id provided does not exist")
        return order

    def _dispute(self, request: Request) -> Dispute:
        dispute = self.books.disputes.get(request.path_params["ref"])
        if dispute is None:
            raise bad("The id provided does not exist")
        return dispute

    def _payment(self, request: Request) -> Payment:
        payment = self.books.payments.get(request.path_params["ref"])
        if payment is None:
            raise bad("The id provided does not exist")
        return payment


def signed_headers(body: bytes, secret: str, event_id: str) -> dict[str, str]:
    """Return the headers of a webhook: https://razorpay.com/docs/webhooks/validate-test/."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Razorpay-Signature": mac, "X-Razorpay-Event-Id": event_id}


def _event_of(kind: str, row: Payment | Refund | Dispute, books: Books) -> tuple[str, bytes]:
    payment = row if isinstance(row, Payment) else row.payment
    payload: dict[str, Any] = {"payment": {"entity": payment.as_json()}}
    if isinstance(row, Refund):
        payload["refund"] = {"entity": row.as_json()}
    if isinstance(row, Dispute):
        payload["dispute"] = {"entity": row.as_json()}
    if kind == "order.paid":
        payload["order"] = {"entity": payment.order.as_json(books.payments_of(payment.order))}
    event = {
        "entity": "event",
        "event": kind,
        "contains": list(payload),
        "payload": payload,
        "created_at": int(time.time()),
    }
    return new_id("evt"), json.dumps(event).encode()
