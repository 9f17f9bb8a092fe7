"""The second step of an administrator's sign-in, and the page on which it is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from common import throttle
from common.errors import DomainError, TooMany
from users import selectors
from users.services import second_factor as services

if TYPE_CHECKING:
    from users.models import SecondFactor, User

MARK: Final = "second_factor"  # in the session: with which factor the second step was made
BEGUN: Final = "second_factor_begun"  # and which one is being set up in it: nobody else is shown its secret
LONGEST: Final = 64  # characters that a code may have


def is_passed(request: HttpRequest) -> bool:
    """Whether the session has made the second step, with the factor that counts now; or need not make it."""
    factor, made_with = _factor(request), request.session.get(MARK)
    if factor is None:
        return made_with is None and not settings.ADMIN_TOTP_REQUIRED
    return bool(made_with == str(factor.pk))


def is_half_way(request: HttpRequest) -> bool:
    """Whether the password was right, and the second step is still to be made."""
    return _is_administrator(request) and not is_passed(request)


def lead_on(request: HttpRequest) -> HttpResponse:
    """Lead to the second step; whose factor was taken away meanwhile begins with the password."""
    if MARK in request.session:
        logout(request)
        return redirect_to_login(_next(request), reverse("admin:login"))
    return HttpResponseRedirect(_address(request))


@never_cache
@sensitive_post_parameters("code")
def show(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Ask for a code, set a telephone up, or show what is set up; do what a button says."""
    if not _is_administrator(request):
        return redirect_to_login(reverse("admin:second_factor"), reverse("admin:login"))
    if is_half_way(request) and MARK in request.session:
        return lead_on(request)
    if request.method == "POST":
        try:
            return _act(request, site)
        except DomainError as exc:
            messages.error(request, exc.message)
            response: HttpResponse = HttpResponseRedirect(_address(request))
            if isinstance(exc, TooMany):
                response = HttpResponse(exc.message, status=429, content_type="text/plain")
                response["Retry-After"] = str(exc.facts["retry_after"])
            return response
    return _page(request, site)


def _act(request: HttpRequest, site: AdminSite) -> HttpResponse:
    user, verb, code = _user(request), request.POST.get("verb", ""), request.POST.get("code", "")[:LONGEST]
    if verb == "leave":
        logout(request)
        return HttpResponseRedirect(reverse("admin:login"))
    if verb == "begin" and _factor(request) is None:
        request.session[BEGUN] = str(services.begin(user_id=user.pk).pk)
        return HttpResponseRedirect(_address(request))
    throttle.spend("second_factor", str(user.pk))
    if verb == "confirm":
        begun = selectors.begun_second_factor(user.pk, request.session.get(BEGUN))
        return _confirm(request, site, begun, code)
    if verb == "pass":
        passed = services.pass_second_step(user_id=user.pk, code=code)
        _mark(request, str(passed.factor_id))
        if passed.recovered:
            messages.warning(request, f"A recovery code was used up; {passed.codes_left} are left.")
        return HttpResponseRedirect(_next(request))
    if is_passed(request) and verb == "renew":
        return _codes(request, site, services.renew_recovery_codes(user_id=user.pk, code=code))
    if is_passed(request) and verb == "move":
        services.move(user_id=user.pk, code=code)
        request.session.pop(MARK, None)
        messages.success(request, "The telephone is forgotten. Set up another.")
    return HttpResponseRedirect(_address(request))


def _confirm(request: HttpRequest, site: AdminSite, begun: SecondFactor | None, code: str) -> HttpResponse:
    if begun is None:
        return HttpResponseRedirect(_address(request))
    confirmed = services.confirm(user_id=_user(request).pk, factor_id=begun.pk, code=code)
    _mark(request, str(confirmed.factor_id))
    return _codes(request, site, confirmed.recovery_codes)


def _mark(request: HttpRequest, factor_id: str) -> None:
    """Remember the second step, under a new key: one that was known before it opens nothing."""
    request.session.cycle_key()
    request.session[MARK] = factor_id
    request.session.pop(BEGUN, None)


def _page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    factor = _factor(request)
    begun = selectors.begun_second_factor(_user(request).pk, request.session.get(BEGUN)) if factor is None else None
    return _render(
        request,
        site,
        factor=factor,
        begun=begun,
        picture=_picture(begun, _user(request)) if begun is not None else "",
        left=selectors.recovery_codes_left(factor) if factor is not None and is_passed(request) else 0,
    )


def _codes(request: HttpRequest, site: AdminSite, codes: tuple[str, ...]) -> HttpResponse:
    """Show the recovery codes, in this answer and never again."""
    return _render(request, site, codes=codes)


def _render(request: HttpRequest, site: AdminSite, **shown: Any) -> HttpResponse:
    """Show the page by itself while the second step is to be made, and inside the administration afterwards."""
    is_inside = not shown.get("codes") and is_passed(request)
    context = site.each_context(request)
    if not is_inside:
        context |= {"sidebar_navigation": [], "available_apps": [], "has_permission": False}
    response = TemplateResponse(
        request,
        f"admin/second_factor{'' if is_inside else '_step'}.html",
        {
            **context,
            "title": "Second factor",
            "here": _address(request),
            "onwards": _next(request),
            "is_required": settings.ADMIN_TOTP_REQUIRED,
            **shown,
        },
    )
    return response.render()


def _picture(begun: SecondFactor, user: User) -> str:
    """Return a data URI of an SVG of the QR code."""
    return str(segno.make(services.address_of(begun, user), micro=False, error="m").svg_data_uri(scale=5))


def _factor(request: HttpRequest) -> SecondFactor | None:
    """Return the factor that counted when the request came, asked for once."""
    known: Any = request
    if not hasattr(known, "second_factor"):
        known.second_factor = selectors.second_factor_of(_user(request).pk)
    found: SecondFactor | None = known.second_factor
    return found


def _is_administrator(request: HttpRequest) -> bool:
    user = request.user
    return bool(user.is_authenticated and user.is_active and user.is_staff)


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)


def _address(request: HttpRequest) -> str:
    return f"{reverse('admin:second_factor')}?{urlencode({REDIRECT_FIELD_NAME: _next(request)})}"


def _next(request: HttpRequest) -> str:
    """Return where the administrator wanted to go, if that is a page of ours."""
    wanted = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours and not wanted.startswith(reverse("admin:login")) else reverse("admin:index")
