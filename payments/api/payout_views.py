"""Where somebody is paid, and what was paid out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from common.errors import NotFound
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsOwner
from payments import errors, payout_selectors
from payments.api import examples
from payments.api import payout_shapes as shapes
from payments.api.serializers import BalancesOut, PayoutOut
from payments.gateways import payout_gateway_of
from payments.parties import Party
from payments.services import payees
from payments.states import Provider
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

PEOPLE, PARTNERS = "Payments", "Partners: payments"
ACCOUNT = {"provider": "stripe", "ending": "k3Qz", "status": "ready", "failure": "", "added_at": "2026-01-02T05:30:00Z"}
WISH = {"provider": "stripe", "account": "acct_1Nv0FGQ9RKHgk3Qz"}
Answer = Callable[[Any, Request], Response]


class Payee(APIView):
    """A view of whoever is paid."""

    def payee(self, request: Request) -> Party:
        """Return who calls, as a party."""
        raise NotImplementedError


class PersonPayee(Payee):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    def payee(self, request: Request) -> Party:
        return Party.person(request.user.pk)


class PartnerPayee(Payee):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsOwner]

    def payee(self, request: Request) -> Party:
        return Party.partner(request.user.partner_id)


def reading(tag: str) -> Answer:
    @operation(
        "Read the account for payouts",
        tag=tag,
        responses={200: shapes.PayoutAccountOut},
        refusals=[NotFound],
        answer=ACCOUNT,
    )
    def get(self: Payee, request: Request) -> Response:
        """Never more of it than its last characters. 404 when you are paid by hand."""
        return Response(shapes.PayoutAccountOut(payout_selectors.account_of(self.payee(request))).data)

    return get


def setting(tag: str) -> Answer:
    @operation(
        "Set the account for payouts",
        tag=tag,
        request=shapes.PayoutAccountIn,
        responses={200: shapes.PayoutAccountOut},
        refusals=[errors.PayoutProviderUnavailable, errors.PayoutAccountInvalid, errors.PayoutAccountChanging],
        example=WISH,
        answer={**ACCOUNT, "status": "checking"},
    )
    def put(self: Payee, request: Request) -> Response:
        """Your account at the provider, connected with ours there. It replaces the one before; the provider is asked
        within seconds whether money can be paid to it, and until it is `ready` you are paid by hand. You get a message
        when it changes."""
        body = read(shapes.PayoutAccountIn, request)
        gateway = payout_gateway_of(body["provider"])
        if gateway is None:
            raise errors.PayoutProviderUnavailable
        if not gateway.is_account(body["account"]):
            raise errors.PayoutAccountInvalid
        account = payees.set_account(
            owner=self.payee(request),
            provider=Provider(body["provider"]),
            reference=body["account"],
            actor=f"{request.user._meta.model_name} {request.user.pk}",
        )
        return Response(shapes.PayoutAccountOut(account).data)

    return put


def removing(tag: str) -> Answer:
    @operation("Remove the account for payouts", tag=tag, responses={204: None}, refusals=[NotFound])
    def delete(self: Payee, request: Request) -> Response:
        """You are paid by hand from now on; what has been sent stays on its way."""
        actor = f"{request.user._meta.model_name} {request.user.pk}"
        payees.remove_account(owner=self.payee(request), actor=actor)
        return Response(status=204)

    return delete


def listing(tag: str, summary: str) -> Answer:
    @operation(summary, tag=tag, responses={200: PayoutOut}, paged=True, answer=examples.PAYOUT)
    def get(self: Payee, request: Request) -> Response:
        """What was paid out to you, newest first."""
        return paged(payout_selectors.payouts_to(self.payee(request)), PayoutOut, request)

    return get


def reading_balance(tag: str, summary: str) -> Answer:
    @operation(
        summary,
        tag=tag,
        responses={200: BalancesOut},
        answer={"balances": [{"currency": "INR", "owed": 310000, "collected": 0}]},
    )
    def get(self: Payee, request: Request) -> Response:
        """What is owed to you: sold, less fees, what you took in by hand, and what was paid out."""
        return Response(BalancesOut({"balances": payout_selectors.balances_of(self.payee(request))}).data)

    return get


class PersonAccountView(PersonPayee):
    get, put, delete = reading(PEOPLE), setting(PEOPLE), removing(PEOPLE)


class PartnerAccountView(PartnerPayee):
    get, put, delete = reading(PARTNERS), setting(PARTNERS), removing(PARTNERS)


class PersonPayoutsView(PersonPayee):
    get = listing(PEOPLE, "List my payouts")


class PartnerPayoutsView(PartnerPayee):
    get = listing(PARTNERS, "List our payouts")


class PersonBalanceView(PersonPayee):
    get = reading_balance(PEOPLE, "Read my balance")


class PartnerBalanceView(PartnerPayee):
    get = reading_balance(PARTNERS, "Read our balance")
