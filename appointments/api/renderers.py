from __future__ import annotations

from typing import Any

from rest_framework.renderers import BaseRenderer

from common.api.renderers import JSONRenderer


class CalendarRenderer(BaseRenderer):
    """A calendar object; refusals stay what they are everywhere."""

    media_type = "text/calendar"
    format = "ics"
    charset = None
    render_style = "binary"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return data if isinstance(data, bytes) else JSONRenderer().render(data)
