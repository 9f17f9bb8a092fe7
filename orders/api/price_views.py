"""What banks charge, and what they have agreed with hospitals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from rest_framework.permissions import AllowAny

from common.api.imports import SheetIn, SheetView
from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from common.errors import NotFound
from common.files.errors import FileTooLarge
from common.money import Currency
from common.sheets.reading import HeadingUnknown, SheetTooLong, SheetUnreadable
from orders import selectors
from orders.api import examples
from orders.api import price_serializers as shapes
from partners import errors
from partners import selectors as partners
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember, IsOwner
from partners.services import prices

TAG = "Partners: prices"
NOTHING: dict[str, int] = {}


class PriceListView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    def get_permissions(self) -> Sequence[Any]:
        return [IsOwner()] if self.request.method == "PUT" else super().get_permissions()

    @operation(
        "Read our price list",
        tag=TAG,
        responses={200: shapes.PriceListOut},
        refusals=[errors.NoPriceList],
        answer=examples.PRICE_LIST_OUT,
    )
    def get(self, request: Request) -> Response:
        """What you charge whoever has no contract."""
        return shown_prices(request.user.partner_id)

    @operation(
        "Set our price list",
        tag=TAG,
        request=shapes.PriceListIn,
        responses={200: shapes.PriceListOut},
        refusals=[errors.NoPriceList],
        example=examples.PRICE_LIST,
        answer=examples.PRICE_LIST_OUT,
    )
    def put(self, request: Request) -> Response:
        """For owners. Replaces the whole list; orders keep the price they were placed at. Blood itself has none:
        these are charges for processing and delivery."""
        body, member = read(shapes.PriceListIn, request), request.user
        taxes, fees = body.get("taxes", NOTHING), body.get("cancellation", NOTHING)
        prices.set_price_list(
            partner_id=member.partner_id,
            member_id=member.pk,
            currency=Currency(body["currency"]),
            processing={row["component"]: row["charge"] for row in body["processing"]},
            delivery={row["up_to_km"]: row["charge"] for row in body["delivery"]},
            tax_name=str(taxes.get("name", "GST")),
            processing_tax_bp=taxes.get("processing", 0),
            delivery_tax_bp=taxes.get("delivery", 0),
            cancel_accepted_minor=fees.get("accepted", 0),
            cancel_packed_minor=fees.get("packed", 0),
        )
        return shown_prices(member.partner_id)


class PricesImportView(SheetView):
    tag = TAG
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsOwner]
    headings = ("component", "charge")
    most_rows = len(shapes.COMPONENTS)

    @operation(
        "Import our charges",
        request={"multipart/form-data": SheetIn},
        responses={200: shapes.PriceListOut},
        refusals=[errors.NoPriceList, SheetUnreadable, SheetTooLong, HeadingUnknown, FileTooLarge],
        example={"file": "charges.csv", "dry_run": "false"},
        media_type="multipart/form-data",
        answer=examples.PRICE_LIST_OUT,
    )
    def post(self, request: Request) -> Response:
        """For owners. Replaces the charges for processing by those of a spreadsheet: `component`, `charge` in minor
        units. Currency, delivery, taxes and fees stay; there has to be a price list. `errors` points at lines."""
        member = request.user
        sheet = self.sheet(request, ZoneInfo(member.partner.zone))
        with sheet.pointing("processing"):
            body = shapes.PriceListIn(data={"processing": sheet.rows})
            body.is_valid(raise_exception=True)
        charges = {row["component"]: row["charge"] for row in body.validated_data["processing"]}
        if sheet.dry_run:
            return shown_prices(member.partner_id)
        prices.set_charges(partner_id=member.partner_id, member_id=member.pk, processing=charges)
        return shown_prices(member.partner_id)


class PublicPriceListView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @operation(
        "Read a bank's price list",
        tag="Public",
        responses={200: shapes.PriceListOut},
        refusals=[NotFound, errors.NoPriceList],
        public=True,
        answer=examples.PRICE_LIST_OUT,
    )
    def get(self, request: Request, partner_id: UUID) -> Response:
        """What a live blood bank charges whoever has no contract with it."""
        return shown_prices(partners.bank_card(partner_id).id)


class ContractsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    def get_permissions(self) -> Sequence[Any]:
        return [IsOwner()] if self.request.method == "POST" else super().get_permissions()

    @operation(
        "List our contracts",
        tag=TAG,
        responses={200: shapes.ContractOut},
        paged=True,
        answer=examples.CONTRACT,
    )
    def get(self, request: Request) -> Response:
        """With hospitals, and with banks, newest first."""
        return paged(partners.contracts_of(request.user.partner_id), shapes.ContractOut, request)

    @operation(
        "Make a contract",
        tag=TAG,
        request=shapes.ContractIn,
        responses={201: shapes.ContractOut},
        refusals=[NotFound, errors.ContractWithYourself, errors.NoPriceList, errors.ContractExists],
        example={
            "hospital": examples.CONTRACT["hospital"]["id"],
            "processing": examples.CONTRACT["processing"],
            "starts_on": "2026-01-01",
        },
        answer=examples.CONTRACT,
    )
    def post(self, request: Request) -> Response:
        """For owners of a bank: own prices for one hospital, which pays once a month instead of before delivery."""
        body, member = read(shapes.ContractIn, request), request.user
        made = prices.make_contract(
            bank_id=member.partner_id,
            member_id=member.pk,
            hospital_id=body["hospital"],
            processing={row["component"]: row["charge"] for row in body["processing"]},
            starts_on=body["starts_on"],
            ends_on=body["ends_on"],
        )
        return shown_contract(member.partner_id, made.pk, status=201)


class ContractEndView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsOwner]

    @operation(
        "End a contract",
        tag=TAG,
        responses={200: shapes.ContractOut},
        refusals=[NotFound],
        answer={**examples.CONTRACT, "ended_at": "2026-03-01T09:30:00Z"},
    )
    def post(self, request: Request, contract_id: UUID) -> Response:
        """For owners of either side. What was ordered before stays on the monthly bill."""
        member = request.user
        prices.end_contract(partner_id=member.partner_id, member_id=member.pk, contract_id=contract_id)
        return shown_contract(member.partner_id, contract_id)


class ContractBillsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    @operation(
        "List our monthly bills",
        tag=TAG,
        responses={200: shapes.ContractBillOut},
        paged=True,
        answer=examples.SETTLEMENT,
    )
    def get(self, request: Request) -> Response:
        """What hospitals owe you, or you owe banks, by contract and month, newest first."""
        return paged(selectors.bills_of(request.user.partner_id), shapes.ContractBillOut, request)


def shown_prices(partner_id: UUID) -> Response:
    found = partners.find_price_list(partner_id)
    if found is None:
        raise errors.NoPriceList
    return Response(shapes.PriceListOut(found).data)


def shown_contract(partner_id: UUID, contract_id: UUID, *, status: int = 200) -> Response:
    found = partners.contracts_of(partner_id).filter(pk=contract_id).first()
    return Response(shapes.ContractOut(found).data, status=status)
