"""Bags by spreadsheet and by the hundred: all of them or none, and each refusal points at its line."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import clock
from common.models import OutboxEvent
from stock.models import Collection, Movement, Unit
from tests.common.test_sheets import workbook
from tests.factories import member_client
from tests.partners.factories import make_member
from tests.stock.scenes import API, CLEAR, counts_are_true, keeper, make_unit

pytestmark = pytest.mark.django_db
HEADINGS = ["din", "component", "blood_group", "collected_at"]


def line(number=1, **values):
    at = (clock.now() - dt.timedelta(days=1)).isoformat()
    return list(
        {"din": f"G1234300000{number:02}", "component": "red_cells", "group": "B+", "at": at, **values}.values()
    )


def send(client, *lines, dry_run=False, name="bags.csv", **headers):
    content = "\n".join(",".join(cells) for cells in (HEADINGS, *lines)).encode()
    body = {"file": SimpleUploadedFile(name, content), "dry_run": str(dry_run).lower()}
    return client.post(f"{API}/units/import", body, format="multipart", **headers)


def test_a_spreadsheet_of_bags_is_taken_in():
    partner, client = keeper()

    reply = send(client, line(1), line(2))

    assert reply.status_code == 201, reply.json()
    assert (reply.json()["rows"], len(reply.json()["units"])) == (2, 2)
    assert Unit.objects.filter(partner=partner, status="quarantined").count() == 2


def test_a_workbook_of_bags_is_taken_in():
    _, client = keeper()
    when = dt.datetime(2030, 4, 30, 9, 0)  # noqa: DTZ001 - a spreadsheet's
    content = workbook([*HEADINGS, "volume_ml"], ["G123430000001", "red_cells", "B+", when, 260])

    reply = client.post(f"{API}/units/import", {"file": SimpleUploadedFile("bags.xlsx", content)}, format="multipart")

    assert reply.status_code == 201, reply.json()
    unit = Unit.objects.get()
    assert (unit.volume_ml, unit.collected_at) == (260, dt.datetime(2030, 4, 30, 3, 30, tzinfo=dt.UTC))


@pytest.mark.parametrize("key", [{}, {"HTTP_IDEMPOTENCY_KEY": "k1"}])
def test_a_dry_run_keeps_nothing(key):
    _, client = keeper()

    reply = send(client, line(1), dry_run=True, **key)

    assert (reply.status_code, reply.json()) == (200, {"dry_run": True, "rows": 1, "units": []})
    assert not Unit.objects.exists()
    assert not Collection.objects.exists()
    assert not OutboxEvent.objects.exists()
    assert send(client, line(1)).status_code == 201


def test_wrong_rows_are_pointed_at_by_their_lines_and_nothing_is_taken_in():
    _, client = keeper()

    reply = send(client, line(1), line(2, component="soup"), line(3, din="x", group="Z"))

    assert reply.status_code == 400
    pointers = {(error["pointer"], error["code"]) for error in reply.json()["errors"]}
    assert pointers == {
        ("/rows/3/component", "invalid_choice"),
        ("/rows/4/din", "din_invalid"),
        ("/rows/4/blood_group", "invalid_choice"),
    }
    assert not Unit.objects.exists()


def test_a_rule_that_a_row_breaks_is_pointed_at_by_its_line():
    _, client = keeper()
    send(client, line(1))

    reply = send(client, line(2), line(1))

    assert (reply.status_code, reply.json()["code"]) == (409, "unit_known")
    assert [error["pointer"] for error in reply.json()["errors"]] == ["/rows/3/din"]
    assert Unit.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "sheet_unreadable"), (b"din;price\nx;y", "heading_unknown"), (b"din\n" + b"x\n" * 501, "sheet_too_long")],
)
def test_what_is_no_table_of_bags_is_refused(content, code):
    _, client = keeper()

    reply = client.post(f"{API}/units/import", {"file": SimpleUploadedFile("x.csv", content)}, format="multipart")

    assert (reply.status_code, reply.json()["code"]) == (400, code)


def test_results_of_many_donations_are_written_in_as_many_queries_as_those_of_few():
    partner, client = keeper()
    units = [make_unit(partner, status="quarantined") for _ in range(12)]
    results = {str(test): str(finding) for test, finding in CLEAR.items()}

    def record(*some):
        tests = [{"din": unit.din, "results": results, "blood_group": "B+"} for unit in some]
        with CaptureQueriesContext(connection) as queries:
            reply = client.post(f"{API}/tests/bulk", {"tests": tests}, format="json")
        assert (reply.status_code, reply.json()["donations"]) == (200, len(some)), reply.json()
        return len(queries)

    few, many = record(*units[:2]), record(*units[2:])

    assert many <= few + 8 * 4  # a handful for each donation, and no more looks
    released = client.post(f"{API}/units/{units[5].pk}/release")
    assert released.json()["status"] == "available"


def test_a_reactive_result_in_bulk_discards_as_it_does_alone():
    partner, client = keeper()
    good, bad = make_unit(partner), make_unit(partner)
    tests = [{"din": good.din, "results": {"hiv": "non_reactive"}}, {"din": bad.din, "results": {"hiv": "reactive"}}]

    reply = client.post(f"{API}/tests/bulk", {"tests": tests}, format="json").json()

    assert [row["id"] for row in reply["discarded"]] == [str(bad.pk)]
    assert counts_are_true()


def test_results_are_written_for_all_or_for_none():
    partner, client = keeper()
    ours, other = make_unit(partner), make_unit(make_member().partner)
    here = make_unit(make_member().partner)
    Unit.objects.filter(pk=here.pk).update(partner=partner)

    def sent(*dins, finding="non_reactive"):
        tests = [{"din": din, "results": {"hiv": finding}} for din in dins]
        reply = client.post(f"{API}/tests/bulk", {"tests": tests}, format="json")
        return reply.status_code, reply.json().get("code"), [e["pointer"] for e in reply.json().get("errors", [])]

    stranger = sent(ours.din, other.din)
    not_collector = sent(ours.din, here.din)
    final = sent(ours.din, finding="reactive"), sent(other.din), sent(ours.din)

    assert stranger == (404, "not_found", ["/tests/1/din"])
    assert not_collector[1:] == ("not_the_collector", ["/tests/1/din"])
    assert [row[:2] for row in final] == [(200, None), (404, "not_found"), (409, "result_final")]
    assert final[2][2] == ["/tests/0/results"]


def test_many_bags_are_discarded_by_id_and_by_number():
    partner, client = keeper()
    one, two = make_unit(partner), make_unit(partner)
    body = {"units": [{"unit": str(one.pk)}, {"unit": two.din, "component": "red_cells"}], "reason": "broken"}

    reply = client.post(f"{API}/discards/bulk", body, format="json")

    assert reply.status_code == 200, reply.json()
    assert {row["status"] for row in reply.json()["units"]} == {"discarded"}
    assert Movement.objects.filter(verb="discard").count() == 2
    again = client.post(f"{API}/discards/bulk", body, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")


def test_of_bags_that_cannot_be_discarded_none_is():
    partner, client = keeper()
    good, gone = make_unit(partner), make_unit(partner, status="transfused")
    stranger = make_unit(make_member().partner)

    def sent(*units):
        body = {"units": [{"unit": str(unit.pk)} for unit in units], "reason": "broken"}
        reply = client.post(f"{API}/discards/bulk", body, format="json")
        return reply.status_code, reply.json()["code"], [error["pointer"] for error in reply.json()["errors"]]

    assert sent(good, gone) == (409, "illegal_transition", ["/units/1/unit"])
    assert sent(good, stranger) == (404, "not_found", ["/units/1/unit"])
    assert Unit.objects.get(pk=good.pk).status == "available"


@pytest.mark.parametrize("path", ["units/import", "tests/bulk", "discards/bulk"])
def test_only_keepers_of_stock_do_so(path):
    reply = member_client(make_member(role="coordinator")).post(f"{API}/{path}", {}, format="multipart")

    assert (reply.status_code, reply.json()["code"]) == (403, "role_not_allowed")
