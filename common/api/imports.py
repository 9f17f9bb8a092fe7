"""A spreadsheet as the body of a POST: its rows are checked like JSON, and refusals point at its lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from common.api.uploads import FileField, UploadView
from common.api.views import Request, read
from common.errors import DomainError
from common.sheets.reading import LARGEST, Line, numbered, read_sheet


class SheetIn(serializers.Serializer[Any]):
    file = FileField(help_text="CSV in UTF-8, or XLSX; the first line names the columns.")
    dry_run = serializers.BooleanField(default=False, help_text="Only check: nothing is kept.")


class RowsInvalid(ValidationError):
    """The rows' errors, by their lines."""


@dataclass(frozen=True)
class Sheet:
    lines: list[Line]
    dry_run: bool

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [line.cells for line in self.lines]

    @contextmanager
    def pointing(self, under: str) -> Iterator[None]:
        """Have every refusal inside that points at `/<under>/<index>` point at the line of the sheet."""
        try:
            yield
        except ValidationError as exc:
            detail: Any = exc.detail
            found = detail.get(under) if isinstance(detail, dict) else None
            if not isinstance(found, dict | list):
                raise
            items = found.items() if isinstance(found, dict) else enumerate(found)
            rows = {str(self.lines[int(index)].number): errors for index, errors in items if errors}
            raise RowsInvalid({"rows": rows}) from exc
        except DomainError as exc:
            pointers = exc.facts.get("pointers") or [exc.facts.get("pointer") or ""]
            if any(pointers):
                facts = {name: fact for name, fact in exc.facts.items() if name not in {"pointer", "pointers"}}
                raise type(exc)(**facts, pointers=[numbered(at, self.lines, under) for at in pointers]) from exc
            raise


class SheetView(UploadView):
    """A view whose POST takes a spreadsheet as `file`. Subclasses say which columns there may be."""

    most_bytes = LARGEST
    headings: ClassVar[Sequence[str]]
    moments: ClassVar[Sequence[str]] = ()
    most_rows: ClassVar[int]

    def sheet(self, request: Request, zone: ZoneInfo) -> Sheet:
        """Raises: SheetUnreadable, SheetTooLong, HeadingUnknown"""
        said = read(SheetIn, request)
        lines = read_sheet(
            said["file"].read(),
            headings=frozenset(self.headings),
            most=self.most_rows,
            zone=zone,
            moments=frozenset(self.moments),
        )
        return Sheet(lines, said["dry_run"])
