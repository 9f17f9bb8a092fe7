from __future__ import annotations

import csv
import io
from typing import Any

from rest_framework.renderers import BaseRenderer

from common.api.renderers import JSONRenderer
from common.sheets.writing import BOM
from common.spreadsheets import defused


class CSVRenderer(BaseRenderer):
    """Rows as a file for spreadsheets; refusals stay what they are everywhere."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        if not isinstance(data, list):
            return JSONRenderer().render(data)
        text = io.StringIO()
        csv.writer(text).writerows([[defused(cell) for cell in row] for row in data])
        return (BOM if _asks_for_bom(renderer_context) else b"") + text.getvalue().encode()


def _asks_for_bom(context: Any) -> bool:
    """Whether the caller wants the mark by which Excel knows UTF-8: `?bom=true`."""
    request = (context or {}).get("request")
    return request is not None and request.query_params.get("bom", "").lower() in {"true", "1", "yes"}
