"""Reports: the dashboard's own figures, as pages and files, for whoever may read their rows."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse

from common.figures import Scope
from config.reports.registry import REPORTS, Report
from config.reports.tables import Table, as_csv, as_pdf
from requests_app import figures as requests
from tests.factories import make_hospital, make_request

pytestmark = pytest.mark.django_db
each_report = pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.key)


def address(report: Report, query: str = "") -> str:
    return f"{reverse('admin:report', args=[report.key])}?{query}"


@each_report
def test_each_opens_as_a_page_and_as_a_pdf_and_each_of_its_tables_as_csv(report: Report, site: Client) -> None:
    make_request()

    page, pdf = site.get(address(report)), site.get(address(report, "as=pdf"))
    files = [site.get(address(report, f"as=csv&table={n + 1}")) for n in range(page.content.count(b"as=csv"))]

    assert page.status_code == pdf.status_code == 200
    assert pdf.content.startswith(b"%PDF-")
    assert pdf["Content-Disposition"].startswith(f'attachment; filename="{report.key}-')
    assert {file.status_code for file in files} == {200}
    assert len(files) >= 1


@each_report
def test_each_takes_every_one_of_its_permissions(report: Report, clerk) -> None:
    some, every = clerk(*report.needs[1:]), clerk(*report.needs)

    assert some.get(address(report)).status_code == 403
    assert every.get(address(report)).status_code == 200


@each_report
def test_a_table_has_a_cell_for_each_head(report: Report) -> None:
    make_request()

    tables = report.tables(Scope.of_days(366, zone="Asia/Kolkata"))

    assert all(len(row) == len(table.heads) for table in tables for row in table.rows)
    assert all(len(table.rows) <= 400 for table in tables)


def test_days_and_city_narrow_it_as_they_narrow_the_dashboard(site: Client) -> None:
    make_request(make_hospital(city="Pune"))
    make_request(make_hospital(city="Nashik"))
    report, scope = REPORTS[0], Scope.of_days(7, zone="Asia/Kolkata", city="Pune")

    reply = site.get(address(report, "from=2030-04-25&to=2030-05-01&city=Pune&as=csv&table=2"))
    rows = list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"))))

    assert [row["Day"] for row in rows] == [*(day.isoformat() for day in scope.days), "Sum"]
    assert rows[-1]["Posted"] == str(requests.REQUESTS.count(scope)["posted"]) == "1"


def test_no_cell_is_run_by_a_spreadsheet_and_numbers_stay_numbers() -> None:
    table = Table("T", ["=head"], [["=cmd()"], [-5], ["plain"]])

    assert as_csv(table).splitlines() == ["'=head", "'=cmd()", "-5", "plain"]


def test_a_long_table_goes_on_over_pages_with_its_heads() -> None:
    table = Table("Bengali বাংলা", ["Day", "রক্ত"], [[f"day {n}", n] for n in range(200)])

    pdf = as_pdf("Report", "2030", [table])

    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") >= 5 or pdf.count(b"/Page") >= 5
    assert as_pdf("Report", "2030", [table]) == pdf


@pytest.mark.parametrize("query", ["as=csv", "as=csv&table=0", "as=csv&table=99", "as=csv&table=x"])
def test_a_table_that_is_not_there_is_404(site: Client, query: str) -> None:
    assert site.get(address(REPORTS[0], query)).status_code == 404
