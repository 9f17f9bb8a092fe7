"""The content behind a link, for files that this server shows by itself."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from common.api.problems import not_found, plain_problem
from common.errors import NotFound
from common.files import keeping, links
from common.files.storages import StorageFailed

UNAVAILABLE = "file_unavailable"
log = logging.getLogger(__name__)


@require_safe
def show_file(request: HttpRequest, token: str) -> HttpResponse | JsonResponse:
    """Show the file as something to be saved, never as a page of this host: 404 for whatever is no living link."""
    try:
        file, content = keeping.content_of(links.file_of(token))
    except NotFound as exc:
        return not_found(request, exc)
    except StorageFailed:
        log.exception("a private file cannot be read")
        return plain_problem(503, UNAVAILABLE, "The file cannot be read right now. Try again later.")
    answer = HttpResponse(content, content_type=file.content_type)
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file.name)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer
