from __future__ import annotations

from typing import Any

import orjson
from rest_framework.exceptions import ErrorDetail, ParseError, ValidationError
from rest_framework.parsers import BaseParser

from common.api.renderers import JSONRenderer


class JSONParser(BaseParser):
    """Strict JSON: no NaN, no lone surrogates, and the body of every request is an object."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        raw = stream.read()
        try:
            data = orjson.loads(raw)
        except orjson.JSONDecodeError as exc:
            raise ParseError("The body is not valid JSON.", code="malformed_json") from exc
        if not isinstance(data, dict):
            raise ValidationError(
                {"non_field_errors": [ErrorDetail("The body must be a JSON object.", "not_an_object")]}
            )
        return data
