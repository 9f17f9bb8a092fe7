"""Stripe's HTTP API as far as the product's SDK speaks it, the page on which a person pays, and its signed webhooks."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.answers import NotUnderstood, as_json, read_json
from sandbox.courier import Composed, Letter
from sandbox.replies import failure, reply
from sandbox.stripe import connect, objects
from sandbox.stripe.dashboard import Dashboard
from sandbox.stripe.objects import Books, Intent, Refund, Refused, Session, new_id
from sandbox.world import World

Endpoint = Callable[[Request], Awaitable[Response]]
Act = Callable[[dict[str, str]], dict[str, Any]]
CHANNEL = "stripe"
WEBHOOK_PATH = "/api/v1/webhooks/stripe"
PAGE = Path(__file__).parent.parent / "pages" / "stripe.html"
OUTCOMES = ("pay", "decline", "fail", "abandon")
CURRENCY_SIGNS = {"inr": "₹", "usd": "$", "eur": "€"}


def routes(world: World) -> list[Route]:
    """The API under `/v1`, the page under `/stripe/pay`, and `/stripe/books` for tests."""
    api = Stripe(world)
    world.forgetting.append(api.books.clear)
    return [
        Route("/v1/checkout/sessions", api.guarded(api.create_session, "checkout"), methods=["POST"]),
        Route("/v1/checkout/sessions/{ref}", api.guarded(api.show_session, "checkout"), methods=["GET"]),
        Route("/v1/checkout/sessions/{ref}/expire", api.guarded(api.expire_session, "checkout"), methods=["POST"]),
        Route("/v1/payment_intents", api.guarded(api.create_intent, "checkout"), methods=["POST"]),
        Route("/v1/payment_intents/{ref}", api.guarded(api.show_intent, "checkout"), methods=["GET"]),
        Route("/v1/payment_intents/{ref}/cancel", api.guarded(api.cancel_intent, "checkout"), methods=["POST"]),
        Route("/v1/refunds", api.guarded(api.create_refund, "refund"), methods=["POST"]),
        Route("/v1/refunds", api.guarded(api.list_refunds, "refund"), methods=["GET"]),
        Route("/v1/refunds/{ref}", api.guarded(api.show_refund, "refund"), methods=["GET"]),
        Route("/v1/disputes", api.guarded(api.list_disputes, "refund"), methods=["GET"]),
        Route("/v1/transfers", api.guarded(api.create_transfer, "payout"), methods=["POST"]),
        Route("/v1/transfers", api.guarded(api.list_transfers, "payout"), methods=["GET"]),
        Route("/v1/accounts/{ref}", api.guarded(api.show_account, "account"), methods=["GET"]),
        *api.dashboard.routes(),
        Route("/stripe/pay/{ref}", api.page, methods=["GET"]),
        Route("/stripe/pay/{ref}", api.press, methods=["POST"]),
        Route("/stripe/intents/{ref}", api.pay_in_app, methods=["POST"]),
        Route("/stripe/refunds/{ref}", api.end_refund, methods=["POST"]),
        Route("/stripe/keys", api.forget_keys, methods=["DELETE"]),
        Route("/stripe/books", api.show_books, methods=["GET"]),
    ]


class Stripe:
    """The endpoints over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._settings = world.settings
        self._faults = world.faults
        self.books = Books()
        self.dashboard = Dashboard(self.books, self._tell)

    def guarded(self, endpoint: Callable[[Request], Awaitable[Any]], about: str) -> Endpoint:
        """Wrap an endpoint: key first, then faults on both ways; a refusal becomes Stripe's error body."""

        async def answer(request: Request) -> Response:
            on = "send" if request.method == "POST" else "look_up"
            given = request.headers.get("authorization", "")
            try:
                if not hmac.compare_digest(given.encode(), f"Bearer {self._settings.stripe_key}".encode()):
                    raise Refused(401, "Invalid API Key provided.")
                failed = await failure(request, self._faults, channel=CHANNEL, to=about, on=on)
                if failed is not None:
                    return failed
                body = await endpoint(request)
            except Refused as refusal:
                return as_json(refusal.body, refusal.status)
            latency = self._settings.latency_ms
            return await reply(request, self._faults, body, channel=CHANNEL, to=about, on=on, latency_ms=latency)

        return answer

    async def create_session(self, request: Request) -> Any:
        base = f"{request.url.scheme}://{request.url.netloc}"
        return await self._once(request, lambda form: objects.add_session(self.books, form, base))

    async def create_intent(self, request: Request) -> Any:
        return await self._once(request, partial(objects.add_intent, self.books))

    async def create_refund(self, request: Request) -> Any:
        def act(form: dict[str, str]) -> dict[str, Any]:
            refund = objects.add_refund(self.books, form)
            if self._faults.strike("refund_pending", to="refund", channel=CHANNEL):
                refund.status = "pending"
            self._tell("refund.created", refund.as_json())
            return refund.as_json()

        return await self._once(request, act)

    async def create_transfer(self, request: Request) -> Any:
        def act(form: dict[str, str]) -> dict[str, Any]:
            transfer = connect.add_transfer(self.books, form)
            self._tell("transfer.created", transfer.as_json())
            return transfer.as_json()

        return await self._once(request, act)

    async def list_transfers(self, request: Request) -> Any:
        wanted = request.query_params.get("transfer_group")
        return listed("/v1/transfers", [row for row in self.books.transfers.values() if wanted in (None, row.group)])

    async def list_disputes(self, request: Request) -> Any:
        wanted = request.query_params.get("payment_intent")
        return listed("/v1/disputes", [row for row in self.books.disputes.values() if wanted in (None, row.intent.id)])

    async def show_account(self, request: Request) -> Any:
        return connect.show_account(self.books, request.path_params["ref"])

    async def show_session(self, request: Request) -> Any:
        expanded = "payment_intent" in request.query_params.getlist("expand[0]")
        return self._session(request).as_json(expanded=expanded)

    async def show_intent(self, request: Request) -> Any:
        return self._intent(request).as_json()

    async def show_refund(self, request: Request) -> Any:
        return self._refund(request).as_json()

    async def list_refunds(self, request: Request) -> Any:
        wanted = request.query_params.get("payment_intent")
        return listed("/v1/refunds", [row for row in self.books.refunds.values() if wanted in (None, row.intent.id)])

    async def expire_session(self, request: Request) -> Any:
        session = self._session(request)
        if session.stands != "open":
            raise Refused(400, 'Only Checkout Sessions with a status in ["open"] can be expired.')
        session.status = "expired"
        self._tell("checkout.session.expired", session.as_json())
        return session.as_json()

    async def cancel_intent(self, request: Request) -> Any:
        intent = self._intent(request)
        if intent.status not in ("requires_payment_method", "requires_action", "processing"):
            raise Refused(400, "You cannot cancel this PaymentIntent.", code="payment_intent_unexpected_state")
        intent.status = "canceled"
        self._tell("payment_intent.canceled", intent.as_json())
        return intent.as_json()

    async def page(self, request: Request) -> Response:
        """Show what is to be paid and the buttons of every outcome."""
        session = self.books.sessions.get(request.path_params["ref"])
        if session is None:
            return Response("There is no such page.", HTTPStatus.NOT_FOUND)
        sign = CURRENCY_SIGNS.get(session.intent.currency, session.intent.currency.upper() + " ")
        values = {
            "amount": f"{sign}{session.intent.amount / 100:,.2f}",
            "description": html.escape(session.intent.description),
            "state": session.stands,
            "hidden": "" if session.stands == "open" else "hidden",
        }
        text = PAGE.read_text(encoding="utf-8")
        for name, value in values.items():
            text = text.replace("{{" + name + "}}", value)
        policy = "default-src 'none'; style-src 'unsafe-inline'; form-action *; base-uri 'none'"
        return Response(text, media_type="text/html", headers={"Content-Security-Policy": policy})

    async def press(self, request: Request) -> Response:
        """A person presses a button: the money moves or not, the webhooks go out, the browser goes back."""
        session = self.books.sessions.get(request.path_params["ref"])
        form = dict(parse_qsl((await request.body()).decode()))
        outcome = form.get("outcome", "")
        if session is None or outcome not in OUTCOMES:
            raise NotUnderstood(f"outcome must be one of {', '.join(OUTCOMES)}")
        if session.stands != "open":
            return Response("This page is over.", HTTPStatus.CONFLICT)
        if outcome == "decline":
            session.intent.error = "card_declined"
            self._tell("payment_intent.payment_failed", session.intent.as_json())
            return RedirectResponse(str(request.url), HTTPStatus.SEE_OTHER)
        if outcome == "abandon":
            return RedirectResponse(session.cancel_url, HTTPStatus.SEE_OTHER)
        session.status = "complete"
        if outcome == "pay":
            session.is_paid = True
            self._capture(session.intent)
            events = [
                ("payment_intent.succeeded", session.intent.as_json()),
                ("checkout.session.completed", session.as_json()),
            ]
        else:
            session.intent.error = "bank_transfer_failed"
            events = [
                ("checkout.session.completed", session.as_json()),
                ("checkout.session.async_payment_failed", session.as_json()),
            ]
        self._tell_all(events)
        return RedirectResponse(session.success_url, HTTPStatus.SEE_OTHER)

    async def pay_in_app(self, request: Request) -> Response:
        """The payer confirms an intent in an app, by Stripe's SDK."""
        intent = self.books.intents.get(request.path_params["ref"])
        if intent is None or intent.status != "requires_payment_method":
            raise NotUnderstood("there is no intent that waits to be paid")
        self._capture(intent)
        self._tell("payment_intent.succeeded", intent.as_json())
        return as_json(intent.as_json())

    async def end_refund(self, request: Request) -> Response:
        """A bank ends a pending refund: `{status: succeeded | failed}`."""
        refund = self.books.refunds.get(request.path_params["ref"])
        wish = await read_json(request)
        status = wish.get("status") if isinstance(wish, dict) else None
        if refund is None or refund.status != "pending" or status not in ("succeeded", "failed"):
            raise NotUnderstood("a pending refund and a status, succeeded or failed, are expected")
        refund.status = status
        if status == "failed":
            refund.failure = "lost_or_stolen_card"
            refund.intent.refunded -= refund.amount
        self._tell("refund.updated", refund.as_json())
        return as_json(refund.as_json())

    async def forget_keys(self, _: Request) -> Response:
        """Forget the idempotency keys, as Stripe does after a day."""
        self.books.replies.clear()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def show_books(self, _: Request) -> Response:
        """What was taken and not given back, and how many charges there were: for tests of «never twice»."""
        return as_json(
            {
                "captured": self.books.captured(),
                "sessions": [row.as_json() for row in self.books.sessions.values()],
                "intents": [row.as_json() for row in self.books.intents.values()],
                "refunds": [row.as_json() for row in self.books.refunds.values()],
                "transfers": [row.as_json() for row in self.books.transfers.values()],
                "disputes": [row.as_json() for row in self.books.disputes.values()],
            }
        )

    def _capture(self, intent: Intent) -> None:
        intent.status, intent.error = "succeeded", ""
        intent.received, intent.received_currency = intent.amount, intent.currency
        if self._faults.strike("wrong_amount", to="checkout", channel=CHANNEL):
            intent.received = intent.amount - 100
        if self._faults.strike("wrong_currency", to="checkout", channel=CHANNEL):
            intent.received_currency = "usd"

    async def _once(self, request: Request, act: Act) -> dict[str, Any]:
        """Answer a repeated key as the first time, and refuse it with another form."""
        raw = await request.body()
        form = dict(parse_qsl(raw.decode(), keep_blank_values=True))
        key, digest = request.headers.get("idempotency-key", ""), hashlib.sha256(raw).hexdigest()
        if key in self.books.replies:
            known, body = self.books.replies[key]
            if known != digest:
                message = "Keys for idempotent requests can only be used with the same parameters."
                raise Refused(400, message, kind="idempotency_error")
            return body
        body = act(form)
        if key:
            self.books.replies[key] = digest, body
        return body

    def _tell(self, kind: str, about: dict[str, Any]) -> None:
        self._tell_all([(kind, about)])

    def _tell_all(self, events: list[tuple[str, dict[str, Any]]]) -> None:
        """Post webhooks, as the faults have them."""
        strike = partial(self._faults.strike, to="webhook", channel=CHANNEL)
        if strike("no_callbacks") or not self._settings.public_url:
            return
        if strike("out_of_order_callbacks"):
            events = events[::-1]
        forged, twice = strike("bad_signature") is not None, strike("duplicate_callbacks") is not None
        due = time.monotonic() + self._settings.step_ms / 1000
        letters = [self._letter(due, kind, about, forged=forged) for kind, about in events]
        self._world.courier.post(letters)
        if twice:
            self._world.courier.post(letters)

    def _letter(self, due: float, kind: str, about: dict[str, Any], *, forged: bool) -> Letter:
        event = {
            "id": new_id("evt"),
            "object": "event",
            "type": kind,
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": about},
        }
        secret = "whsec_forged" if forged else self._settings.stripe_webhook_secret
        body = json.dumps(event).encode()
        return Letter(due, self._settings.public_url + WEBHOOK_PATH, partial(signed, body, secret), insists=True)

    def _session(self, request: Request) -> Session:
        ref = request.path_params["ref"]
        if ref not in self.books.sessions:
            raise objects.missing("checkout.session", ref)
        return self.books.sessions[ref]

    def _intent(self, request: Request) -> Intent:
        ref = request.path_params["ref"]
        if ref not in self.books.intents:
            raise objects.missing("payment_intent", ref)
        return self.books.intents[ref]

    def _refund(self, request: Request) -> Refund:
        ref = request.path_params["ref"]
        if ref not in self.books.refunds:
            raise objects.missing("refund", ref)
        return self.books.refunds[ref]


def listed(url: str, rows: Sequence[Any]) -> dict[str, Any]:
    """Return rows as Stripe lists them: newest first, all on one page."""
    return {"object": "list", "data": [row.as_json() for row in rows][::-1], "has_more": False, "url": url}


def signed(body: bytes, secret: str) -> Composed:
    """Return the body with its headers: https://docs.stripe.com/webhooks#verify-manually."""
    moment = int(time.time())
    mac = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": f"t={moment},v1={mac}"}
    return body, headers
