"""Money that passes from hand to hand, or from bank to bank, and is recorded by a member. There is nobody to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from common.money import Currency
from common.webhooks import SignatureInvalid
from payments.gateways.base import (
    Action,
    Aftermath,
    Charge,
    ChargeState,
    Created,
    Found,
    Moved,
    Notice,
    Repayment,
    TransferState,
)
from payments.states import ActionType, Provider


class OfflineGateway:
    """Always there, and always waiting for somebody to record something."""

    provider: Final = Provider.OFFLINE
    name: Final = "Cash or bank transfer"
    currencies: Final = frozenset(Currency)
    least: Final = 1

    def is_configured(self) -> bool:
        return True

    def create(self, charge: Charge, *, again: bool) -> Created:
        return Created(provider_ref=f"offline-{charge.id}", action=Action(ActionType.NONE))

    def fetch(self, charge: Charge) -> Found:
        return Found(state=ChargeState.OPEN)

    def cancel(self, charge: Charge) -> Found:
        return Found(state=ChargeState.CANCELLED)

    def refund(self, repayment: Repayment) -> Moved:
        return Moved(state=TransferState.PENDING, provider_ref="")

    def fetch_refund(self, repayment: Repayment) -> Moved:
        return Moved(state=TransferState.PENDING, provider_ref="")

    def aftermath(self, charge: Charge, refs: Sequence[str]) -> Aftermath:
        return Aftermath()

    def take_return(self, charge: Charge, fields: Mapping[str, str]) -> bool:
        return False

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        raise SignatureInvalid
