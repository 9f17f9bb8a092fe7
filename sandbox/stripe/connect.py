"""Connect as Stripe shows it: connected accounts, and transfers to them: https://docs.stripe.com/api/transfers."""

from __future__ import annotations

from typing import Any

from sandbox.stripe.objects import Books, Refused, Transfer, amount_in, tags

STATES = ("ready", "unready", "closed", "unfunded")  # of an account; `unfunded`: we have no money for it


def show_account(books: Books, ref: str) -> dict[str, Any]:
    """GET /v1/accounts/{id}"""
    state = books.accounts.get(ref, "ready")
    if state == "closed":
        message = f"The provided key does not have access to account '{ref}' (or that account does not exist)."
        raise Refused(403, message, code="account_invalid")
    ability = "inactive" if state == "unready" else "active"
    return {"id": ref, "object": "account", "capabilities": {"transfers": ability}, "payouts_enabled": True}


def add_transfer(books: Books, form: dict[str, str]) -> Transfer:
    """POST /v1/transfers"""
    amount, ref = amount_in(form, "amount"), form.get("destination", "")
    match books.accounts.get(ref, "ready"):
        case "closed":
            raise Refused(400, f"No such destination: '{ref}'", code="resource_missing")
        case "unready":
            message = "Your destination account needs to have the capability transfers enabled."
            raise Refused(400, message, code="insufficient_capabilities_for_transfer")
        case "unfunded":
            message = "You have insufficient available funds in your Stripe account."
            raise Refused(400, message, code="balance_insufficient")
    transfer = Transfer(
        amount=amount,
        currency=form.get("currency", "").lower(),
        destination=ref,
        group=form.get("transfer_group", ""),
        metadata=tags(form, "metadata"),
    )
    books.transfers[transfer.id] = transfer
    return transfer
