"""Every request has an id, in its answer and in every log line, and leaves one line behind."""

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from common.logs import REDACTED, request_id

WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")
# What follows these opens something to whoever has it: private files, calendars, prescriptions on paper, and, from
# messages, an answer (`a`), a choice of messages (`u`), the proof of an address (`v`). deploy/nginx.conf has them too.
OPENING = ("/files/", "/api/v1/calendar/", "/api/v1/prescriptions/", "/a/", "/u/", "/v/")
log = logging.getLogger("request")


class RequestIdMiddleware:
    """Take the caller's X-Request-ID when it is well-formed, else make one; return it in the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        own = given if WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
        token = request_id.set(own)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = own
            took = round((time.perf_counter() - started) * 1000)
            log.info(
                "request",
                extra={
                    "method": request.method,
                    "path": shown_path(request.path),
                    "status": response.status_code,
                    "ms": took,
                },
            )
            return response
        finally:
            request_id.reset(token)


def shown_path(path: str) -> str:
    """Return the path as a log may hold it: without what opens something."""
    secret = next((prefix for prefix in OPENING if path.startswith(prefix)), None)
    return f"{secret}{REDACTED}" if secret else path
