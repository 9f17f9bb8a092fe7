"""Members' way in: registration, sign-in, devices, password."""

from __future__ import annotations

from rest_framework.permissions import AllowAny

from common.api.address import client_address
from common.api.devices import Shapes, Words, device_views
from common.api.guesses import PasswordSignIn
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from common.errors import RegistrationClosed
from common.sessions import RefreshRaceLost, RefreshReused, SessionEnded
from common.tokens import TokenInvalid
from partners.api import examples
from partners.api.authentication import MemberAuthentication, member_of
from partners.api.permissions import IsMember
from partners.api.serializers import (
    MemberLoginIn,
    MemberPasswordChangeIn,
    MemberRefreshIn,
    MemberSessionOut,
    MemberSignedInOut,
    MemberTokensOut,
    PartnerRegisteredOut,
    PartnerRegisterIn,
)
from partners.errors import LicenseInvalid, LicenseTaken, MemberPhoneTaken, PartnerRejected, PartnerSuspended
from partners.models import MemberSession
from partners.services import registering, signing_in
from partners.states import PartnerKind
from users.errors import CredentialsInvalid, PasswordWeak, PasswordWrong, PhoneNotServed
from users.services.accounts import Device

TAG = "Partners: signing in"


def device_of(request: Request) -> Device:
    return Device(request.headers.get("User-Agent", ""), client_address(request))


class RegisterView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    spends = ("sign_in",)

    @operation(
        "Register an organisation",
        tag=TAG,
        request=PartnerRegisterIn,
        responses={201: PartnerRegisteredOut},
        refusals=[LicenseInvalid, LicenseTaken, MemberPhoneTaken, PasswordWeak, PhoneNotServed, RegistrationClosed],
        example={"organisation": examples.ORGANISATION, "owner": examples.OWNER},
        answer={"status": "pending", "partner": examples.PENDING_PARTNER, "member": examples.MEMBER},
        public=True,
    )
    def post(self, request: Request) -> Response:
        """It waits, `pending`, until an administrator approves it; its owner may sign in at once.

        A licence of the national directory claims that listing, which stays as it is until the approval.
        """
        said = read(PartnerRegisterIn, request)
        organisation = said["organisation"] | {"kind": PartnerKind(said["organisation"]["kind"])}
        member = registering.register(
            organisation=registering.Organisation(**organisation),
            owner=registering.NewMember(**said["owner"]),
        )
        return Response(PartnerRegisteredOut(member).data, status=201)


class LoginView(PasswordSignIn):
    authentication_classes = []
    permission_classes = [AllowAny]
    session_model = MemberSession

    @operation(
        "Sign in",
        tag=TAG,
        request=MemberLoginIn,
        responses={200: MemberSignedInOut},
        refusals=[CredentialsInvalid, PartnerRejected, PartnerSuspended],
        example={"phone": examples.OWNER["phone"], "password": examples.OWNER["password"]},
        answer={**examples.TOKENS, "partner": examples.PENDING_PARTNER, "member": examples.MEMBER},
        public=True,
    )
    def post(self, request: Request) -> Response:
        """Members of a pending organisation may sign in, those of a refused or suspended one may not."""
        signed_in = signing_in.sign_in(**read(MemberLoginIn, request), device=device_of(request))
        return Response(MemberSignedInOut(signed_in).data)


DEVICES = device_views(
    MemberSession,
    authentication=MemberAuthentication,
    permission=IsMember,
    shapes=Shapes(refresh_in=MemberRefreshIn, tokens_out=MemberTokensOut, session_out=MemberSessionOut),
    words=Words(
        tag=TAG,
        renew="The refresh token given is dead afterwards; using it again ends the session.",
        sign_out="The device's tokens are dead at once.",
        listed="List my devices",
        devices="The devices on which the member is signed in, the last used first; at most 100.",
        end="Its tokens are dead at once; also ends the device that asks, if that is the one named.",
        renew_refusals=[TokenInvalid, SessionEnded, RefreshReused, RefreshRaceLost],
        tokens=examples.TOKENS,
        session=examples.SESSION,
    ),
)


class PasswordChangeView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsMember]
    spends_by_account = ("password",)

    @operation(
        "Change my password",
        tag=TAG,
        request=MemberPasswordChangeIn,
        responses={204: None},
        refusals=[PasswordWrong, PasswordWeak],
        example={"current_password": examples.OWNER["password"], "password": "paper boats in the rain"},
    )
    def post(self, request: Request) -> Response:
        """Every other device is signed out."""
        said = read(MemberPasswordChangeIn, request)
        signing_in.change_password(
            member_id=member_of(request).pk,
            session_id=request.auth.pk,
            current=said["current_password"],
            password=said["password"],
        )
        return Response(status=204)
