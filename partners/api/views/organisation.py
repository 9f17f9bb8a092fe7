"""A partner's own profile and its members."""

from __future__ import annotations

import uuid

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from common.errors import Busy, NotFound
from partners.api import examples
from partners.api.authentication import MemberAuthentication, member_of
from partners.api.permissions import IsMemberOwnerToWrite, IsOwner
from partners.api.serializers import MemberChangeIn, MemberIn, MemberOut, PartnerOut, PartnerProfileIn
from partners.errors import LastOwner, MemberPhoneTaken, PartnerNotLive, RoleNotAllowed
from partners.selectors import members_of
from partners.services.history import member_actor
from partners.services.members import add_member, change_member
from partners.services.profile import change_profile
from partners.services.registering import NewMember
from partners.states import Role
from users.errors import PasswordWeak, PhoneNotServed

TAG = "Partners: organisation"


class PartnerView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsMemberOwnerToWrite]

    @operation("Show my organisation", tag=TAG, responses={200: PartnerOut}, answer=examples.PARTNER)
    def get(self, request: Request) -> Response:
        """While a claim waits for its approval, what the claimant says."""
        return Response(PartnerOut(member_of(request).partner).data)

    @operation(
        "Change my organisation",
        tag=TAG,
        request=PartnerProfileIn,
        responses={200: PartnerOut},
        refusals=[RoleNotAllowed, Busy],
        example={"phone": "+914428290200", "service_hours": "24x7", "lat": 13.0637, "lng": 80.2518},
        answer=examples.PARTNER,
    )
    def patch(self, request: Request) -> Response:
        """Owners only. Name, kind, licence and status change only by an administrator."""
        owner, changes = member_of(request), read(PartnerProfileIn, request)
        partner = change_profile(partner_id=owner.partner_id, actor=member_actor(owner), changes=changes)
        return Response(PartnerOut(partner).data)


class MembersView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsOwner]

    @operation(
        "List members",
        tag=TAG,
        responses={200: MemberOut},
        refusals=[PartnerNotLive, RoleNotAllowed],
        answer=examples.MEMBER,
        paged=True,
    )
    def get(self, request: Request) -> Response:
        """Owners only; the newest account first, inactive ones included."""
        return paged(members_of(member_of(request).partner_id), MemberOut, request)

    @operation(
        "Add a member",
        tag=TAG,
        request=MemberIn,
        responses={201: MemberOut},
        refusals=[PartnerNotLive, RoleNotAllowed, MemberPhoneTaken, PasswordWeak, PhoneNotServed],
        example={**examples.OWNER, "role": "coordinator"},
        answer=examples.MEMBER,
    )
    def post(self, request: Request) -> Response:
        """Owners only. The number signs in for one organisation at a time."""
        said = read(MemberIn, request)
        owner, role = member_of(request), Role(said.pop("role"))
        member = add_member(partner_id=owner.partner_id, actor_id=owner.pk, new=NewMember(**said), role=role)
        return Response(MemberOut(member).data, status=201)


class MemberView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsOwner]

    @operation(
        "Change a member",
        tag=TAG,
        request=MemberChangeIn,
        responses={200: MemberOut},
        refusals=[PartnerNotLive, RoleNotAllowed, NotFound, LastOwner, MemberPhoneTaken, Busy],
        example={"role": "inventory"},
        answer=examples.MEMBER,
    )
    def patch(self, request: Request, member_id: uuid.UUID) -> Response:
        """Owners only. Another role, or `is_active: false`, ends the member's sessions at once."""
        owner = member_of(request)
        member = change_member(
            partner_id=owner.partner_id,
            member_id=member_id,
            actor_id=owner.pk,
            changes=read(MemberChangeIn, request),
        )
        return Response(MemberOut(member).data)
