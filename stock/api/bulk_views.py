"""Many bags at once: from a spreadsheet, or as JSON."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from rest_framework import serializers

from common.api.imports import SheetIn, SheetView
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from common.blood import BloodGroup
from common.errors import IllegalTransition, NotFound
from common.files.errors import FileTooLarge
from common.sheets.reading import HeadingUnknown, SheetTooLong, SheetUnreadable
from partners.api.authentication import MemberAuthentication, member_of
from partners.api.permissions import MayKeepStock
from stock import errors, selectors
from stock.api import serializers as shapes
from stock.api.unit_views import TAG, UNIT
from stock.components import Component
from stock.services import collecting, leaving, testing
from stock.states import DiscardReason, Finding, MandatoryTest

MOST_TESTED = 200
SHEET = [SheetUnreadable, SheetTooLong, HeadingUnknown, FileTooLarge]


class DonationTestsIn(shapes.TestsIn):
    din = shapes.DinField()


class BulkTestsIn(serializers.Serializer[Any]):
    tests = serializers.ListField(child=DonationTestsIn(), min_length=1, max_length=MOST_TESTED)


class BulkTestedOut(serializers.Serializer[Any]):
    donations = serializers.IntegerField(help_text="Items that were written down.")
    discarded = shapes.RecalledOut(many=True, help_text="Units that were taken off a shelf now.")
    recalled = shapes.RecalledOut(many=True, help_text="The look-back: units that had left before.")


class NamedUnitIn(serializers.Serializer[Any]):
    unit = serializers.CharField(max_length=40, help_text="Id, number or bar code.")
    component = serializers.ChoiceField(choices=shapes.COMPONENTS, required=False, default="", allow_blank=True)


class BulkDiscardIn(shapes.DiscardIn):
    units = serializers.ListField(child=NamedUnitIn(), min_length=1, max_length=shapes.MOST_UNITS)


class ImportedOut(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField()
    rows = serializers.IntegerField(help_text="How many were taken in, or would be.")
    units = shapes.UnitOut(many=True, help_text="Empty for a dry run.")


class UnitsImportView(SheetView):
    tag = TAG
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]
    headings = tuple(shapes.ScannedUnitIn().fields)
    moments = ("collected_at", "expires_at")
    most_rows = shapes.MOST_UNITS

    @operation(
        "Import units",
        request={"multipart/form-data": SheetIn},
        responses={201: ImportedOut, 200: ImportedOut},
        refusals=[
            *SHEET,
            errors.CollectedInFuture,
            errors.AnticoagulantUnknown,
            errors.ExpiryInvalid,
            errors.NotTheCollector,
            errors.DonationReactive,
            errors.GroupContradicts,
            errors.UnitKnown,
        ],
        example={"file": "units.csv", "dry_run": "true"},
        media_type="multipart/form-data",
        answer={"dry_run": False, "rows": 1, "units": [UNIT]},
    )
    def post(self, request: Request) -> Response:
        """Take 1 to 500 bags of a spreadsheet into quarantine, all or none; a `dry_run` (200) only checks.

        The columns are those of «Scan units in», in any order; only `din`, `component`, `blood_group` and
        `collected_at` are needed. A time without an offset is one of your zone. `errors` points at lines as the
        spreadsheet counts them: `/rows/2/din` is the first one below the headings.
        """
        member = member_of(request)
        sheet = self.sheet(request, ZoneInfo(member.partner.zone))
        with sheet.pointing("units"):
            body = shapes.ScanIn(data={"units": sheet.rows})
            body.is_valid(raise_exception=True)
            units = collecting.scan_in(
                partner_id=member.partner_id,
                member_id=member.pk,
                scanned=[_scanned(item) for item in body.validated_data["units"]],
                dry_run=sheet.dry_run,
            )
        shown = {"dry_run": sheet.dry_run, "rows": len(units), "units": [] if sheet.dry_run else units}
        return Response(ImportedOut(shown).data, status=200 if sheet.dry_run else 201)


class BulkTestsView(APIView):
    tag = TAG
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]

    @operation(
        "Record tests of many donations",
        request=BulkTestsIn,
        responses={200: BulkTestedOut},
        refusals=[NotFound, errors.NotTheCollector, errors.ResultFinal, errors.GroupContradicts],
        example={
            "tests": [
                {
                    "din": "=Z00012600004200",
                    "results": {"hiv": "non_reactive", "hbsag": "non_reactive"},
                    "blood_group": "B+",
                }
            ]
        },
        answer={"donations": 1, "discarded": [], "recalled": []},
    )
    def post(self, request: Request) -> Response:
        """The results of 1 to 200 donations that you answer for, all or none; `errors` points at each refused one.

        A reactive result discards and recalls, as it does alone.
        """
        member, said = member_of(request), read(BulkTestsIn, request)["tests"]
        led = testing.record_tests_of_many(
            partner_id=member.partner_id, member_id=member.pk, tested=[_tested(item) for item in said]
        )
        shown = {"donations": len(said), "discarded": led.discarded, "recalled": led.recalled}
        return Response(BulkTestedOut(shown).data)


class BulkDiscardView(APIView):
    tag = TAG
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayKeepStock]

    @operation(
        "Discard many units",
        request=BulkDiscardIn,
        responses={200: shapes.UnitsOut},
        refusals=[NotFound, errors.UnitAmbiguous, IllegalTransition],
        example={"units": [{"unit": "Z000126000042", "component": "red_cells"}], "reason": "broken"},
        answer={"units": [{**UNIT, "status": "discarded", "discard_reason": "broken"}]},
    )
    def post(self, request: Request) -> Response:
        """Take 1 to 500 bags out of use for one reason, all or none; `errors` points at each refused one."""
        member, said = member_of(request), read(BulkDiscardIn, request)
        named = [(item["unit"], item["component"]) for item in said["units"]]
        units = leaving.discard_units(
            partner_id=member.partner_id,
            member_id=member.pk,
            unit_ids=selectors.unit_ids_of(member.partner_id, named),
            reason=DiscardReason(said["reason"]),
            note=said["note"],
        )
        return Response(shapes.UnitsOut({"units": units}).data)


def _scanned(item: dict[str, Any]) -> collecting.Scanned:
    kinds = {"component": Component(item["component"]), "blood_group": BloodGroup(item["blood_group"])}
    return collecting.Scanned(**{**item, **kinds})


def _tested(item: dict[str, Any]) -> testing.Tested:
    results = {MandatoryTest(test): Finding(finding) for test, finding in item["results"].items()}
    group = BloodGroup(item["blood_group"]) if "blood_group" in item else None
    return testing.Tested(item["din"], results, group)
