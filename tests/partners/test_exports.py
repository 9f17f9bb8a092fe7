"""Lists as files for spreadsheets: every kind, both forms, between two days, without growing."""

from __future__ import annotations

import csv
import datetime as dt
import io

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import clock
from common.api import exports
from stock.models import Unit
from tests.donations import camp_scenes
from tests.factories import make_hospital, make_request, member_client
from tests.orders import scenes as orders
from tests.partners.factories import make_member
from tests.stock.scenes import make_unit

pytestmark = pytest.mark.django_db
API = "/api/v1/partner/exports"
KINDS = ["units", "movements", "transfers", "requests", "donations", "enrolments", "orders", "settlements", "ledger"]


def content_of(reply):
    return b"".join(reply.streaming_content)


def table(reply):
    return list(csv.reader(io.StringIO(content_of(reply).decode("utf-8-sig"))))


@pytest.mark.parametrize("kind", KINDS)
def test_every_list_comes_in_both_forms(kind):
    client = member_client(make_member())

    as_csv = client.get(f"{API}/{kind}", {"from": "2030-04-01", "to": "2030-04-30"})
    as_xlsx = client.get(f"{API}/{kind}", {"format": "xlsx"})

    heading = table(as_csv)[0]
    assert as_csv["Content-Type"] == "text/csv; charset=utf-8"
    assert as_csv["Content-Disposition"] == f'attachment; filename="{kind}-2030-04-01-2030-04-30.csv"'
    assert as_csv["Cache-Control"] == "no-store"
    sheet = openpyxl.load_workbook(io.BytesIO(content_of(as_xlsx))).active
    assert [cell.value for cell in sheet[1]] == heading
    assert as_xlsx["Content-Type"] == exports.XLSX_TYPE


def test_rows_of_a_file_are_those_of_the_partner_and_of_the_days():
    owner = make_member()
    old, new = make_unit(owner.partner), make_unit(owner.partner, status="reserved", reserved_until=clock.now())
    Unit.objects.filter(pk=old.pk).update(created_at=clock.now() - dt.timedelta(days=3))
    make_unit(make_member().partner)
    client = member_client(owner)

    every = table(client.get(f"{API}/units", headers={"Accept": "text/csv"}))
    late = table(client.get(f"{API}/units", {"from": "2030-05-01"}))
    early = table(client.get(f"{API}/units", {"to": "2030-04-30", "status": "available"}))

    assert [row[0] for row in every[1:]] == [str(old.pk), str(new.pk)]
    assert [(row[0], row[4]) for row in late[1:]] == [(str(new.pk), "available")]
    assert [row[0] for row in early[1:]] == [str(old.pk)]


def test_requests_and_places_fill_their_files(noon):
    hospital = make_hospital()
    request = make_request(hospital)
    camp = camp_scenes.make_camp(hospital)
    place = camp_scenes.take(camp)
    client = member_client(hospital)

    requests, places = table(client.get(f"{API}/requests")), table(client.get(f"{API}/enrolments"))

    assert [row[0] for row in requests[1:]] == [str(request.pk)]
    assert [row[:4] for row in places[1:]] == [[str(place.pk), str(camp.pk), camp.title, place.donor.user.public_id]]


@pytest.mark.parametrize(
    ("query", "code", "pointer"),
    [
        ({"format": "pdf"}, "format_unknown", "/format"),
        ({"from": "2030-05-02", "to": "2030-05-01"}, "period_backwards", "/to"),
        ({"from": "yesterday"}, "invalid_input", "/from"),
        ({"bom": "perhaps"}, "invalid_input", "/bom"),
    ],
)
def test_what_no_file_can_be_made_of_is_pointed_at(query, code, pointer):
    reply = member_client(make_member()).get(f"{API}/units", query)

    assert (reply.status_code, reply.json()["code"]) == (400, code)
    assert reply.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("path", ["/api/v1/partner", "/api/v1/partner/stock/units"])
def test_an_unknown_format_is_400_everywhere(path):
    reply = member_client(make_member()).get(path, {"format": "xml"})

    assert (reply.status_code, reply.json()["code"]) == (400, "format_unknown")


def test_more_rows_than_a_file_takes_are_refused(monkeypatch):
    owner = make_member()
    for _ in range(3):
        make_unit(owner.partner)
    monkeypatch.setattr(exports, "MOST_ROWS", {"csv": 3, "xlsx": 2})
    client = member_client(owner)

    small, large = client.get(f"{API}/units"), client.get(f"{API}/units", {"format": "xlsx"})

    assert len(table(small)) == 4
    assert (large.status_code, large.json()["code"], large.json()["most"]) == (400, "export_too_large", 2)


def test_a_file_costs_the_same_queries_for_one_row_and_for_twenty():
    owner = make_member()
    client = member_client(owner)

    def cost():
        with CaptureQueriesContext(connection) as queries:
            rows = len(table(client.get(f"{API}/units")))
        return rows, len(queries)

    make_unit(owner.partner)
    one = cost()
    for _ in range(19):
        make_unit(owner.partner)

    assert one[0] == 2
    assert cost() == (21, one[1])


def test_a_csv_begins_with_the_mark_of_utf_8_where_one_asks_for_it():
    client = member_client(make_member())

    assert content_of(client.get(f"{API}/units", {"bom": "true"})).startswith(b"\xef\xbb\xbf")
    assert not content_of(client.get(f"{API}/units")).startswith(b"\xef\xbb\xbf")


def test_a_camps_list_comes_as_a_workbook_and_with_the_mark(noon):
    owner = make_hospital()
    camp = camp_scenes.make_camp(owner)
    place = camp_scenes.take(camp)
    camp_scenes.begin(camp, noon)
    url = f"/api/v1/partner/camps/{camp.pk}/enrolments.csv"
    client = member_client(owner)

    marked, book = client.get(url, {"bom": "true"}), client.get(url, {"format": "xlsx"})

    assert marked.content.startswith(b"\xef\xbb\xbf")
    rows = list(openpyxl.load_workbook(io.BytesIO(book.content)).active.iter_rows(values_only=True))
    assert rows[1][0] == str(place.pk)
    assert book["Content-Disposition"].endswith('.xlsx"')


def test_charges_come_from_a_spreadsheet_and_the_rest_of_the_list_stays():
    bank = orders.make_bank()
    client = member_client(bank)
    url = "/api/v1/partner/price-list/import"

    def sent(text, **more):
        file = io.BytesIO(text.encode())
        file.name = "prices.csv"
        return client.post(url, {"file": file, **more}, format="multipart")

    before = client.get("/api/v1/partner/price-list").json()
    wrong = sent("component,charge\nred_cells,-1\n")
    tried = sent("component,charge\nred_cells,99000\n", dry_run="true")
    kept = client.get("/api/v1/partner/price-list").json()
    done = sent("component,charge\nred_cells,99000\nwhole_blood,88000\n")

    assert wrong.json()["errors"][0]["pointer"] == "/rows/2/charge"
    assert (tried.status_code, kept) == (200, before)
    assert {row["component"]: row["charge"] for row in done.json()["processing"]} == {
        "red_cells": 99000,
        "whole_blood": 88000,
    }
    assert done.json()["delivery"] == before["delivery"]
