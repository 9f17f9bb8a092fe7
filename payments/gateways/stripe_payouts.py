"""Payouts by Stripe Connect: transfers from our balance at Stripe to a payee's connected account.

https://docs.stripe.com/connect/separate-charges-and-transfers. A transfer is done when Stripe has made it; when the
payee's bank has it is between Stripe and the payee. In which countries a platform may do so is Stripe's to say.
"""

from __future__ import annotations

import re
from typing import Any, Final

import stripe
from django.conf import settings

from common.money import Currency, Money
from payments.gateways.base import (
    PARTLY_BACK,
    AccountState,
    Moved,
    Refused,
    Transfer,
    TransferState,
    Undone,
    Unknown,
    text,
)
from payments.gateways.stripe_api import StripeGateway, answers, client, tag
from payments.states import Provider

ACCOUNT: Final = re.compile(r"acct_[A-Za-z0-9]{8,60}")
SHORT_OF_MONEY: Final = "balance_insufficient"  # passes when more payers have paid


class StripePayouts:
    """To whoever has connected an account with ours."""

    provider: Final = Provider.STRIPE

    def is_configured(self) -> bool:
        return bool(settings.STRIPE_CONNECT and StripeGateway().is_configured())

    def is_account(self, reference: str) -> bool:
        return ACCOUNT.fullmatch(reference) is not None

    def look_at(self, reference: str) -> AccountState:
        try:
            with answers():
                account = _account(reference)
                abilities = account.capabilities if account is not None else None
                can_take = text(getattr(abilities, "transfers", None)) == "active"
        except Refused as refusal:
            return AccountState(is_ready=False, code=refusal.code)
        if account is None:
            return AccountState(is_ready=False, code="not_connected")
        return AccountState(is_ready=can_take, code="" if can_take else "transfers_not_active")

    def find_payout(self, transfer: Transfer) -> Moved | None:
        ours = str(transfer.id)
        params: Any = {"transfer_group": _group(transfer), "limit": 100}
        try:
            with answers():
                rows = client().v1.transfers.list(params=params).data
                return next((_moved(row) for row in rows if tag(row, "payout") == ours), None)
        except Refused as refusal:  # to show it, which says nothing of what has been paid
            raise Unknown(refusal.code) from refusal

    def pay_out(self, transfer: Transfer) -> Moved:
        # A key is forgotten after a day, what it made is not: what was made before is found first.
        known = self.find_payout(transfer)
        if known is not None:
            return known
        params: Any = {
            "amount": transfer.amount.minor,
            "currency": transfer.amount.currency.lower(),
            "destination": transfer.account,
            "description": transfer.description,
            "transfer_group": _group(transfer),
            "metadata": {"payout": str(transfer.id)},
        }
        options: Any = {"idempotency_key": f"payout-{transfer.id}"}
        try:
            with answers():
                return _moved(client().v1.transfers.create(params=params, options=options))
        except Refused as refusal:
            if refusal.code == SHORT_OF_MONEY:
                raise Undone(refusal.code) from refusal
            raise


def _account(reference: str) -> Any:
    """Return the account, or None when it is none of those connected with ours."""
    try:
        return client().v1.accounts.retrieve(reference)
    except stripe.PermissionError:
        return None


def _group(transfer: Transfer) -> str:
    return f"payout-{transfer.id}"


def _moved(row: Any) -> Moved:
    """A transfer is there or not; one that was taken back has failed if all of it came back. Of a part people hear."""
    is_back, is_partly_back = bool(row.reversed), bool(row.amount_reversed)
    return Moved(
        state=TransferState.FAILED if is_back else TransferState.SUCCEEDED,
        provider_ref=row.id,
        amount=Money(row.amount, Currency(row.currency.upper())),
        code="reversed" if is_back else PARTLY_BACK if is_partly_back else "",
    )
