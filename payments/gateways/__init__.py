"""The providers, each behind the same small interface (`base.Gateway`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from common.money import Money
from payments.gateways.base import Gateway, PayoutGateway
from payments.gateways.bkash import BkashGateway
from payments.gateways.offline import OfflineGateway
from payments.gateways.phonepe import PhonePeGateway
from payments.gateways.razorpay import RazorpayGateway
from payments.states import Provider


def _stripe() -> Gateway:
    from payments.gateways.stripe_api import StripeGateway  # noqa: PLC0415 - the SDK takes long to load

    return StripeGateway()


def _stripe_payouts() -> PayoutGateway:
    from payments.gateways.stripe_payouts import StripePayouts  # noqa: PLC0415 - the SDK takes long to load

    return StripePayouts()


ADAPTERS: Final[Mapping[str, Callable[[], Gateway]]] = {
    Provider.STRIPE: _stripe,
    Provider.RAZORPAY: RazorpayGateway,
    Provider.PHONEPE: PhonePeGateway,
    Provider.BKASH: BkashGateway,
    Provider.OFFLINE: OfflineGateway,
}
PAYERS: Final[Mapping[str, Callable[[], PayoutGateway]]] = {Provider.STRIPE: _stripe_payouts}


def payout_gateway_of(provider: str) -> PayoutGateway | None:
    """Return the adapter by which the provider pays out, if this server may do so, else None."""
    made = PAYERS.get(provider)
    gateway = made() if made else None
    return gateway if gateway is not None and gateway.is_configured() else None


def gateway_of(provider: str) -> Gateway | None:
    """Return the provider's adapter if this server has what it needs, else None."""
    made = ADAPTERS.get(provider)
    gateway = made() if made else None
    return gateway if gateway is not None and gateway.is_configured() else None


def offered(money: Money | None = None) -> list[Gateway]:
    """Return the adapters that are configured, in their order; with an amount, those that can take it."""
    found = [gateway for name in ADAPTERS if (gateway := gateway_of(name)) is not None]
    return found if money is None else [gateway for gateway in found if takes(gateway, money)]


def takes(gateway: Gateway, money: Money) -> bool:
    """Whether the provider can take so much in this currency."""
    return money.currency in gateway.currencies and money.minor >= gateway.least
