"""How sure it is who a person is, what the person agreed to, and what is held."""

from __future__ import annotations

from common import clock
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from common.errors import NotFound
from users import personal_data, selectors
from users.api import privacy_serializers as shapes
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson
from users.errors import (
    AadhaarInvalid,
    AccountErased,
    ConsentNotGiven,
    ConsentRequired,
    IdentityNotConfigured,
    NoticeOutdated,
    OfflineFileInvalid,
    OfflineFileStale,
    OfflineFileUsed,
    OfflinePhoneDiffers,
    OfflineSignatureInvalid,
    PasswordWrong,
    ShareCodeWrong,
)
from users.services import consents, erasure, identity
from users.states import STANDING_PURPOSES, ConsentPurpose

IDENTITY, PRIVACY = "Identity", "Privacy"
LEVEL = {
    "level": 3,
    "label": "offline_ekyc_signature_valid",
    "since": "2026-01-15T09:30:00Z",
    "method": "aadhaar_offline_xml",
    "last4": "2346",
}
FORMAT = {**LEVEL, "level": 1, "label": "format_valid", "method": "aadhaar_format"}
CONSENT = {
    "purpose": "identity",
    "status": "granted",
    "granted_version": 1,
    "granted_at": "2026-01-15T09:30:00Z",
    "withdrawn_at": None,
    "notice": {
        "version": 1,
        "language": "en",
        "data": ["The last four digits of your Aadhaar number"],
        "text": "We use this to say how sure it is that you are who you say.",
    },
}


class IdentityView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation("Read my level of identity", tag=IDENTITY, responses={200: shapes.IdentityOut}, answer=LEVEL)
    def get(self, request: Request) -> Response:
        """The highest level reached and not taken back. No level says more than its label."""
        return Response(shapes.IdentityOut(selectors.assurance_of(request.user.pk)).data)


class AadhaarView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    spends_by_account = ("identity",)

    @operation(
        "Give an Aadhaar number",
        tag=IDENTITY,
        request=shapes.AadhaarIn,
        responses={201: shapes.IdentityOut},
        refusals=[AadhaarInvalid, ConsentRequired, NoticeOutdated, AccountErased],
        example={"number": "2341 2341 2346", "consent": True, "notice_version": 1},
        answer=FORMAT,
    )
    def post(self, request: Request) -> Response:
        """Level 1: the number could exist. That says nothing about you; only its last four digits are kept."""
        body = read(shapes.AadhaarIn, request)
        if not body.pop("consent"):
            raise ConsentRequired
        identity.record_number(user_id=request.user.pk, **body)
        return Response(shapes.IdentityOut(selectors.assurance_of(request.user.pk)).data, status=201)


class OfflineFileView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    spends_by_account = ("identity",)

    @operation(
        "Give an offline e-KYC file",
        tag=IDENTITY,
        request=shapes.OfflineFileIn,
        responses={201: shapes.IdentityOut},
        refusals=[
            ConsentRequired,
            NoticeOutdated,
            OfflineFileInvalid,
            ShareCodeWrong,
            OfflineSignatureInvalid,
            OfflineFileStale,
            IdentityNotConfigured,
            OfflinePhoneDiffers,
            OfflineFileUsed,
            AccountErased,
        ],
        example={"file": "UEsDBBQAAQAIAA==", "share_code": "A1b2", "consent": True, "notice_version": 1},
        answer=LEVEL,
    )
    def post(self, request: Request) -> Response:
        """Level 3: UIDAI signed this file within three days, for whoever has your telephone number.

        Each file counts once. File, share code and what stands in them are not kept.
        """
        body = read(shapes.OfflineFileIn, request)
        if not body.pop("consent"):
            raise ConsentRequired
        identity.record_offline_file(user_id=request.user.pk, **body)
        return Response(shapes.IdentityOut(selectors.assurance_of(request.user.pk)).data, status=201)


class ConsentsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation("List my consents", tag=PRIVACY, responses={200: shapes.ConsentOut}, many=True, answer=CONSENT)
    def get(self, request: Request) -> Response:
        """Every purpose, the notice that holds now in your language, and what you said to it."""
        return Response(shapes.ConsentOut(selectors.consent_states(request.user), many=True).data)

    @operation(
        "Give a consent",
        tag=PRIVACY,
        request=shapes.ConsentIn,
        responses={201: shapes.ConsentOut},
        refusals=[NoticeOutdated, AccountErased],
        example={"purpose": "identity", "notice_version": 1},
        answer=CONSENT,
    )
    def post(self, request: Request) -> Response:
        """Agree to the current notice; agreeing again changes nothing."""
        body = read(shapes.ConsentIn, request)
        state = consents.give(
            user_id=request.user.pk,
            purpose=ConsentPurpose(body["purpose"]),
            notice_version=body["notice_version"],
        )
        return Response(shapes.ConsentOut(state).data, status=201)


class WithdrawView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Withdraw a consent",
        tag=PRIVACY,
        responses={200: shapes.ConsentOut},
        refusals=[NotFound, ConsentNotGiven, AccountErased],
        answer={**CONSENT, "status": "withdrawn", "withdrawn_at": "2026-02-01T08:00:00Z"},
    )
    def post(self, request: Request, purpose: str) -> Response:
        """Without `donor_matching` you are not asked any more; without `identity` your level is taken back."""
        if purpose not in set(STANDING_PURPOSES):
            raise NotFound
        state = consents.withdraw(user_id=request.user.pk, purpose=ConsentPurpose(purpose))
        return Response(shapes.ConsentOut(state).data)


class DataSummaryView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "What is held of me",
        tag=PRIVACY,
        responses={200: shapes.HeldOut},
        many=True,
        answer={
            "name": "account",
            "count": 1,
            "why": "To know who you are here, and to reach you.",
            "seen_by": "You and the administrators.",
            "kept": "As long as the account.",
            "after_erasure": "",
        },
    )
    def get(self, request: Request) -> Response:
        """Each kind of data: why, seen by whom, for how long, and what stays after an erasure."""
        return Response(shapes.HeldOut(personal_data.summary(request.user.pk), many=True).data)


class ExportView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    spends_by_account = ("export",)

    @operation(
        "Copy everything that is held of me",
        tag=PRIVACY,
        responses={200: shapes.ExportOut},
        answer={"exported_at": "2026-01-15T09:30:00Z", "holdings": {"account": [{"name": "Asha Kulkarni"}]}},
    )
    def get(self, request: Request) -> Response:
        """Your own data as JSON, by kind."""
        body = {"exported_at": clock.now(), "holdings": personal_data.export(request.user.pk)}
        return Response(shapes.ExportOut(body).data)


class ErasureView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    spends_by_account = ("password",)

    @operation(
        "Erase my account",
        tag=PRIVACY,
        request=shapes.ErasureIn,
        responses={200: shapes.ErasureOut},
        refusals=[PasswordWrong, AccountErased, *personal_data.erasure_refusals()],
        example={"current_password": "a long sentence nobody guesses"},
        answer={"erased_at": "2026-01-15T09:30:00Z"},
    )
    def post(self, request: Request) -> Response:
        """Forget who you are, at once and for good; every device is signed out.

        What the law keeps stays without your name: `/me/data-summary` says what.
        """
        body = read(shapes.ErasureIn, request)
        erased_at = erasure.erase(user_id=request.user.pk, password=body["current_password"])
        return Response(shapes.ErasureOut({"erased_at": erased_at}).data)
