"""What a person sees and says of oneself."""

from __future__ import annotations

from django.conf import settings
from rest_framework.permissions import AllowAny

from common import clock
from common.api.fields import PointIn
from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.blood import DonationType
from common.geo import Point
from users import selectors
from users.api import serializers as shapes
from users.api.auth_views import USER
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson
from users.errors import (
    AccountErased,
    BloodGroupConfirmed,
    ConsentWithdrawn,
    DeferralRecorded,
    DeferralUnknown,
    EmailAlreadyVerified,
    EmailMissing,
    InTheFuture,
    NotADonor,
    NoticeOutdated,
    ResolvedOnInvalid,
)
from users.fitness import assess_donor, declarable
from users.services import accounts, donors, emails

TAG = "Me"
DONOR = {
    "blood_group": "O-",
    "is_group_confirmed": False,
    "sex": "female",
    "date_of_birth": "1995-04-12",
    "weight_kg": 58.5,
    "available": True,
    "on_leaderboard": True,
    "location": {"lat": 18.5204, "lng": 73.8567},
    "score": 20,
    "tag": "bronze",
    "verified_donations": 2,
    "locked_until": None,
    "updated_at": "2026-01-15T09:30:00Z",
}
DEFERRAL = {
    "id": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d90",
    "code": "tattoo",
    "occurred_on": "2026-01-02",
    "resolved_on": None,
    "recorded_by_partner": False,
    "created_at": "2026-01-15T09:30:00Z",
}


class MeView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation("Read my account", tag=TAG, responses={200: shapes.UserOut}, answer=USER)
    def get(self, request: Request) -> Response:
        """Who you are here."""
        return Response(shapes.UserOut(request.user).data)

    @operation(
        "Change my account",
        tag=TAG,
        request=shapes.ProfileIn,
        responses={200: shapes.UserOut},
        refusals=[AccountErased],
        example={"city": "Pune", "language": "hi"},
        answer={**USER, "language": "hi"},
    )
    def patch(self, request: Request) -> Response:
        """Change name, e-mail, language, time zone or city; what is left out stays."""
        changes = read(shapes.ProfileIn, request, partial=True)
        user = accounts.update_profile(user_id=request.user.pk, changes=changes)
        return Response(shapes.UserOut(user).data)


class VerifyEmailView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    spends_by_account = ("email_verify",)

    @operation(
        "Have my e-mail address verified",
        tag=TAG,
        responses={202: shapes.UserOut},
        refusals=[EmailMissing, EmailAlreadyVerified],
        answer={**USER, "email": "asha@example.org", "email_status": "unverified"},
    )
    def post(self, request: Request) -> Response:
        """A link goes to the address; whoever opens its page and confirms has verified it. It is good for a day."""
        user = emails.ask_for_verification(user_id=request.user.pk)
        return Response(shapes.UserOut(user).data, status=202)


class LocationView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Say where I am",
        tag=TAG,
        request=PointIn,
        responses={200: shapes.UserOut},
        refusals=[AccountErased],
        example={"lat": 18.5204, "lng": 73.8567},
        answer=USER,
    )
    def put(self, request: Request) -> Response:
        """Requests near this place are yours to answer from now on."""
        body = read(PointIn, request)
        user = accounts.set_location(user_id=request.user.pk, point=Point(body["lat"], body["lng"]))
        return Response(shapes.UserOut(user).data)


class DonorView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation("Read my donor profile", tag=TAG, responses={200: shapes.DonorOut}, refusals=[NotADonor], answer=DONOR)
    def get(self, request: Request) -> Response:
        """The profile by which requests find you."""
        return Response(shapes.DonorOut(selectors.get_donor(request.user.pk)).data)

    @operation(
        "Become a donor or change the profile",
        tag=TAG,
        request=shapes.DonorIn,
        responses={200: shapes.DonorOut},
        refusals=[BloodGroupConfirmed, ConsentWithdrawn, NoticeOutdated, AccountErased, InTheFuture],
        example={"blood_group": "O-", "sex": "female", "date_of_birth": "1995-04-12", "weight_kg": 58.5},
        answer=DONOR,
    )
    def put(self, request: Request) -> Response:
        """The blood group is frozen once a partner has verified it.

        Being `available` is your consent to be asked (`/me/consents`): show the notice before, and withdraw it there.
        """
        values = read(shapes.DonorIn, request)
        aside = {name: values.pop(name) for name in ("last_donated_on", "notice_version") if name in values}
        donor = donors.save_donor(user_id=request.user.pk, values=values, **aside)
        return Response(shapes.DonorOut(donor).data)


class EligibilityView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "May I give today?",
        tag=TAG,
        query=[shapes.EligibilityQuery],
        responses={200: shapes.EligibilityOut},
        refusals=[NotADonor],
        answer={
            "eligible": False,
            "provisional": True,
            "next_eligible_on": "2027-01-03",
            "permanent": False,
            "reasons": [{"code": "tattoo", "until": "2027-01-03", "message": "Tattoo within the last 12 months."}],
        },
    )
    def get(self, request: Request) -> Response:
        """What the rules say for today in your time zone. The medical officer decides at the visit."""
        query = read_query(shapes.EligibilityQuery, request)
        donor = selectors.get_donor(request.user.pk)
        found = assess_donor(
            donor, donation_type=DonationType(query["donation_type"]), on=clock.today(request.user.zone)
        )
        return Response(shapes.EligibilityOut(found).data)


class DeferralsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation("List my deferrals", tag=TAG, responses={200: shapes.DeferralOut}, paged=True, answer=DEFERRAL)
    def get(self, request: Request) -> Response:
        """Reasons not to give that you or a partner noted, newest first."""
        return paged(selectors.deferrals_of(request.user.pk), shapes.DeferralOut, request)

    @operation(
        "Declare a deferral",
        tag=TAG,
        request=shapes.DeferralIn,
        responses={201: shapes.DeferralOut},
        refusals=[NotADonor, DeferralUnknown, InTheFuture, ResolvedOnInvalid, DeferralRecorded],
        example={"code": "tattoo", "occurred_on": "2026-01-02"},
        answer=DEFERRAL,
    )
    def post(self, request: Request) -> Response:
        """Note a reason not to give; `GET /deferral-codes` lists them. `resolved_on` says when it was over."""
        body = read(shapes.DeferralIn, request)
        deferral = donors.declare_deferral(user_id=request.user.pk, **body)
        return Response(shapes.DeferralOut(deferral).data, status=201)


class DeferralCodesView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @operation(
        "List deferral codes",
        tag=TAG,
        query=[shapes.DeferralCodesQuery],
        responses={200: shapes.DeferralCodeOut},
        many=True,
        public=True,
        answer={"code": "tattoo", "message": "Tattoo, piercing or acupuncture", "defer_days": 366, "permanent": False},
    )
    def get(self, request: Request) -> Response:
        """What a person can declare, and for how long it defers."""
        query = read_query(shapes.DeferralCodesQuery, request)
        rules = declarable(clock.today(settings.DEFAULT_ZONE), query["jurisdiction"]).values()
        return Response(shapes.DeferralCodeOut(rules, many=True).data)


class ScoreView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Read my score",
        tag=TAG,
        responses={200: shapes.ScoreOut},
        refusals=[NotADonor],
        answer={
            "score": 10,
            "tag": "none",
            "verified_donations": 1,
            "strikes": 0,
            "locked_until": None,
            "entries": [
                {
                    "delta": 10,
                    "reason": "donated",
                    "assignment": "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d91",
                    "created_at": "2026-01-15T11:00:00Z",
                }
            ],
        },
    )
    def get(self, request: Request) -> Response:
        """Score, tag and lock, and the latest hundred lines of the ledger that explains them."""
        donor = selectors.get_donor(request.user.pk)
        entries = selectors.score_ledger(donor.pk)[:100]
        body = {
            "score": donor.score,
            "tag": donor.tag,
            "verified_donations": donor.verified_donations,
            "strikes": donor.strikes,
            "locked_until": donor.lock_in_force,
            "entries": entries,
        }
        return Response(shapes.ScoreOut(body).data)
