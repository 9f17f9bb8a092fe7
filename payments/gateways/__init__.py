"""The providers, each behind the same small interface (`base.Gateway`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from payments.gateways.base import Gateway
from payments.gateways.offline import OfflineGateway
from payments.gateways.stripe_api import StripeGateway
from payments.states import Provider

ADAPTERS: Final[Mapping[str, Callable[[], Gateway]]] = {
    Provider.STRIPE: StripeGateway,
    Provider.OFFLINE: OfflineGateway,
}


def gateway_of(provider: str) -> Gateway | None:
    """Return the provider's adapter if this server has what it needs, else None."""
    made = ADAPTERS.get(provider)
    gateway = made() if made else None
    return gateway if gateway is not None and gateway.is_configured() else None


def offered() -> list[Gateway]:
    """Return the adapters that are configured, in their order."""
    return [gateway for name in ADAPTERS if (gateway := gateway_of(name)) is not None]
