"""Pages behind the links in messages: GET shows, POST acts. The token is the authority; nobody is signed in.

They work without scripts and load nothing. A GET changes nothing, because mail programs and scanners follow links.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from common import throttle
from common.api.address import client_network
from common.errors import TooMany
from notifications import optouts, preferences
from notifications.optouts import Link, LinkInvalid
from notifications.preferences import Choices
from notifications.services import choosing
from notifications.states import Channel
from notifications.templates import FALLBACK, languages, texts
from partners import selectors as partners
from users import selectors as users
from users.errors import EmailLinkInvalid
from users.services import emails

SECURITY = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
ONE_CLICK = ("List-Unsubscribe", "One-Click")  # RFC 8058


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def verify_email(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether the address is the reader's; POST says that it is."""
    if (busy := _limited(request)) is not None:
        return busy
    try:
        person = emails.verify(token=token) if request.method == "POST" else emails.read_token(token)
    except EmailLinkInvalid:
        return _page(request, "gone", _language(request), status=HTTPStatus.NOT_FOUND)
    words, address = _words(person.language), masked(person.email)
    context = {
        "is_done": request.method == "POST",
        "ask": words["verify_ask"].format(address=address),
        "done": words["verify_done"].format(address=address),
    }
    return _page(request, "verify", person.language, context)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, token: str) -> HttpResponse:
    """Show what reaches the account by the link's channel; POST keeps another choice, or one click ends its group."""
    if (busy := _limited(request)) is not None:
        return busy
    try:
        link = optouts.read_link(token)
        reader = _Reader(link)
    except LinkInvalid:
        return _page(request, "gone", _language(request), status=HTTPStatus.NOT_FOUND)
    before = preferences.choices_of(link.owner)
    choices = _act(request, link) if request.method == "POST" else before
    words = _words(reader.language)
    context = {
        "is_done": request.method == "POST",
        "before": [group for group in choosing.CHOOSABLE if before.wants(group, link.channel)],
        "groups": [
            {"name": group, "says": words["groups"][group], "is_wanted": choices.wants(group, link.channel)}
            for group in choosing.CHOOSABLE
        ],
        "choose": words["choose"].format(address=masked(reader.address), channel=words["channels"][link.channel]),
        "is_stopped": choosing.has_stopped(phone=reader.phone, channel=link.channel),
    }
    return _page(request, "choices", reader.language, context)


def _act(request: HttpRequest, link: Link) -> Choices:
    name, value = ONE_CLICK
    if request.POST.get(name) == value:
        return choosing.unsubscribe(owner=link.owner, channel=link.channel, group=link.group)
    chosen = request.POST.getlist("wanted") if request.POST.get("action") == "save" else []
    wanted = {group for group in choosing.CHOOSABLE if group in chosen}
    return choosing.choose_by_link(owner=link.owner, channel=link.channel, wanted=wanted)


class _Reader:
    """Whom a link was sent to, as the account is now."""

    def __init__(self, link: Link) -> None:
        """Raises: LinkInvalid when the account is gone or has another address"""
        owner = link.owner
        if owner.user_id:
            person = users.contacts([owner.user_id]).get(owner.user_id)
            email = users.account_emails([owner.user_id]).get(owner.user_id, "")
            found = (person.phone, person.language, email) if person else None
        else:
            member = partners.find_contact(owner.id)
            found = (member.phone, member.language, "") if member else None
        if found is None:
            raise LinkInvalid
        self.phone, self.language, email = found
        self.address = {Channel.EMAIL: email, Channel.PUSH: ""}.get(link.channel, self.phone)
        if not link.is_signed_for(self.address):
            raise LinkInvalid


def masked(address: str) -> str:
    """Return enough of an address for whose it is to know it, and no more."""
    name, at, host = address.partition("@")
    return f"{name[:1]}***{at}{host}" if at else f"***{address[-4:]}" if address else ""


def _limited(request: HttpRequest) -> HttpResponse | None:
    try:
        throttle.spend("anonymous", client_network(request))
    except TooMany as exc:
        answer = HttpResponse("Too many requests.", status=HTTPStatus.TOO_MANY_REQUESTS, content_type="text/plain")
        answer["Retry-After"] = str(exc.facts.get("retry_after", 60))
        return answer
    return None


def _words(language: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = texts(language if language in languages() else FALLBACK)["pages"]
    return found


def _language(request: HttpRequest) -> str:
    """Return what the browser prefers of what there is, for pages that know nobody."""
    wishes = request.headers.get("Accept-Language", "").split(",")
    return next((code for wish in wishes if (code := wish.strip()[:2].lower()) in languages()), FALLBACK)


def _page(
    request: HttpRequest,
    name: str,
    language: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    spoken = language if language in languages() else FALLBACK
    answer = render(
        request, f"pages/{name}.html", {**(context or {}), "language": spoken, "words": _words(spoken)}, status=status
    )
    answer["Content-Security-Policy"] = SECURITY
    answer["Cache-Control"] = "private, no-store"
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
