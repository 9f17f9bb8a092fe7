"""Who of a partner's members may call; the refusals are `partner_not_live` and `role_not_allowed`.

An app above may stop a partner's writes for a reason of its own: it registers a gate, which every write passes.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import ClassVar

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from partners.api.authentication import key_of
from partners.api.scoping import refuse_unscoped
from partners.errors import PartnerNotLive, RoleNotAllowed
from partners.models import Member
from partners.states import Role

Gate = Callable[[uuid.UUID, str], None]
_gates: list[Gate] = []


def register_gate(gate: Gate) -> None:
    """Have `gate(partner_id, route_name)` asked before every write of a partner; it may raise a refusal."""
    if gate not in _gates:
        _gates.append(gate)


class IsMember(BasePermission):
    """Signed in as a member of a partner in any state."""

    live_only: ClassVar[bool] = False
    roles: ClassVar[frozenset[Role]] = frozenset(Role)

    def has_permission(self, request: Request, view: APIView) -> bool:
        member = request.user
        if not isinstance(member, Member):
            return False
        if self.live_only and not member.partner.is_live:
            raise PartnerNotLive
        key = key_of(request)
        if key is not None:
            refuse_unscoped(request, key)
        if member.role not in self.allowed(request):
            raise RoleNotAllowed
        if request.method not in SAFE_METHODS:
            self._pass_gates(request, member)
        return True

    def _pass_gates(self, request: Request, member: Member) -> None:
        route = request.resolver_match.url_name if request.resolver_match else None
        for gate in _gates:
            gate(member.partner_id, route or "")

    def allowed(self, request: Request) -> frozenset[Role]:
        """Return the roles that may make this request."""
        return self.roles


class IsMemberOwnerToWrite(IsMember):
    """Every member reads, owners write, in any state of the partner: for the profile."""

    def allowed(self, request: Request) -> frozenset[Role]:
        return self.roles if request.method in SAFE_METHODS else frozenset({Role.OWNER})


class IsLiveMember(IsMember):
    """A member of a live partner."""

    live_only = True


class IsOwner(IsLiveMember):
    """An owner of a live partner."""

    roles = frozenset({Role.OWNER})


class MayCoordinate(IsLiveMember):
    """An owner or coordinator of a live partner: requests and donors."""

    roles = frozenset({Role.OWNER, Role.COORDINATOR})


class MayKeepStock(IsLiveMember):
    """An owner or stock keeper of a live partner: bags."""

    roles = frozenset({Role.OWNER, Role.INVENTORY})
