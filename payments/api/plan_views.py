"""Plans, and a person's own subscription. The server sets every price, and nothing begins before it is paid."""

from __future__ import annotations

import uuid
from typing import Any

from rest_framework.permissions import AllowAny

from common import clock, throttle
from common.api.schema import operation
from common.api.views import APIView, HTTPRequest, Request, Response, read, read_query
from payments import errors, plan_selectors
from payments.api import plan_examples as examples
from payments.api import plan_shapes as shapes
from payments.services import changing, subscribing
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

TAG = "Plans"
COUPONS = [
    errors.CouponUnknown,
    errors.CouponNotValid,
    errors.CouponElsewhere,
    errors.CouponUsedUp,
    errors.CouponUsed,
]
CHANGES = [
    errors.PlanUnknown,
    errors.PlanUnchanged,
    errors.NotSubscribed,
    errors.SubscriptionUnpaid,
    errors.SubscriptionEnding,
]


def shown(user_id: uuid.UUID) -> dict[str, Any]:
    """Return how the person stands, as the API shows it."""
    row, now = plan_selectors.subscription_of(user_id), clock.now()
    standing, quotas = plan_selectors.standing_of(user_id, now), plan_selectors.quotas_of(user_id)
    in_force = {"plan": standing.version.plan.code, "quotas": quotas}
    charge = plan_selectors.open_charge_of(row) if row is not None else None
    if charge is not None and not charge.may_be_paid(now):
        charge = None
    if row is None or (charge is None and not plan_selectors.is_in_force(row, now)):
        nothing = dict.fromkeys(("subscribed", "starts_at", "ends_at", "lasts_until", "next_plan", "charge"))
        return {**nothing, **in_force, "status": "none", "in_grace": False, "cancels_at_end": False}
    return {
        **in_force,
        "subscribed": row.version.plan.code,
        "status": row.status,
        "in_grace": row.ends_at is not None and now >= row.ends_at,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "lasts_until": plan_selectors.lasts_until(row),
        "cancels_at_end": row.cancels_at_end,
        "next_plan": row.next_plan.code if row.next_plan else None,
        "charge": charge,
    }


class PlansView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @operation(
        "List plans",
        tag=TAG,
        responses={200: shapes.PlansOut},
        public=True,
        answer={"plans": [examples.PLAN]},
    )
    def get(self, request: Request) -> Response:
        """What each costs from now on, taxes included. What was paid before keeps its price."""
        return Response(shapes.PlansOut({"plans": plan_selectors.offers()}).data)


class OwnSubscription(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    def answer(self, request: Request, status: int = 200) -> Response:
        return Response(shapes.SubscriptionOut(shown(request.user.pk)).data, status=status)


class SubscriptionView(OwnSubscription):
    def check_throttles(self, request: HTTPRequest) -> None:
        """Nobody guesses coupons."""
        super().check_throttles(request)
        if request.method == "POST":
            throttle.spend("subscribe", str(request.user.pk))

    @operation(
        "Read my subscription",
        tag=TAG,
        responses={200: shapes.SubscriptionOut},
        answer=examples.ACTIVE,
    )
    def get(self, request: Request) -> Response:
        """The plan in force, what is to be paid, and how much of each quota is used."""
        return self.answer(request)

    @operation(
        "Subscribe",
        tag=TAG,
        request=shapes.SubscribeIn,
        responses={201: shapes.SubscriptionOut},
        refusals=[errors.PlanUnknown, errors.SubscriptionExists, *COUPONS],
        example={"plan": "basic", "coupon": "MONSOON10", "use_credits": True},
        answer=examples.PENDING,
    )
    def post(self, request: Request) -> Response:
        """Pay `charge.id` with `POST /payments` within the hour: the plan is in force when the money has arrived.

        Coupon and credits are taken now and come back if it is never paid. Where nothing is left to pay, the plan is
        in force at once.
        """
        body = read(shapes.SubscribeIn, request)
        subscribing.subscribe(
            user_id=request.user.pk, plan=body["plan"], coupon=body["coupon"], uses_credits=body["use_credits"]
        )
        return self.answer(request, 201)


class CancelSubscriptionView(OwnSubscription):
    @operation(
        "Cancel my subscription",
        tag=TAG,
        request=shapes.NothingIn,
        responses={200: shapes.SubscriptionOut},
        refusals=[errors.NotSubscribed],
        example={},
        answer=examples.CANCELLED,
    )
    def post(self, request: Request) -> Response:
        """It lasts until the end of the period that is paid. What waits to be paid is given up at once."""
        read(shapes.NothingIn, request)
        subscribing.cancel(user_id=request.user.pk)
        return self.answer(request)


class ResumeSubscriptionView(OwnSubscription):
    @operation(
        "Resume my subscription",
        tag=TAG,
        request=shapes.NothingIn,
        responses={200: shapes.SubscriptionOut},
        refusals=[errors.NotSubscribed],
        example={},
        answer=examples.ACTIVE,
    )
    def post(self, request: Request) -> Response:
        """Take a cancellation back before the period ends."""
        read(shapes.NothingIn, request)
        subscribing.resume(user_id=request.user.pk)
        return self.answer(request)


class ChangeSubscriptionView(OwnSubscription):
    @operation(
        "Ask what another plan would cost",
        tag=TAG,
        query=[shapes.QuoteQuery],
        responses={200: shapes.QuoteOut},
        refusals=CHANGES,
        answer=examples.QUOTE,
    )
    def get(self, request: Request) -> Response:
        """For the rest of the period, at this moment, before credits."""
        query = read_query(shapes.QuoteQuery, request)
        return Response(shapes.QuoteOut(changing.quote(user_id=request.user.pk, plan=query["plan"])).data)

    @operation(
        "Change my plan",
        tag=TAG,
        request=shapes.ChangeIn,
        responses={200: shapes.SubscriptionOut},
        refusals=[*CHANGES, errors.ChargeOpen],
        example={"plan": "premium"},
        answer={**examples.ACTIVE, "charge": {**examples.CHARGE, "kind": "change", "plan": "premium"}},
    )
    def post(self, request: Request) -> Response:
        """A higher plan is in force when the difference is paid; a lower one follows when the period ends.

        To your present plan: takes a lower one back. To have none, cancel.
        """
        body = read(shapes.ChangeIn, request)
        changing.change_plan(user_id=request.user.pk, plan=body["plan"])
        return self.answer(request)
