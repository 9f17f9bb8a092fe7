"""The pages of reports, and their files."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.http import urlencode

from common import clock
from common.figures import Scope
from config.dashboard.views import presets, scope_of
from config.reports.registry import REPORTS, Report, reports_for
from config.reports.tables import Table, as_csv, as_pdf
from partners import selectors as partners

SHOWN: Final = 40  # rows of a table on the page; the files have all


def index(request: HttpRequest, site: dict[str, Any]) -> HttpResponse:
    """Show which reports the administrator may read."""
    found = reports_for(request.user)
    if not found:
        raise PermissionDenied
    return TemplateResponse(request, "admin/reports.html", {**site, "title": "Reports", "reports": found})


def show(request: HttpRequest, site: dict[str, Any], key: str) -> HttpResponse:
    """Show a report of some days and perhaps one city; with `as=pdf` or `as=csv&table=…`, give it as a file."""
    report = next((one for one in REPORTS if one.key == key), None)
    if report is None:
        raise Http404
    if not request.user.has_perms(report.needs):
        raise PermissionDenied
    scope = scope_of(request)
    tables = report.tables(scope)
    match request.GET.get("as", ""):
        case "pdf":
            return _file(as_pdf(report.title, said(scope), tables), "application/pdf", f"{_name(report, scope)}.pdf")
        case "csv":
            number = _number(request.GET.get("table", ""), tables)
            body = as_csv(tables[number]).encode("utf-8-sig")  # a spreadsheet takes it for UTF-8 by the mark
            return _file(body, "text/csv; charset=utf-8", f"{_name(report, scope)}-{number + 1}.csv")
    context = {
        **site,
        "title": report.title,
        "scope": scope,
        "presets": presets(scope),
        "cities": partners.cities(),
        "as_of": clock.now(),
        "tables": [{"table": table, "rows": table.rows[-SHOWN:]} for table in tables],
        "query": urlencode(scope.query()),
    }
    return TemplateResponse(request, "admin/report.html", context)


def said(scope: Scope) -> str:
    """Return which days and where, for the head of a file."""
    return f"{scope.first:%Y-%m-%d} to {scope.last:%Y-%m-%d} ({scope.zone}), {scope.city or 'every city'}"


def _number(given: str, tables: list[Table]) -> int:
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:3]) <= len(tables)):
        raise Http404
    return int(given[:3]) - 1


def _name(report: Report, scope: Scope) -> str:
    return f"{report.key}-{scope.first:%Y%m%d}-{scope.last:%Y%m%d}"


def _file(body: bytes, content_type: str, name: str) -> HttpResponse:
    return HttpResponse(
        body,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )
