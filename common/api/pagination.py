"""Lists come in pages `{next, previous, results}` behind opaque cursors."""

from __future__ import annotations

import base64
import binascii
import math
import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination as DRFCursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.api.rows import as_tuples, show_rows
from common.errors import Invalid

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200
BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
T = TypeVar("T")


class CursorInvalid(Invalid):
    code, message, pointer = "cursor_invalid", "This cursor was not given by this list.", "/cursor"


class LimitInvalid(Invalid):
    code, message, pointer = "limit_invalid", f"`limit` must be a number from 1 to {LARGEST_LIMIT}.", "/limit"


def page_limit(request: Request) -> int:
    """Return the page size asked for. Raises: LimitInvalid."""
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= LARGEST_LIMIT):  # noqa: PLR2004
        raise LimitInvalid
    return int(text)


class CursorPagination(DRFCursorPagination):
    """Newest first by the time-ordered primary key, which is unique: no row is skipped or shown twice."""

    ordering = "-pk"

    def get_page_size(self, request: Request) -> int:
        return page_limit(request)

    def decode_cursor(self, request: Request) -> Any:
        if not BASE64.fullmatch(request.query_params.get(self.cursor_query_param, "")):
            raise CursorInvalid  # the framework would skip what is no base64, and give the first page again
        try:
            found = super().decode_cursor(request)
        except NotFound as exc:
            raise CursorInvalid from exc
        if found is not None and not any(found):  # no list gives one that leads to its beginning
            raise CursorInvalid
        return found


def paged(
    rows: QuerySet[Any],
    kind: type[serializers.Serializer[Any]],
    request: Request,
    *,
    ordering: str = "-pk",
    made: Callable[[Sequence[Any]], Sequence[Any]] | None = None,
) -> Response:
    """Return one page of `rows`, each shown by `kind`; rows that `ordering` finds equal are ordered by their key.

    `made` turns the rows of the page into what `kind` shows, where that is not the rows themselves.
    """
    paginator = CursorPagination()
    by_key = "-pk" if ordering.startswith("-") else "pk"
    paginator.ordering = (ordering,) if ordering == by_key else (ordering, by_key)  # type: ignore[assignment]
    tuples = as_tuples(kind, rows) if made is None else None
    try:
        read = rows if tuples is None else tuples.reading(ordering.lstrip("-"))
        found = paginator.paginate_queryset(read, request, view=APIView()) or []
    except (DjangoValidationError, ValueError) as exc:  # a position that is no value of the ordering's column
        if "cursor" not in request.query_params:
            raise
        raise CursorInvalid from exc
    if made is not None:
        found = list(made(found))
    return paginator.get_paginated_response(show_rows(kind, found) if tuples is None else tuples.show(found))


def page_after(rows: QuerySet[Any], request: Request, read: Callable[[str], Any]) -> tuple[list[Any], str | None]:
    """Return one page of rows by their `position`, which many may share, and their key; and the next page's link.

    The cursor holds the last row's position, as `read` understands it (or raises ValueError), and its key.
    """
    limit = page_limit(request)
    cursor = request.query_params.get("cursor")
    if cursor:
        try:
            text, _, pk = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode().rpartition("|")
            position, key = read(text), uuid.UUID(pk)
        except (ValueError, OverflowError) as exc:
            raise CursorInvalid from exc
        rows = rows.filter(Q(position__gt=position) | Q(position=position, pk__gt=key), position__gte=position)
    page = list(rows.order_by("position", "pk")[: limit + 1])
    following = None
    if len(page) > limit:
        last = page[limit - 1]
        following = _link(request, f"{last.position}|{last.pk}")
    return page[:limit], following


def paged_by_distance(rows: Sequence[T], kind: type[serializers.Serializer[Any]], request: Request) -> Response:
    """Return one page of rows, nearest first, by id where they are equally far.

    The cursor holds the last row's distance and id, so that rows that come and go between two pages neither
    hide nor repeat another.
    """
    limit = page_limit(request)
    after = _read_position(request.query_params.get("cursor"))
    left = [row for row in sorted(rows, key=_position) if after is None or _position(row) > after]
    page = left[:limit]
    following = None
    if len(left) > limit:
        distance, pk = _position(page[-1])
        following = _link(request, f"{distance:.6f}|{pk}")
    return Response({"next": following, "previous": None, "results": show_rows(kind, page)})


def _position(row: Any) -> tuple[float, str]:
    return round(float(row.distance_km), 6), str(row.pk)


def _read_position(cursor: str | None) -> tuple[float, str] | None:
    if not cursor:
        return None
    try:
        text, _, pk = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode().partition("|")
        distance = float(text)
    except (ValueError, binascii.Error, UnicodeError) as exc:
        raise CursorInvalid from exc
    if not math.isfinite(distance):
        raise CursorInvalid
    return distance, pk


def _link(request: Request, position: str) -> str:
    cursor = base64.urlsafe_b64encode(position.encode()).decode()
    query: Iterable[tuple[str, str]] = [*_without_cursor(request), ("cursor", cursor)]
    return request.build_absolute_uri(f"{request.path}?{urlencode(list(query))}")


def _without_cursor(request: Request) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in request.query_params.items() if name != "cursor"]
