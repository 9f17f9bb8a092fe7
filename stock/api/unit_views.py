"""Bags, one by one. Wherever an id stands, the number or the text of the bar code may stand too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.blood import BloodGroup
from common.errors import IllegalTransition, NotFound
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember, MayKeepStock
from stock import errors, selectors
from stock.api import serializers as shapes
from stock.components import Component
from stock.services import collecting, crossmatching, leaving, splitting, testing
from stock.states import CrossmatchResult, DiscardReason, Finding, MandatoryTest

TAG = "Partners: stock"
ID = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d96"
UNIT = {
    "id": ID,
    "din": "Z000126000042",
    "component": "whole_blood",
    "status": "quarantined",
    "blood_group": "B+",
    "volume_ml": 450,
    "anticoagulant": "cpda1",
    "collected_at": "2026-01-15T11:20:00Z",
    "expires_at": "2026-02-19T11:20:00Z",
    "storage_min_c": 4.0,
    "storage_max_c": 6.0,
    "irradiated": False,
    "leukoreduced": False,
    "cmv_negative": False,
    "k_negative": False,
    "counted": False,
    "split_from": None,
    "reserved_until": None,
    "discard_reason": "",
    "recalled_at": None,
    "created_at": "2026-01-15T11:20:00Z",
}
HISTORY = {
    "verb": "collect",
    "status": "quarantined",
    "actor": "member:01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d97",
    "facts": {"scanned": True},
    "created_at": "2026-01-15T11:20:00Z",
}
DETAIL = {**UNIT, "group_confirmed_at": None, "tests": [], "parts": [], "history": [HISTORY]}
NAMED = [NotFound, errors.UnitAmbiguous]


def unit_id(request: Request, text: str) -> UUID:
    """Return the id of the partner's bag that the address names."""
    which = read_query(shapes.WhichIn, request)
    return selectors.unit_id_of(request.user.partner_id, text, component=which["component"])


def shown(request: Request, pk: UUID) -> Response:
    return Response(shapes.UnitDetailOut(selectors.get_unit_of(request.user.partner_id, pk)).data)


class UnitsView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    reads_health = "units"

    def get_permissions(self) -> Sequence[Any]:
        return [MayKeepStock()] if self.request.method == "POST" else super().get_permissions()

    @operation(
        "List our units", tag=TAG, query=[shapes.UnitQuery], responses={200: shapes.UnitOut}, paged=True, answer=UNIT
    )
    def get(self, request: Request) -> Response:
        """Your bags, newest first; a bag whose life or reservation is over is shown so at once."""
        query = read_query(shapes.UnitQuery, request)
        return paged(selectors.units_of(request.user.partner_id, **query), shapes.UnitOut, request)

    @operation(
        "Scan units in",
        tag=TAG,
        request=shapes.ScanIn,
        responses={201: shapes.UnitsOut},
        refusals=[
            errors.CollectedInFuture,
            errors.AnticoagulantUnknown,
            errors.ExpiryInvalid,
            errors.NotTheCollector,
            errors.DonationReactive,
            errors.GroupContradicts,
            errors.UnitKnown,
        ],
        example={
            "units": [
                {
                    "din": "=Z00012600004200",
                    "component": "whole_blood",
                    "blood_group": "B+",
                    "collected_at": "2026-01-15T11:20:00Z",
                    "volume_ml": 450,
                    "anticoagulant": "cpda1",
                }
            ]
        },
        answer={"units": [UNIT]},
    )
    def post(self, request: Request) -> Response:
        """Take 1 to 500 bags into quarantine, all or none; `errors` points at each that is refused."""
        body = read(shapes.ScanIn, request)
        scanned = [
            collecting.Scanned(
                **{**item, "component": Component(item["component"]), "blood_group": BloodGroup(item["blood_group"])}
            )
            for item in body["units"]
        ]
        member = request.user
        units = collecting.scan_in(partner_id=member.partner_id, member_id=member.pk, scanned=scanned)
        return Response(shapes.UnitsOut({"units": units}).data, status=201)


class UnitView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]
    reads_health = "unit_tests"

    @operation(
        "Read a unit",
        tag=TAG,
        query=[shapes.WhichIn],
        responses={200: shapes.UnitDetailOut},
        refusals=NAMED,
        answer=DETAIL,
    )
    def get(self, request: Request, unit: str) -> Response:
        """One bag with its tests, its parts and its whole history; by id, number or bar code."""
        return shown(request, unit_id(request, unit))


class TestsView(APIView):
    __test__ = False  # no test class for pytest
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]

    @operation(
        "Record tests",
        tag=TAG,
        query=[shapes.WhichIn],
        request=shapes.TestsIn,
        responses={200: shapes.TestedOut},
        refusals=[*NAMED, errors.NotTheCollector, errors.ResultFinal, errors.GroupContradicts],
        example={"results": {"hiv": "non_reactive", "hbsag": "non_reactive"}, "blood_group": "B+"},
        answer={"unit": DETAIL, "discarded": [], "recalled": []},
    )
    def post(self, request: Request, unit: str) -> Response:
        """Results and confirmed group of the whole donation. A reactive one withdraws every bag of it, for ever.

        The address may name any bag of a donation that you collected, also one that another partner has now.
        """
        body, member = read(shapes.TestsIn, request), request.user
        which = read_query(shapes.WhichIn, request)["component"]
        pk, group = selectors.unit_id_to_test(member.partner_id, unit, component=which), body.get("blood_group")
        found = testing.record_tests(
            partner_id=member.partner_id,
            member_id=member.pk,
            unit_id=pk,
            results={MandatoryTest(test): Finding(finding) for test, finding in body["results"].items()},
            blood_group=BloodGroup(group) if group else None,
        )
        answer = {
            "unit": selectors.get_tested_unit(member.partner_id, pk),
            "discarded": found.discarded,
            "recalled": found.recalled,
        }
        return Response(shapes.TestedOut(answer).data)


class ReleaseView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]

    @operation(
        "Release a unit",
        tag=TAG,
        query=[shapes.WhichIn],
        responses={200: shapes.UnitDetailOut},
        refusals=[
            *NAMED,
            IllegalTransition,
            errors.TestsMissing,
            errors.GroupNotConfirmed,
            errors.DonationReactive,
            errors.UnitExpired,
        ],
        answer={**DETAIL, "status": "available"},
    )
    def post(self, request: Request, unit: str) -> Response:
        """Out of quarantine: every mandatory test non-reactive, the group confirmed, the life not over."""
        pk, member = unit_id(request, unit), request.user
        testing.release_unit(partner_id=member.partner_id, member_id=member.pk, unit_id=pk)
        return shown(request, pk)


class SplitView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]

    @operation(
        "Split a unit",
        tag=TAG,
        query=[shapes.WhichIn],
        request=shapes.SplitIn,
        responses={201: shapes.UnitsOut},
        refusals=[
            *NAMED,
            IllegalTransition,
            errors.SplitImpossible,
            errors.SplitTooLarge,
            errors.AnticoagulantUnknown,
            errors.UnitKnown,
            errors.UnitExpired,
            errors.SeparationTimeInvalid,
            errors.SeparatedTooLate,
        ],
        example={
            "components": [
                {"component": "red_cells", "volume_ml": 230},
                {"component": "fresh_frozen_plasma", "volume_ml": 200},
            ]
        },
        answer={"units": [{**UNIT, "component": "red_cells", "volume_ml": 230, "split_from": ID}]},
    )
    def post(self, request: Request, unit: str) -> Response:
        """Make components of a bag: each keeps the number and has an expiry of its own.

        Platelets and fresh frozen plasma are made within 6 hours of the draw.
        """
        body, member = read(shapes.SplitIn, request), request.user
        parts = [splitting.Part(**{**part, "component": Component(part["component"])}) for part in body["components"]]
        units = splitting.split_unit(
            partner_id=member.partner_id,
            member_id=member.pk,
            unit_id=unit_id(request, unit),
            parts=parts,
            separated_at=body.get("separated_at"),
        )
        return Response(shapes.UnitsOut({"units": units}).data, status=201)


class DiscardView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]

    @operation(
        "Discard a unit",
        tag=TAG,
        query=[shapes.WhichIn],
        request=shapes.DiscardIn,
        responses={200: shapes.UnitDetailOut},
        refusals=[*NAMED, IllegalTransition],
        example={"reason": "broken", "note": "Fell in the cold room."},
        answer={**DETAIL, "status": "discarded", "discard_reason": "broken"},
    )
    def post(self, request: Request, unit: str) -> Response:
        """Take a bag out of use, for a reason; whoever had reserved it is told."""
        body, pk, member = read(shapes.DiscardIn, request), unit_id(request, unit), request.user
        leaving.discard_unit(
            partner_id=member.partner_id,
            member_id=member.pk,
            unit_id=pk,
            reason=DiscardReason(body["reason"]),
            note=body["note"],
        )
        return shown(request, pk)


class CrossmatchView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]

    @operation(
        "Record a crossmatch",
        tag=TAG,
        query=[shapes.WhichIn],
        request=shapes.CrossmatchIn,
        responses={200: shapes.UnitDetailOut},
        refusals=[
            *NAMED,
            errors.CrossmatchNotApplicable,
            errors.CrossmatchForNobody,
            errors.UnitNotMatchable,
            errors.UnitExpired,
        ],
        example={"result": "compatible", "recipient": "IP-2026-00713"},
        answer={**DETAIL, "status": "reserved"},
    )
    def post(self, request: Request, unit: str) -> Response:
        """How the unit and its recipient get on: whom it is reserved for or was issued to, or a case of yours.

        Valid for 72 hours; the latest counts.
        """
        body, pk, member = read(shapes.CrossmatchIn, request), unit_id(request, unit), request.user
        crossmatching.record_crossmatch(
            partner_id=member.partner_id,
            member_id=member.pk,
            unit_id=pk,
            result=CrossmatchResult(body["result"]),
            recipient=body["recipient"],
        )
        return shown(request, pk)


class TransfuseView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]

    @operation(
        "Record a transfusion",
        tag=TAG,
        query=[shapes.WhichIn],
        request=shapes.TransfuseIn,
        responses={200: shapes.UnitDetailOut},
        refusals=[
            *NAMED,
            IllegalTransition,
            errors.UnitRecalled,
            errors.UnitExpired,
            errors.CrossmatchMissing,
            errors.CrossmatchIncompatible,
            errors.AuthorisersInvalid,
        ],
        example={"recipient": "IP-2026-00713"},
        answer={**DETAIL, "status": "transfused"},
    )
    def post(self, request: Request, unit: str) -> Response:
        """The bag was given: one that was issued, or a free one of your own; a recalled one is refused."""
        body, pk, member = read(shapes.TransfuseIn, request), unit_id(request, unit), request.user
        emergency = crossmatching.Emergency(**body["emergency"]) if "emergency" in body else None
        leaving.transfuse_unit(
            partner_id=member.partner_id,
            member_id=member.pk,
            unit_id=pk,
            recipient=body["recipient"],
            emergency=emergency,
            was_given=body["was_given"],
        )
        return shown(request, pk)
