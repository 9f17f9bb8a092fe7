"""What an account's owner and payers' banks do at Stripe without the product: refunds, disputes, accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import NotUnderstood, as_json, read_json
from sandbox.stripe import connect, objects
from sandbox.stripe.objects import Books, Dispute, Intent


class Dashboard:
    """The buttons. `{ref}` of a payment is its intent."""

    def __init__(self, books: Books, tell: Callable[[str, dict[str, Any]], None]) -> None:
        self._books, self._tell = books, tell

    def routes(self) -> list[Route]:
        return [
            Route("/stripe/payments/{ref}/refund", self.refund, methods=["POST"]),
            Route("/stripe/payments/{ref}/dispute", self.dispute, methods=["POST"]),
            Route("/stripe/disputes/{ref}", self.end_dispute, methods=["POST"]),
            Route("/stripe/transfers/{ref}/reverse", self.reverse, methods=["POST"]),
            Route("/stripe/accounts/{ref}", self.set_account, methods=["PUT"]),
        ]

    async def refund(self, request: Request) -> Response:
        """The owner gives money back by hand: `{amount?, status?}`."""
        intent, wish = self._paid(request), await read_json(request)
        amount = wish.get("amount", intent.received - intent.refunded)
        refund = objects.add_refund(self._books, {"payment_intent": intent.id, "amount": str(amount)})
        refund.status = wish.get("status", refund.status)
        self._tell("refund.created", refund.as_json())
        self._tell("charge.refunded", {"id": f"ch_{intent.id[3:]}", "object": "charge", "payment_intent": intent.id})
        return as_json(refund.as_json())

    async def dispute(self, request: Request) -> Response:
        """The payer's bank wants money back: `{amount?}`."""
        intent, wish = self._paid(request), await read_json(request)
        dispute = Dispute(intent=intent, amount=wish.get("amount", intent.received))
        self._books.disputes[dispute.id] = dispute
        self._tell("charge.dispute.created", dispute.as_json())
        return as_json(dispute.as_json())

    async def end_dispute(self, request: Request) -> Response:
        """The bank has decided: `{status: won | lost}`."""
        dispute = self._books.disputes.get(request.path_params["ref"])
        status = (await read_json(request)).get("status")
        if dispute is None or dispute.status != "needs_response" or status not in ("won", "lost"):
            raise NotUnderstood("an open dispute and a status, won or lost, are expected")
        dispute.status = status
        dispute.intent.refunded += dispute.amount if status == "lost" else 0
        self._tell("charge.dispute.closed", dispute.as_json())
        return as_json(dispute.as_json())

    async def reverse(self, request: Request) -> Response:
        """{amount?}: the owner takes a transfer back, or so much of it."""
        transfer = self._books.transfers.get(request.path_params["ref"])
        if transfer is None or transfer.reversed == transfer.amount:
            raise NotUnderstood("a transfer that was not taken back is expected")
        left = transfer.amount - transfer.reversed
        amount = (await read_json(request)).get("amount", left)
        if not isinstance(amount, int) or not 0 < amount <= left:
            raise NotUnderstood("an amount within what is left is expected")
        transfer.reversed += amount
        self._tell("transfer.reversed", transfer.as_json())
        return as_json(transfer.as_json())

    async def set_account(self, request: Request) -> Response:
        """A connected account changes: `{state: ready | unready | closed | unfunded}`."""
        ref, state = request.path_params["ref"], (await read_json(request)).get("state")
        if state not in connect.STATES:
            raise NotUnderstood(f"state must be one of {', '.join(connect.STATES)}")
        self._books.accounts[ref] = state
        self._tell("account.updated", {"id": ref, "object": "account"})
        return as_json({"id": ref, "state": state})

    def _paid(self, request: Request) -> Intent:
        intent = self._books.intents.get(request.path_params["ref"])
        if intent is None or not intent.received:
            raise NotUnderstood("a payment that was paid is expected")
        return intent
