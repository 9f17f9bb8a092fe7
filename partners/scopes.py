"""What an API key may do. Which address needs which scope stands in `config/scopes.py`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from partners.states import Role


class Scope(StrEnum):
    """Reading and writing are apart: who may write sees nothing but what the write answers."""

    ORGANISATION_READ = "organisation:read"
    STOCK_READ = "stock:read"
    STOCK_WRITE = "stock:write"
    TRANSFERS_READ = "transfers:read"
    TRANSFERS_WRITE = "transfers:write"
    REQUESTS_READ = "requests:read"  # also donors' promises and families' requests
    REQUESTS_WRITE = "requests:write"
    DONATIONS_READ = "donations:read"
    DONATIONS_WRITE = "donations:write"
    CAMPS_READ = "camps:read"
    CAMPS_WRITE = "camps:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    PRICES_READ = "prices:read"
    PRICES_WRITE = "prices:write"
    PAYMENTS_READ = "payments:read"
    PAYMENTS_WRITE = "payments:write"
    REPORTS_READ = "reports:read"
    CHAT_READ = "chat:read"
    CHAT_WRITE = "chat:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    TEST_DATA = "test_data"  # of test keys: show and reset the test data


# Whose rights a key needs for what a scope opens; any member's are enough for the scopes that are not here.
RIGHTS: Final[Mapping[Scope, Role]] = {
    Scope.STOCK_WRITE: Role.INVENTORY,
    Scope.TRANSFERS_WRITE: Role.INVENTORY,
    Scope.REQUESTS_READ: Role.COORDINATOR,  # donors' questionnaires are among them
    Scope.REQUESTS_WRITE: Role.COORDINATOR,
    Scope.DONATIONS_WRITE: Role.COORDINATOR,
    Scope.CAMPS_READ: Role.COORDINATOR,  # the list of who comes
    Scope.CAMPS_WRITE: Role.COORDINATOR,
    Scope.ORDERS_WRITE: Role.OWNER,  # a hospital's and a bank's side together
    Scope.PRICES_WRITE: Role.OWNER,
    Scope.PAYMENTS_READ: Role.OWNER,
    Scope.PAYMENTS_WRITE: Role.OWNER,
    Scope.WEBHOOKS_READ: Role.OWNER,
    Scope.WEBHOOKS_WRITE: Role.OWNER,
    Scope.TEST_DATA: Role.OWNER,
}


def role_for(scopes: Collection[str]) -> Role:
    """Return the least role whose rights cover the scopes; what a key may do is still decided by its scopes."""
    needed = {RIGHTS[Scope(scope)] for scope in scopes if Scope(scope) in RIGHTS}
    if not needed:
        return Role.INVENTORY
    return needed.pop() if len(needed) == 1 else Role.OWNER
