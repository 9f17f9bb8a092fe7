"""Level 2: the dialogue with a licensed provider, and which levels can be reached here."""

from __future__ import annotations

from uuid import UUID

from rest_framework.permissions import AllowAny

from common.api.schema import operation
from common.api.views import APIView, Request, Response, idempotency_key, read
from common.errors import IllegalTransition, NotFound
from users import selectors
from users.api import privacy_serializers as shapes
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson
from users.errors import (
    AadhaarInvalid,
    AccountErased,
    AttestationOver,
    AttestationUsed,
    ConsentRequired,
    IdentityNotConfigured,
    IdentityTaken,
    LevelReached,
    NameDiffers,
    NoticeOutdated,
    ProviderCodeWrong,
    ProviderNumberRefused,
    ProviderUnavailable,
)
from users.services import attesting

TAG = "Identity"
CODE_SENT = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d92",
    "provider": "licensed-agency",
    "status": "code_sent",
    "failure": "",
    "tries_left": 3,
    "created_at": "2026-01-15T09:30:00Z",
    "expires_at": "2026-01-15T09:40:00Z",
}


class WaysView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @operation(
        "List the levels of identity",
        tag=TAG,
        responses={200: shapes.WayOut},
        many=True,
        public=True,
        answer={"level": 2, "label": "provider_attested", "method": "licensed_provider", "offered": False},
    )
    def get(self, request: Request) -> Response:
        """What each level is reached by, and whether that is open here. No part of the product asks for one."""
        return Response(shapes.WayOut(selectors.ways_to_prove(), many=True).data)


class AttestationsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    spends_by_account = ("identity",)
    calls_outside = True

    @operation(
        "Ask a licensed provider",
        tag=TAG,
        request=shapes.AttestationIn,
        responses={201: shapes.AttestationOut},
        refusals=[
            AadhaarInvalid,
            ConsentRequired,
            ProviderNumberRefused,
            NoticeOutdated,
            IdentityNotConfigured,
            LevelReached,
            IdentityTaken,
            NameDiffers,
            AttestationOver,
            AttestationUsed,
            AccountErased,
            ProviderUnavailable,
        ],
        example={"number": "2341 2341 2346", "consent": True, "notice_version": 1},
        answer=CODE_SENT,
    )
    def post(self, request: Request) -> Response:
        """Level 2, first step: a code goes to the telephone that UIDAI knows for the number, not to this account's.

        The number goes to the provider and is not kept. 503 means that nothing is decided: send the same again. The
        same `Idempotency-Key` goes on with what it began; the number is not compared, since it is not known any more.
        """
        body = read(shapes.AttestationIn, request)
        if not body["consent"]:
            raise ConsentRequired
        row = attesting.start(
            user_id=request.user.pk,
            number=body["number"],
            notice_version=body["notice_version"],
            request_key=idempotency_key(request),
        )
        return Response(shapes.AttestationOut(row).data, status=201)


class AttestationView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Read an attestation",
        tag=TAG,
        responses={200: shapes.AttestationOut},
        refusals=[NotFound],
        answer={**CODE_SENT, "status": "attested"},
    )
    def get(self, request: Request, attestation_id: UUID) -> Response:
        """Where it stands; kept for a month after its end."""
        return Response(shapes.AttestationOut(selectors.attestation_of(request.user.pk, attestation_id)).data)


class AttestationCodeView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    spends_by_account = ("identity",)
    calls_outside = True

    @operation(
        "Give the provider's code",
        tag=TAG,
        request=shapes.ProviderCodeIn,
        responses={200: shapes.AttestationOut},
        refusals=[
            ProviderCodeWrong,
            NotFound,
            AttestationOver,
            AttestationUsed,
            NameDiffers,
            IdentityTaken,
            IdentityNotConfigured,
            IllegalTransition,
            AccountErased,
            ProviderUnavailable,
        ],
        example={"code": "492817"},
        answer={**CODE_SENT, "status": "attested", "tries_left": 2},
    )
    def post(self, request: Request, attestation_id: UUID) -> Response:
        """Level 2, second step: code and name are right, says the provider. `/me/identity` then says the level.

        Three tries. 503 means that nothing is decided: send the same code again.
        """
        body = read(shapes.ProviderCodeIn, request)
        row = attesting.complete(user_id=request.user.pk, attestation_id=attestation_id, code=body["code"])
        return Response(shapes.AttestationOut(row).data)
