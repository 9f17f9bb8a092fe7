"""Which scope an address asks of an API key. The table is given by whoever knows every address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from partners.errors import MembersOnly, ScopeMissing
from partners.models import ApiKey
from partners.scopes import Scope


@dataclass(frozen=True)
class Needs:
    """The scopes to read and to write at an address; None where only members may."""

    read: Scope | None = None
    write: Scope | None = None

    def by(self, method: str) -> Scope | None:
        return self.read if method.upper() in SAFE_METHODS else self.write


_table: dict[str, Needs] = {}


def register_scopes(table: Mapping[str, Needs]) -> None:
    """Say what the addresses, by the names of their routes, ask of a key."""
    _table.update(table)


def scope_for(route: str, method: str) -> Scope | None:
    """Return the scope that a call needs; None, also for an address that nobody has thought of: members only."""
    return _table.get(route, Needs()).by(method)


def refuse_unscoped(request: Request, key: ApiKey) -> None:
    """Raises: MembersOnly, ScopeMissing when the key may not call this address."""
    route = (request.resolver_match.url_name if request.resolver_match else None) or ""
    needed = scope_for(route, str(request.method))
    if needed is None:
        raise MembersOnly
    if needed not in key.scopes:
        raise ScopeMissing(scope=str(needed))
