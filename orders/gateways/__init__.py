"""Those who carry boxes, each behind the same small interface (`base.CourierGateway`)."""

from __future__ import annotations

from orders.gateways.base import CourierGateway, ProviderGateway
from orders.gateways.logistics import LogisticsGateway
from orders.gateways.riders import OwnRiders


def riders() -> CourierGateway:
    """Return the bank's own."""
    return OwnRiders()


def provider() -> ProviderGateway | None:
    """Return the logistics provider if this server has what it needs, else None."""
    gateway = LogisticsGateway()
    return gateway if gateway.is_configured() else None


def offered() -> list[CourierGateway]:
    """Return what a bank may choose from."""
    found = provider()
    return [riders(), *([] if found is None else [found])]
