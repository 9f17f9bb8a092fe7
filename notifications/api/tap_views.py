"""The page behind a link in a message: looking shows what will happen, only the button does it.

Scanners of links look (GET, HEAD) and press nothing. Whoever has the address may press: it is the one secret, so there
is no cookie that another site could make use of, and none that would have to be protected from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from common import clock, throttle
from common.api.address import client_network
from common.errors import DomainError, NotFound, TooMany
from notifications import selectors
from notifications.errors import TapLinkDead
from notifications.pages import words
from notifications.services import tapping
from notifications.states import ACTS, TapMatter

LONGEST_TOKEN = 64


@method_decorator(csrf_exempt, name="dispatch")
class TapView(View):
    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            throttle.spend("tap", client_network(request))
        except TooMany as exc:
            refused = page(request, words(""), status=429, said=words("")["many"])
            refused["Retry-After"] = str(exc.facts["retry_after"])
            return refused
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        tap = selectors.find_tap(token) if len(token) <= LONGEST_TOKEN else None
        if tap is None:
            return page(request, words(""), status=404, said=words("")["dead"])
        own = words(tap.language)
        if tap.act:
            return page(request, own, tap=tap, said=own["done"][tap.act])
        if tap.expires_at <= clock.now():
            return page(request, own, tap=tap, said=own["over"], status=410)
        return page(request, own, tap=tap, can_answer=True)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        tap = selectors.find_tap(token) if len(token) <= LONGEST_TOKEN else None
        if tap is None:
            return page(request, words(""), status=404, said=words("")["dead"])
        own = words(tap.language)
        try:
            done = tapping.answer(token=token, act=request.POST.get("act", "")[:20])
        except TapLinkDead as exc:
            return page(request, own, tap=tap, said=own[exc.facts["state"]], status=410)
        except DomainError as exc:
            said = own["refusals"].get(exc.code, own["refusals"]["unknown"])
            return page(request, own, tap=tap, said=said, status=404 if isinstance(exc, NotFound) else 409)
        return page(request, own, tap=tap, said=own["done"][done.link.act])


def page(
    request: HttpRequest,
    own: Mapping[str, Any],
    *,
    tap: selectors.Tap | None = None,
    said: str = "",
    can_answer: bool = False,
    status: int = 200,
) -> HttpResponse:
    """Return the page, which loads nothing, is kept by nobody, and names its address to nobody."""
    matter = own[tap.matter] if tap else {}
    context = {
        "language": own["language"],
        "title": matter.get("title", "JeevanSetu"),
        "text": matter["text"].format_map(tap.facts) if tap else "",
        "said": said,
        "choices": [(str(act), matter[act]) for act in ACTS[TapMatter(tap.matter)]] if tap and can_answer else [],
        "app": own["app"],
    }
    answer = TemplateResponse(request, "taps/page.html", context, status=status)
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    answer["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return answer
