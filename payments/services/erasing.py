"""An account is gone: nothing more is charged, and credits that nobody can spend are no debt any more."""

from __future__ import annotations

import uuid

from common.db import lock_one, step
from common.money import Currency
from payments import plan_selectors
from payments.models import Subscription
from payments.parties import Party
from payments.services import charging, payees, reductions
from payments.services.referring import GIVEN
from payments.states import CreditReason, SubscriptionEnd, SubscriptionStatus


@step
def end_account(*, user_id: uuid.UUID) -> None:
    """End the person's subscription, forfeit its credits, and forget where it was paid.

    Locks: the account for payouts, subscription, coupons, wallets, purchase.
    """
    payees.forget_account(owner=Party.person(user_id), actor="erasure")
    found = plan_selectors.subscription_of(user_id)
    if found is not None:
        row = lock_one(Subscription, found.pk)
        one = plan_selectors.open_charge_of(row)
        held = charging.hold_for(row, one)
        if one is not None:
            charging.conclude(row, one, held, actor="erasure")
        if row.state is not SubscriptionStatus.ENDED:
            charging.end(row, SubscriptionEnd.ERASED)
        wallets = [held.wallet]
    else:
        has = plan_selectors.wallets_of(user_id)
        wallets = [reductions.hold_wallet(user_id, Currency(one.currency)) for one in has[:1]]
    for wallet in wallets:
        if wallet.balance_minor:
            reductions.move_credit(
                wallet,
                reason=CreditReason.FORFEITED,
                minor=-wallet.balance_minor,
                reference=f"erased:{wallet.pk}",
                against=GIVEN,
            )
