"""What providers are asked when a webhook gives a reason to, beside the errands: it runs in no transaction, and the
outbox repeats it when no answer comes.
"""

from __future__ import annotations

import uuid

from payments import errands, selectors
from payments.gateways import gateway_of, payout_gateway_of
from payments.services import aftermath, payees
from payments.states import PayoutAccountStatus


def look_behind(payment_id: uuid.UUID, refs: list[str]) -> None:
    """Learn what went back of a payment, or is disputed of it, at its provider. Raises: NotDone, RefundTooLarge"""
    row = selectors.any_payment(payment_id)
    if not row.received_minor:  # the news of the money itself was lost, or is on its way
        errands.ask(payment_id)
        row = selectors.any_payment(payment_id)
    gateway = gateway_of(row.provider)
    if gateway is not None and row.received_minor:
        found = gateway.aftermath(selectors.charge_of(row), refs)
        aftermath.settle_aftermath(payment_id=payment_id, found=found)


def check_account(account_id: uuid.UUID) -> None:
    """Learn whether a payee can be paid to this account. Raises: NotDone"""
    row = selectors.any_payout_account(account_id)
    gateway = payout_gateway_of(row.provider)
    if gateway is not None and row.state is not PayoutAccountStatus.REMOVED and row.reference:
        payees.settle_account(account_id=account_id, found=gateway.look_at(row.reference))
