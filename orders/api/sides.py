"""Who asks: a person, or a member for a partner. What both may do alike is written once, in `shared_views`."""

from __future__ import annotations

from uuid import UUID

from common.api.views import APIView, Request, Response
from orders import selectors
from orders.api import serializers as shapes
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember, MayKeepStock
from payments.parties import Party
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson


class Side(APIView):
    """One side of orders. Its `tag` is that of its operations."""

    tag: str

    def party(self, request: Request) -> Party:
        raise NotImplementedError

    def actor(self, request: Request) -> str:
        raise NotImplementedError

    def zone(self, request: Request) -> str:
        raise NotImplementedError

    def shown(self, request: Request, order_id: UUID, *, status: int = 200) -> Response:
        found = selectors.get_order(self.party(request), order_id)
        return Response(shapes.OrderDetailOut(found).data, status=status)


class PersonSide(Side):
    tag = "Orders"
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    def party(self, request: Request) -> Party:
        return Party.person(request.user.pk)

    def actor(self, request: Request) -> str:
        return f"user:{request.user.pk}"

    def zone(self, request: Request) -> str:
        return str(request.user.zone)


class MemberSide(Side):
    tag = "Partners: orders"
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    def party(self, request: Request) -> Party:
        return Party.partner(request.user.partner_id)

    def actor(self, request: Request) -> str:
        return f"member:{request.user.pk}"

    def zone(self, request: Request) -> str:
        return str(request.user.partner.zone)


class KeeperSide(MemberSide):
    """What moves bags, or money with them: by stock keepers, and with a key."""

    permission_classes = [MayKeepStock]
    idempotency_required = True
