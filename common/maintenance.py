"""While the product is being mended the API says so, and asks to be called again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from common import operating
from common.api.problems import plain_problem
from common.errors import Unavailable
from common.operating import Switch

MAINTENANCE: Final = operating.register(
    Switch(
        "maintenance",
        "Maintenance",
        "The API and links of messages answer 503. Administrators, providers' webhooks and health go on, and so do"
        " messages and jobs.",
        lambda: False,
    )
)
RETRY_AFTER: Final = 120  # seconds
API: Final = "/api/"
CLOSED: Final = (API, "/fhir/", "/files/", "/a/", "/u/")
# Providers do not repeat for ever what they tell; the schema and its pages are only read.
OPEN: Final = ("/api/v1/webhooks/", "/api/v1/schema", "/api/v1/docs", "/api/v1/redoc")


class UnderMaintenance(Unavailable):
    code, message = "maintenance", "The service is being maintained. Try again in a few minutes."


class MaintenanceMiddleware:
    """Stands behind CORS, so that a browser can read the refusal, and before whatever asks the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            refuse_in_maintenance(request.path)
        except UnderMaintenance as exc:
            response: HttpResponse = plain_problem(503, exc.code, exc.message)
            response["Retry-After"] = str(RETRY_AFTER)
            return response
        return self.get_response(request)


def refuse_in_maintenance(path: str) -> None:
    """Raises: UnderMaintenance, if what stands there waits for the maintenance to end"""
    if path.startswith(CLOSED) and not path.startswith(OPEN) and MAINTENANCE.value():
        raise UnderMaintenance
