"""Signing up, in and out; the devices one is signed in on."""

from __future__ import annotations

from rest_framework.permissions import AllowAny

from common.api.address import client_address, client_network
from common.api.devices import Shapes, Words, device_views
from common.api.guesses import PasswordSignIn, is_familiar
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from common.errors import RegistrationClosed
from common.sessions import RefreshRaceLost, RefreshReused, SessionEnded
from common.tokens import TokenInvalid
from users.api import serializers as shapes
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson
from users.errors import (
    CodeInvalid,
    CredentialsInvalid,
    PasswordWeak,
    PasswordWrong,
    PhoneNotServed,
    PhoneTaken,
)
from users.models import Session
from users.selectors import signed_in_from
from users.services import accounts, otp
from users.states import Purpose

TAG = "Sign in"
CHALLENGE = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d8e"
USER = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d8f",
    "public_id": "7K4M-Q2P9-DX",
    "name": "Asha Kulkarni",
    "phone": "+919876543210",
    "email": "",
    "email_status": "none",
    "language": "en",
    "zone": "Asia/Kolkata",
    "city": "Pune",
    "location": {"lat": 18.5204, "lng": 73.8567},
    "is_donor": True,
    "created_at": "2026-01-15T09:30:00Z",
}
TOKENS = {"access": "eyJhbGciOi…", "refresh": "eyJhbGciOi…"}


def device_of(request: Request) -> accounts.Device:
    return accounts.Device(name=request.headers.get("User-Agent", ""), address=client_address(request))


def signed_in(found: accounts.SignedIn, status: int = 200) -> Response:
    body = {"access": found.tokens.access, "refresh": found.tokens.refresh, "user": found.user}
    return Response(shapes.SignedInOut(body).data, status=status)


class OtpView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    spends = ("otp_address",)

    @operation(
        "Ask for a one-time code",
        tag=TAG,
        request=shapes.OtpIn,
        responses={202: shapes.OtpOut},
        refusals=[PhoneNotServed],
        public=True,
        example={"phone": "+919876543210", "purpose": "register"},
        answer={
            "challenge_id": CHALLENGE,
            "expires_at": "2026-01-15T09:35:00Z",
            "resend_after": "2026-01-15T09:30:30Z",
        },
    )
    def post(self, request: Request) -> Response:
        """Send a six-digit code by SMS. The answer is the same for known and unknown numbers."""
        body = read(shapes.OtpIn, request)
        challenge = otp.request_person_code(
            phone=body["phone"],
            purpose=Purpose(body["purpose"]),
            language=body["language"],
            is_familiar=is_familiar(client_network(request), signed_in_from(body["phone"])),
        )
        return Response(shapes.OtpOut(challenge).data, status=202)


class RegisterView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    spends = ("sign_in",)

    @operation(
        "Register",
        tag=TAG,
        request=shapes.RegisterIn,
        responses={201: shapes.SignedInOut},
        refusals=[CodeInvalid, PasswordWeak, PhoneTaken, RegistrationClosed],
        public=True,
        example={
            "challenge_id": CHALLENGE,
            "code": "492817",
            "name": "Asha Kulkarni",
            "password": "a long sentence nobody guesses",
        },
        answer={**TOKENS, "user": USER},
    )
    def post(self, request: Request) -> Response:
        """Make an account for the number that the code was sent to, and sign in."""
        body = read(shapes.RegisterIn, request)
        found = accounts.register(
            challenge_id=body["challenge_id"],
            code=body["code"],
            name=body["name"],
            password=body["password"],
            language=body.get("language"),
            device=device_of(request),
        )
        return signed_in(found, 201)


class LoginView(PasswordSignIn):
    authentication_classes = []
    permission_classes = [AllowAny]
    session_model = Session

    @operation(
        "Sign in with a password",
        tag=TAG,
        request=shapes.LoginIn,
        responses={200: shapes.SignedInOut},
        refusals=[CredentialsInvalid],
        public=True,
        example={"phone": "+919876543210", "password": "a long sentence nobody guesses"},
        answer={**TOKENS, "user": USER},
    )
    def post(self, request: Request) -> Response:
        """Sign in with phone and password."""
        body = read(shapes.LoginIn, request)
        return signed_in(accounts.login(phone=body["phone"], password=body["password"], device=device_of(request)))


class CodeLoginView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    spends = ("sign_in",)

    @operation(
        "Sign in with a code",
        tag=TAG,
        request=shapes.CodeLoginIn,
        responses={200: shapes.SignedInOut},
        refusals=[CodeInvalid],
        public=True,
        example={"challenge_id": CHALLENGE, "code": "492817"},
        answer={**TOKENS, "user": USER},
    )
    def post(self, request: Request) -> Response:
        """Sign in with a code sent for the purpose `login`."""
        body = read(shapes.CodeLoginIn, request)
        found = accounts.login_with_code(
            challenge_id=body["challenge_id"], code=body["code"], device=device_of(request)
        )
        return signed_in(found)


DEVICES = device_views(
    Session,
    authentication=PersonAuthentication,
    permission=IsPerson,
    shapes=Shapes(refresh_in=shapes.RefreshIn, tokens_out=shapes.TokensOut, session_out=shapes.SessionOut),
    words=Words(
        tag=TAG,
        renew="Exchange the refresh token for a new pair. Using a spent one ends the session on every side.",
        sign_out="End the session of this refresh token; its access token dies with it.",
        listed="List devices",
        devices="The devices on which you are signed in, the last used first.",
        end="End one session; it takes effect at once.",
        renew_refusals=[TokenInvalid, RefreshReused, RefreshRaceLost, SessionEnded],
        tokens=TOKENS,
        session={
            "id": CHALLENGE,
            "device": "JeevanSetu/1.0 (Android 15)",
            "address": "203.0.113.7",
            "created_at": "2026-01-15T09:30:00Z",
            "last_used_at": "2026-01-16T18:05:00Z",
            "is_current": True,
        },
    ),
)


class PasswordResetView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    spends = ("sign_in",)

    @operation(
        "Reset the password",
        tag=TAG,
        request=shapes.PasswordResetIn,
        responses={200: shapes.SignedInOut},
        refusals=[CodeInvalid, PasswordWeak],
        public=True,
        example={"challenge_id": CHALLENGE, "code": "492817", "password": "another long sentence"},
        answer={**TOKENS, "user": USER},
    )
    def post(self, request: Request) -> Response:
        """Set a new password with a code sent for `reset_password`; every other session ends."""
        body = read(shapes.PasswordResetIn, request)
        found = accounts.reset_password(
            challenge_id=body["challenge_id"],
            code=body["code"],
            password=body["password"],
            device=device_of(request),
        )
        return signed_in(found)


class PasswordChangeView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    spends_by_account = ("password",)

    @operation(
        "Change the password",
        tag=TAG,
        request=shapes.PasswordChangeIn,
        responses={204: None},
        refusals=[PasswordWrong, PasswordWeak],
        example={"current_password": "the old one", "password": "another long sentence"},
    )
    def post(self, request: Request) -> Response:
        """Replace the password; every session but this one ends."""
        body = read(shapes.PasswordChangeIn, request)
        accounts.change_password(
            user_id=request.user.pk,
            session_id=request.auth.pk,
            current=body["current_password"],
            password=body["password"],
        )
        return Response(status=204)
