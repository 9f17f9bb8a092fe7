from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse

from common import throttle
from common.api.address import client_network
from common.api.guesses import spend_password_try
from common.errors import TooMany
from users.selectors import signed_in_from


class Site(AdminSite):
    """JeevanSetu's administration."""

    site_header = "JeevanSetu"
    site_title = "JeevanSetu"
    index_title = "Administration"

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
        return super().login(request, extra_context)
