"""Members' way back in when the password is forgotten."""

from __future__ import annotations

from rest_framework.permissions import AllowAny

from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from partners.api import examples
from partners.api.serializers import MemberCodeIn, MemberCodeOut, MemberPasswordResetIn, MemberSignedInOut
from partners.api.views.signing_in import TAG, device_of
from partners.errors import PartnerRejected, PartnerSuspended
from partners.services import resetting
from users.errors import CodeInvalid, PasswordWeak, PhoneNotServed


class CodeView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    spends = ("otp_address",)

    @operation(
        "Ask for a code to reset the password",
        tag=TAG,
        request=MemberCodeIn,
        responses={202: MemberCodeOut},
        refusals=[PhoneNotServed],
        example={"phone": examples.OWNER["phone"]},
        answer=examples.CHALLENGE,
        public=True,
    )
    def post(self, request: Request) -> Response:
        """Send a six-digit code by SMS. The answer is the same for known and unknown numbers."""
        challenge = resetting.request_code(**read(MemberCodeIn, request))
        return Response(MemberCodeOut(challenge).data, status=202)


class PasswordResetView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    spends = ("sign_in",)

    @operation(
        "Reset my password",
        tag=TAG,
        request=MemberPasswordResetIn,
        responses={200: MemberSignedInOut},
        refusals=[CodeInvalid, PasswordWeak, PartnerRejected, PartnerSuspended],
        example={
            "challenge_id": examples.CHALLENGE["challenge_id"],
            "code": "492817",
            "password": "paper boats in the rain",
        },
        answer={**examples.TOKENS, "partner": examples.PENDING_PARTNER, "member": examples.MEMBER},
        public=True,
    )
    def post(self, request: Request) -> Response:
        """Sign in with a new password; every other device is signed out."""
        signed_in = resetting.reset_password(**read(MemberPasswordResetIn, request), device=device_of(request))
        return Response(MemberSignedInOut(signed_in).data)
