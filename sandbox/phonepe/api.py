"""PhonePe's HTTP API (v2) as far as the product speaks it, its page, and its webhooks."""

from __future__ import annotations

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
from sandbox.phonepe import objects
from sandbox.phonepe.objects import Books, Order, Refund, bad
from sandbox.world import World

CHANNEL = "phonepe"
WEBHOOK_PATH = "/api/v1/webhooks/phonepe"
TOKEN_LIFE = 3600  # seconds
OUTCOMES = {"pay": "Pay", "fail": "The payment fails", "abandon": "Go back without paying"}


def routes(world: World) -> list[Route]:
    """The API, with the tokens, under `/phonepe`, the page, and `/phonepe/books` for tests."""
    api = PhonePe(world)
    world.forgetting.append(api.books.clear)

    def v2(path: str, endpoint: Any, about: str, method: str) -> Route:
        return Route(f"/phonepe{path}", api.desk.guarded(endpoint, about, admit=api.admit), methods=[method])

    granting = api.desk.guarded(api.grant, "token", admit=lambda _: None)
    return [
        Route("/phonepe/v1/oauth/token", granting, methods=["POST"]),
        v2("/checkout/v2/pay", api.pay, "checkout", "POST"),
        v2("/checkout/v2/sdk/order", api.order_for_sdk, "checkout", "POST"),
        v2("/checkout/v2/order/{ref}/status", api.show_order, "checkout", "GET"),
        v2("/payments/v2/refund", api.refund, "refund", "POST"),
        v2("/payments/v2/refund/{ref}/status", api.show_refund, "refund", "GET"),
        Route("/phonepe/pay/{ref}", api.page, methods=["GET"]),
        Route("/phonepe/pay/{ref}", api.press, methods=["POST"]),
        Route("/phonepe/refunds/{ref}", api.end_refund, methods=["POST"]),
        Route("/phonepe/orders/{ref}/refund", api.refund_by_hand, methods=["POST"]),
        Route("/phonepe/books", api.show_books, methods=["GET"]),
    ]


class PhonePe:
    """The endpoints over one world."""

    def __init__(self, world: World) -> None:
        self._settings = world.settings
        self.desk = Desk(world, CHANNEL)
        self.books = Books()

    def admit(self, request: Request) -> None:
        if self.desk.strike("token_expired", to="token"):
            self.books.tokens.clear()
        token = request.headers.get("authorization", "").removeprefix("O-Bearer ")
        if self.books.tokens.get(token, 0) <= time.time():
            raise bad("UNAUTHORIZED", "The token is not valid", 401)

    async def grant(self, request: Request) -> Any:
        form = await form_of(request)
        given = (form.get("client_id", ""), form.get("client_secret", ""), form.get("grant_type", ""))
        wanted = (self._settings.phonepe_client_id, self._settings.phonepe_client_secret, "client_credentials")
        if not hmac.compare_digest("\n".join(given).encode(), "\n".join(wanted).encode()):
            raise bad("INVALID_CLIENT", "The client is not known", 401)
        token, now = new_id("eyJ"), int(time.time())
        self.books.tokens[token] = now + TOKEN_LIFE
        self.books.granted += 1
        return {
            "access_token": token,
            "encrypted_access_token": token,
            "issued_at": now,
            "expires_at": now + TOKEN_LIFE,
            "session_expires_at": now + TOKEN_LIFE,
            "expires_in": None,
            "token_type": "O-Bearer",
        }

    async def pay(self, request: Request) -> Any:
        order = objects.add_order(self.books, await read_json(request))
        return {**_made(order), "redirectUrl": f"{base_of(request)}/phonepe/pay/{order.name}"}

    async def order_for_sdk(self, request: Request) -> Any:
        order = objects.add_order(self.books, await read_json(request))
        return {**_made(order), "token": new_id("sdk")}

    async def show_order(self, request: Request) -> Any:
        order = self.books.orders.get(request.path_params["ref"])
        if order is None:
            raise bad("ORDER_NOT_FOUND", "there is no such order", 404)
        return order.as_json()

    async def refund(self, request: Request) -> Any:
        refund = objects.add_refund(self.books, await read_json(request))
        shown = refund.as_json()  # PhonePe says PENDING first, whatever comes of it
        if not self.desk.strike("refund_pending", to="refund"):
            refund.state = "COMPLETED"
            self._tell([("pg.refund.completed", refund)])
        return shown

    async def show_refund(self, request: Request) -> Any:
        refund = self.books.refunds.get(request.path_params["ref"])
        if refund is None:
            raise bad("REFUND_NOT_FOUND", "there is no such refund", 404)
        return refund.as_json()

    async def page(self, request: Request) -> Response:
        order = self.books.orders.get(request.path_params["ref"])
        if order is None:
            return no_page()
        outcomes = OUTCOMES if order.state == "PENDING" else {}
        return page("PhonePe", order.amount, "INR", order.message, order.state.lower(), outcomes)

    async def press(self, request: Request) -> Response:
        """A person presses a button: the money moves or not, the webhook goes out, the browser goes back."""
        order = self.books.orders.get(request.path_params["ref"])
        outcome = (await form_of(request)).get("outcome", "")
        if order is None or outcome not in OUTCOMES:
            raise NotUnderstood(f"outcome must be one of {', '.join(OUTCOMES)}")
        if order.state != "PENDING":
            return Response("This page is over.", HTTPStatus.CONFLICT)
        if outcome == "pay":
            order.status, order.paid = "COMPLETED", self.desk.paid_amount(order.amount)
            self._tell([("checkout.order.completed", order)])
        if outcome == "fail":
            order.status, order.error = "FAILED", "TXN_NOT_COMPLETED"
            self._tell([("checkout.order.failed", order)])
        return RedirectResponse(order.redirect_url or "/", HTTPStatus.SEE_OTHER)

    async def refund_by_hand(self, request: Request) -> Response:
        """The account's owner gives money back in the dashboard, under a name of its own: `{amount?}`."""
        ref, wish = request.path_params["ref"], await read_json(request)
        order = self.books.orders.get(ref)
        amount = wish.get("amount", order.paid - order.refunded if order is not None else 0)
        named = {"merchantRefundId": new_id("DASH"), "originalMerchantOrderId": ref, "amount": amount}
        refund = objects.add_refund(self.books, named)
        self._tell([("pg.refund.accepted", refund)])
        refund.state = "COMPLETED"
        self._tell([("pg.refund.completed", refund)])
        return as_json(refund.as_json())

    async def end_refund(self, request: Request) -> Response:
        """A bank ends a pending refund: `{status: completed | failed}`. `ref` is the merchant's name of it."""
        refund = self.books.refunds.get(request.path_params["ref"])
        wish = await read_json(request)
        status = wish.get("status") if isinstance(wish, dict) else None
        if refund is None or refund.state != "PENDING" or status not in ("completed", "failed"):
            raise NotUnderstood("a pending refund and a status, completed or failed, are expected")
        refund.state = status.upper()
        if status == "failed":
            refund.order.refunded -= refund.amount
        self._tell([(f"pg.refund.{status}", refund)])
        return as_json(refund.as_json())

    async def show_books(self, _: Request) -> Response:
        """What was taken and not given back, all there is, and how often a token was granted."""
        return as_json(
            {
                "captured": self.books.captured(),
                "orders": [row.as_json() for row in self.books.orders.values()],
                "refunds": [row.as_json() for row in self.books.refunds.values()],
                "tokens": self.books.granted,
            }
        )

    def _tell(self, events: list[tuple[str, Order | Refund]]) -> None:
        bodies = [json.dumps({"event": kind, "payload": row.as_json()}).encode() for kind, row in events]
        self.desk.tell(WEBHOOK_PATH, [partial(self._event, body) for body in bodies])

    def _event(self, body: bytes, is_forged: bool) -> Composed:  # noqa: FBT001 - as the desk calls it
        password = "forged" if is_forged else self._settings.phonepe_webhook_password
        header = authorization(self._settings.phonepe_webhook_username, password)
        return body, {"Content-Type": "application/json", "Authorization": header}


def authorization(username: str, password: str) -> str:
    """Return the header of a webhook, which says who sends it and nothing of what it says."""
    return hashlib.sha256(f"{username}:{password}".encode()).hexdigest()


def _made(order: Order) -> dict[str, Any]:
    return {"orderId": order.id, "state": order.state, "expireAt": order.expires_at * 1000}
