"""Rows shown by functions made once are what the framework itself makes of them."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from rest_framework import serializers

from common.api.rows import show_rows

INDIA = dt.timezone(dt.timedelta(hours=5, minutes=30))


class Part(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    began = serializers.DateTimeField(allow_null=True)


class Whole(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="pk")
    kind = serializers.ChoiceField(choices=["red", "blue"])
    name = serializers.CharField(allow_null=True)
    km = serializers.FloatField()
    share = serializers.DecimalField(max_digits=5, decimal_places=2)
    on = serializers.DateField()
    at = serializers.DateTimeField()
    is_open = serializers.BooleanField()
    first = Part()
    last = Part(allow_null=True)
    parts = Part(many=True)
    first_number = serializers.IntegerField(source="first.number")
    last_number = serializers.IntegerField(source="last.number", allow_null=True)
    secret = serializers.CharField(write_only=True)
    loud = serializers.SerializerMethodField()
    itself = Part(source="*")

    def get_loud(self, row: Any) -> str:
        return str(row.kind).upper()


class Own(serializers.Serializer[Any]):
    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {"own": instance.number}


@dataclass
class APart:
    number: int
    began: dt.datetime | None = None


@dataclass
class AWhole:
    pk: uuid.UUID = field(default_factory=uuid.uuid4)
    kind: str = "red"
    name: str | None = "Asha"
    km: Decimal = Decimal("2.500")
    share: Decimal = Decimal("0.25")
    on: dt.date = dt.date(2030, 5, 1)
    at: dt.datetime = dt.datetime(2030, 5, 1, 6, 30, 0, 120, tzinfo=dt.UTC)
    is_open: bool = True
    first: APart = field(default_factory=lambda: APart(1, dt.datetime(2030, 5, 1, tzinfo=INDIA)))
    last: APart | None = None
    parts: list[APart] = field(default_factory=lambda: [APart(1), APart(2, dt.datetime(2030, 5, 1, tzinfo=dt.UTC))])
    number: int = 7
    began: dt.datetime | None = None


@pytest.mark.parametrize(
    "row", [AWhole(), AWhole(name=None, last=APart(9)), AWhole(at=dt.datetime(2030, 5, 1, 12, tzinfo=INDIA))]
)
def test_a_row_is_shown_as_the_framework_shows_it(row):
    assert show_rows(Whole, [row]) == [dict(Whole(row).data)]


def test_rows_may_be_dicts():
    rows = [{"number": 1, "began": None}, {"number": 2, "began": dt.datetime(2030, 5, 1, tzinfo=dt.UTC)}]

    assert show_rows(Part, rows) == [dict(shown) for shown in Part(rows, many=True).data]


def test_a_kind_that_shows_rows_in_its_own_way_is_asked():
    assert show_rows(Own, [APart(3)]) == [{"own": 3}]


def test_what_is_not_there_is_an_error_and_not_a_hole():
    with pytest.raises(AttributeError):
        show_rows(Whole, [APart(1)])
