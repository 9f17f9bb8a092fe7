"""Whole lists as files for spreadsheets: CSV or XLSX, streamed, between two days, and never without an end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer

from common.api.csv_renderer import CSVRenderer
from common.api.renderers import JSONRenderer
from common.api.schema import operation
from common.api.views import APIView, Request, read_query
from common.errors import Invalid
from common.sheets.writing import Column, as_csv, as_xlsx

CSV: Final = "csv"
XLSX: Final = "xlsx"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS: Final = {CSV: 200_000, XLSX: 50_000}
AT_ONCE: Final = 2000  # rows that are fetched together


class ExportTooLarge(Invalid):
    code, message = "export_too_large", "There are more rows than one file takes. Choose fewer days."
    pointer = "/from"


class PeriodBackwards(Invalid):
    code, message, pointer = "period_backwards", "`to` is not before `from`.", "/to"


class XLSXRenderer(BaseRenderer):
    """A short table of texts, heading first, as a workbook; longer ones are streamed by their view."""

    media_type = XLSX_TYPE
    format = XLSX
    charset = None
    render_style = "binary"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        if not isinstance(data, list):
            return JSONRenderer().render(data)
        columns = [Column(heading, "") for heading in data[0]]
        return b"".join(as_xlsx(columns, data[1:], ZoneInfo("UTC"), name="list"))


class ExportQuery(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Any]:
        """`from` is no name that Python would take for an attribute."""
        return {
            "from": serializers.DateField(required=False, help_text="The first day, in your zone."),
            "to": serializers.DateField(required=False, help_text="The last day."),
            "format": serializers.ChoiceField(choices=[CSV, XLSX], required=False, help_text="Stands over `Accept`."),
            "bom": serializers.BooleanField(
                default=False, help_text="Begin a CSV with the mark by which Excel knows UTF-8."
            ),
        }


class ListQuery(serializers.Serializer[Any]):
    """How a short list is written."""

    format = serializers.ChoiceField(choices=[CSV, XLSX, "json"], required=False, help_text="Stands over `Accept`.")
    bom = serializers.BooleanField(default=False, help_text="Begin a CSV with the mark by which Excel knows UTF-8.")


class ExportView(APIView):
    """A list as a file. Subclasses are made by `export_view`."""

    renderer_classes = [CSVRenderer, XLSXRenderer]
    name: ClassVar[str]
    columns: ClassVar[Sequence[Column]]
    dated_by: ClassVar[str]

    def rows(self, request: Request, query: dict[str, Any]) -> QuerySet[Any]:
        """Return what may be exported, in an order by a unique column."""
        raise NotImplementedError

    def zone(self, request: Request) -> ZoneInfo:
        raise NotImplementedError

    def export(self, request: Request, query: dict[str, Any]) -> StreamingHttpResponse:
        """Raises: ExportTooLarge, PeriodBackwards. Two queries, however many rows."""
        zone, form = self.zone(request), str(request.accepted_renderer.format)
        rows = within(self.rows(request, query), self.dated_by, query.get("from"), query.get("to"), zone)
        most = MOST_ROWS[form]
        if rows.order_by()[: most + 1].count() > most:
            raise ExportTooLarge(most=most)
        cells = rows.values_list(*(column.path for column in self.columns)).iterator(chunk_size=AT_ONCE)
        content = (
            as_xlsx(self.columns, cells, zone, name=self.name)
            if form == XLSX
            else as_csv(self.columns, cells, zone, bom=query["bom"])
        )
        kind = XLSX_TYPE if form == XLSX else "text/csv; charset=utf-8"
        answer = StreamingHttpResponse(content, content_type=kind)
        answer["Content-Disposition"] = f'attachment; filename="{_file_name(self.name, query, form)}"'
        answer["Cache-Control"] = "no-store"
        return answer


def within(
    rows: QuerySet[Any], column: str, first: dt.date | None, last: dt.date | None, zone: ZoneInfo
) -> QuerySet[Any]:
    """Return the rows of these civil days, both included. Raises: PeriodBackwards."""
    if first is not None and last is not None and last < first:
        raise PeriodBackwards
    if first is not None:
        rows = rows.filter(**{f"{column}__gte": dt.datetime.combine(first, dt.time(), tzinfo=zone)})
    if last is not None and last < dt.date.max:
        rows = rows.filter(**{f"{column}__lt": dt.datetime.combine(last + dt.timedelta(1), dt.time(), tzinfo=zone)})
    return rows


def export_view(
    name: str,
    *,
    base: type[ExportView],
    permission: type[Any],
    summary: str,
    said: str,
    tag: str,
    columns: Sequence[Column],
    rows: Callable[[Request, dict[str, Any]], QuerySet[Any]],
    dated_by: str = "created_at",
    query: type[ExportQuery] = ExportQuery,
    refusals: Sequence[type[Any]] = (),
    reads_health: str = "",
) -> type[ExportView]:
    """Return the view of one export; `said` is its description."""

    @operation(
        summary,
        tag=tag,
        query=[query],
        responses={(200, "text/csv"): OpenApiTypes.STR, (200, XLSX_TYPE): OpenApiTypes.BINARY},
        refusals=[ExportTooLarge, PeriodBackwards, *refusals],
        answer=",".join(column.heading for column in columns) + "\r\n",
        description=f"{said} As CSV or XLSX, by `Accept` or `format`; times are those of your zone. At most "
        f"{MOST_ROWS[CSV]:,} rows as CSV, {MOST_ROWS[XLSX]:,} as XLSX.",
    )
    def get(self: ExportView, request: Request) -> StreamingHttpResponse:
        return self.export(request, read_query(query, request))

    own = {
        "__module__": rows.__module__,
        "authentication_classes": base.authentication_classes,
        "permission_classes": [permission],
        "name": name,
        "columns": tuple(columns),
        "reads_health": reads_health,
        "dated_by": dated_by,
        "rows": staticmethod(rows),
        "get": get,
    }
    title = "".join(word.title() for word in name.split("-"))
    return type(f"{title}ExportView", (base,), own)


def _file_name(name: str, query: dict[str, Any], form: str) -> str:
    days = [str(query[key]) for key in ("from", "to") if query.get(key)]
    return f"{'-'.join([name, *days])}.{form}"
