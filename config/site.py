from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from unfold.sites import UnfoldAdminSite

from common import throttle
from common.api.address import client_network
from common.api.guesses import spend_password_try
from common.errors import TooMany
from config import operating_page, second_factor
from config.dashboard import map_views, views
from config.reports import views as report_views
from config.waiting import views as waiting_views
from users.selectors import signed_in_from

# What a page may load: the app's own files. Alpine, which opens its menus, reads expressions from attributes.
POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "style-src 'self' 'unsafe-inline'",
        "script-src 'self' 'unsafe-eval'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class Site(UnfoldAdminSite):
    """JeevanSetu's administration."""

    site_header = "JeevanSetu"
    site_title = "JeevanSetu"
    index_title = "Dashboard"
    index_template = "admin/dashboard.html"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the figures of the morning."""
        return super().index(request, {**views.context(request), **(extra_context or {})})

    def extra_urls(self) -> list[URLPattern]:
        """Return the pages that belong to no table."""
        return [
            path("second-factor/", self.second_factor, name="second_factor"),
            path("map/<str:key>/", self.admin_view(self.map), name="map"),
            path("operating/", self.admin_view(self.operating), name="operating"),
            path("reports/", self.admin_view(self.reports), name="reports"),
            path("reports/<str:key>/", self.admin_view(self.report), name="report"),
            path("waiting/<str:desk>/", self.admin_view(self.waiting), name="waiting"),
        ]

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether somebody who administers asks, and has made the second step of signing in."""
        return super().has_permission(request) and second_factor.is_passed(request)

    def second_factor(self, request: HttpRequest) -> HttpResponse:
        """Ask for the second step, or show what it is made with."""
        return _guarded(second_factor.show(request, self))

    def map(self, request: HttpRequest, key: str) -> HttpResponse:
        """Show where something is."""
        return map_views.show(request, self.each_context(request), key)

    def operating(self, request: HttpRequest) -> HttpResponse:
        """Show and change what may be changed while the product runs."""
        return operating_page.show(request, self.each_context(request))

    def reports(self, request: HttpRequest) -> HttpResponse:
        """Show which reports there are."""
        return report_views.index(request, self.each_context(request))

    def report(self, request: HttpRequest, key: str) -> HttpResponse:
        """Show one report, or give it as a file."""
        return report_views.show(request, self.each_context(request), key)

    def waiting(self, request: HttpRequest, desk: str) -> HttpResponse:
        """Show what waits for a person."""
        return waiting_views.show(request, self.each_context(request), desk)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Count attempts against the same limits as the API's sign-in: an administrator's password opens more."""
        if request.method == "POST":
            try:
                throttle.spend("sign_in", client_network(request))
                phone = request.POST.get("username", "").strip()[:40]
                spend_password_try(request, phone=phone, signed_in_from=signed_in_from(phone))
            except TooMany as exc:
                wait = {"Retry-After": str(exc.facts["retry_after"])}
                return HttpResponse(exc.message, status=429, headers=wait, content_type="text/plain")
        elif second_factor.is_half_way(request):
            return second_factor.lead_on(request)
        return _guarded(super().login(request, extra_context))

    def admin_view(self, view: Callable[..., HttpResponse], cacheable: bool = False) -> Callable[..., HttpResponse]:  # noqa: FBT001, FBT002 - Django's signature
        """Show a page to administrators alone, with times of their zone, under a policy that keeps out other hosts."""
        shown = super().admin_view(view, cacheable)

        @wraps(shown)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            with timezone.override(getattr(request.user, "zone", None) or settings.DEFAULT_ZONE):
                response = shown(request, *args, **kwargs)
                if isinstance(response, TemplateResponse):
                    response.render()
            return _guarded(response)

        return inner


def _guarded(response: HttpResponse) -> HttpResponse:
    response["Content-Security-Policy"] = POLICY
    return response
