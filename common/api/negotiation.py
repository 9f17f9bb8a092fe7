"""Which form an answer has: by `Accept`, or by `?format=`, whose unknown values are pointed at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer

from common.errors import Invalid


class FormatUnknown(Invalid):
    code, message, pointer = "format_unknown", "This answer does not come in that format.", "/format"


class ContentNegotiation(DefaultContentNegotiation):
    def filter_renderers(self, renderers: Iterable[BaseRenderer], format: Any) -> list[BaseRenderer]:  # noqa: A002 - the framework's name
        offered = list(renderers)
        found = [renderer for renderer in offered if renderer.format == format]
        if not found:
            raise FormatUnknown(formats=sorted({str(renderer.format) for renderer in offered}))
        return found
