"""A person's credits, and the friends that bring them."""

from __future__ import annotations

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from payments import errors, plan_selectors
from payments.api import plan_examples as examples
from payments.api import plan_shapes as shapes
from payments.services import referring
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

TAG = "Plans"
FRIENDS = {"code": "KX7M2PQA", "friends": 3, "rewarded": 1}


class CreditsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Read my credits",
        tag=TAG,
        responses={200: shapes.CreditsOut},
        answer={"balances": [{"currency": "INR", "balance": 5000}]},
    )
    def get(self, request: Request) -> Response:
        """What may still be spent here; it is never paid out."""
        return Response(shapes.CreditsOut({"balances": plan_selectors.wallets_of(request.user.pk)}).data)


class CreditMovesView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "List what came to my credits and went",
        tag=TAG,
        responses={200: shapes.CreditMoveOut},
        paged=True,
        answer=examples.MOVE,
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        return paged(plan_selectors.credit_moves(request.user.pk), shapes.CreditMoveOut, request)


class FriendsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation("Read my code for friends", tag=TAG, responses={200: shapes.FriendsOut}, answer=FRIENDS)
    def get(self, request: Request) -> Response:
        """The code, and how many have come by it."""
        return self.shown(request)

    @operation("Get a code for friends", tag=TAG, responses={200: shapes.FriendsOut}, answer=FRIENDS)
    def post(self, request: Request) -> Response:
        """Made once: the same code at every call."""
        referring.own_code(user_id=request.user.pk)
        return self.shown(request)

    def shown(self, request: Request) -> Response:
        """Return the code and the counts."""
        came, paid = plan_selectors.friends_of(request.user.pk)
        code = plan_selectors.referral_code_of(request.user.pk)
        return Response(shapes.FriendsOut({"code": code, "friends": came, "rewarded": paid}).data)


class RedeemView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    spends_by_account = ("referral",)

    @operation(
        "Use a friend's code",
        tag=TAG,
        request=shapes.RedeemIn,
        responses={200: shapes.CreditsOut},
        refusals=[errors.ReferralUnknown, errors.ReferralOwn, errors.ReferralUsed, errors.ReferralTooLate],
        example={"code": "KX7M2PQA"},
        answer={"balances": [{"currency": "INR", "balance": 5000}]},
    )
    def post(self, request: Request) -> Response:
        """Once, in the first 30 days and before the first payment. Your friend is rewarded when you have paid."""
        body = read(shapes.RedeemIn, request)
        referring.redeem(user_id=request.user.pk, code=body["code"])
        return Response(shapes.CreditsOut({"balances": plan_selectors.wallets_of(request.user.pk)}).data)
