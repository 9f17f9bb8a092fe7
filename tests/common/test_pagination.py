"""Pages that neither lose nor repeat a row."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass
from itertools import chain

import pytest
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from common import clock
from common.api.pagination import CursorInvalid, LimitInvalid, paged, paged_by_distance
from common.models import OutboxEvent

factory = APIRequestFactory()


class EventOut(serializers.Serializer):
    id = serializers.IntegerField()


class PlaceOut(serializers.Serializer):
    pk = serializers.CharField()
    distance_km = serializers.FloatField()


@dataclass(frozen=True)
class Place:
    pk: uuid.UUID
    distance_km: float


def get(url: str) -> Request:
    return Request(factory.get(url))


def make_events(count: int) -> list[int]:
    now = clock.now()
    rows = [OutboxEvent(name="n", key=str(n % 3), created_at=now, available_at=now) for n in range(count)]
    return [row.pk for row in OutboxEvent.objects.bulk_create(rows)]


def pages(show, url: str, link: str = "next") -> list[list]:
    found = []
    while url:
        body = show(get(url)).data
        found.append([row.get("id", row.get("pk")) for row in body["results"]])
        url = body[link]
    return found


def flat(found: list[list]) -> list:
    return list(chain.from_iterable(found))


def events(request):
    return paged(OutboxEvent.objects.all(), EventOut, request)


@pytest.mark.django_db
def test_pages_hold_every_row_once_newest_first():
    made = make_events(7)

    found = pages(events, "/list?limit=3")

    assert [len(page) for page in found] == [3, 3, 1]
    assert flat(found) == made[::-1]


@pytest.mark.django_db
def test_one_can_go_back_the_same_way():
    made = make_events(7)
    last = events(get(events(get(events(get("/list?limit=3")).data["next"])).data["next"])).data

    back = pages(events, last["previous"], "previous")

    assert [row["id"] for row in last["results"]] == made[:1]
    assert back == [made[1:4][::-1], made[4:][::-1]]


@pytest.mark.django_db
def test_rows_that_come_and_go_between_pages_neither_hide_nor_repeat_others():
    made = make_events(6)
    first = events(get("/list?limit=3")).data
    make_events(2)
    OutboxEvent.objects.filter(pk=made[3]).delete()

    second = events(get(first["next"])).data

    assert [row["id"] for row in second["results"]] == made[:3][::-1]


@pytest.mark.django_db
def test_another_order_with_equal_values_loses_nothing():
    made = make_events(9)

    found = pages(lambda request: paged(OutboxEvent.objects.all(), EventOut, request, ordering="key"), "/list?limit=2")

    assert sorted(flat(found)) == made


@pytest.mark.django_db
def test_links_keep_the_filters():
    make_events(3)

    assert "city=Pune" in events(get("/list?limit=1&city=Pune")).data["next"]


@pytest.mark.django_db
def test_an_empty_list_is_one_empty_page():
    assert events(get("/list")).data == {"next": None, "previous": None, "results": []}


@pytest.mark.django_db
@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "", "1.5", "99999", "²", "1e2"])
def test_a_limit_out_of_range_is_refused(limit):
    with pytest.raises(LimitInvalid):
        events(get(f"/list?limit={limit}"))
    with pytest.raises(LimitInvalid):
        paged_by_distance([], PlaceOut, get(f"/list?limit={limit}"))


@pytest.mark.django_db
@pytest.mark.parametrize("limit", ["1", "200"])
def test_the_ends_of_the_range_are_allowed(limit):
    assert events(get(f"/list?limit={limit}")).data["results"] == []


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        "%%%",
        "é",
        "%00",
        "AAAA",
        cursor(""),
        cursor("p=x"),
        cursor("p=%00"),
        cursor("o=-1"),
        cursor("o=x"),
        cursor("r=x"),
    ],
)
def test_a_cursor_that_no_list_gave_is_refused(text):
    make_events(1)

    with pytest.raises(CursorInvalid):
        events(get(f"/list?cursor={text}"))


KEYS = [9, 3, 7, 1, 8, 2, 6, 4]
FAR = [0.5, 0.5, 0.5, 0.5, 1, 2, 2.0000001, 3]
PLACES = [Place(uuid.UUID(int=key), km) for key, km in zip(KEYS, FAR, strict=True)]


def nearby(rows):
    return lambda request: paged_by_distance(rows, PlaceOut, request)


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_by_distance_hold_every_row_once_nearest_first(limit):
    found = flat(pages(nearby(PLACES), f"/list?limit={limit}"))

    assert len(found) == len(set(found)) == len(PLACES)
    by_key = {str(place.pk): place.distance_km for place in PLACES}
    assert [by_key[pk] for pk in found] == sorted(by_key.values())


def test_rows_less_than_a_millimetre_apart_are_not_lost():
    close = [Place(uuid.UUID(int=9), 1.0000001), Place(uuid.UUID(int=1), 1.0000002)]

    assert len(flat(pages(nearby(close), "/list?limit=1"))) == 2


def test_a_row_that_comes_nearer_does_not_hide_another():
    first = nearby(PLACES)(get("/list?limit=5")).data
    moved = [Place(PLACES[-1].pk, 0.1), *PLACES[:-1]]

    second = nearby(moved)(get(first["next"])).data

    assert [row["pk"] for row in second["results"]] == [str(place.pk) for place in PLACES[5:7]]


@pytest.mark.parametrize("text", ["%%%", "x", cursor("x|1"), cursor("nan|1"), cursor("inf|1"), "_", "é"])
def test_a_cursor_by_distance_that_no_list_gave_is_refused(text):
    with pytest.raises(CursorInvalid):
        nearby(PLACES)(get(f"/list?cursor={text}"))
