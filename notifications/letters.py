"""What an e-mail looks like: its text, and the same in the house's frame as HTML, which escapes every fact."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string

from notifications.gateways import Outgoing
from notifications.templates import FALLBACK, languages, texts


def text_of(message: Outgoing) -> str:
    """Return the plain text, with the way to fewer e-mails where there is one."""
    if not message.unsubscribe:
        return message.body
    words = texts(_spoken(message.language))["mail"]
    return f"{message.body}\n\n--\n{words['why']}\n{words['fewer']}: {message.unsubscribe}"


def html_of(message: Outgoing) -> str:
    """Return the page: paragraphs, and a button for a paragraph that is nothing but a link of ours."""
    language = _spoken(message.language)
    paragraphs = [part.strip() for part in message.body.split("\n\n") if part.strip()]
    if paragraphs and paragraphs[0] == message.subject:
        paragraphs.pop(0)
    return render_to_string(
        "mail/letter.html",
        {
            "language": language,
            "subject": message.subject,
            "paragraphs": [{"text": part, "is_link": _is_our_link(part)} for part in paragraphs],
            "words": texts(language)["mail"],
            "unsubscribe": message.unsubscribe,
        },
    )


def _is_our_link(text: str) -> bool:
    base = settings.PUBLIC_URL.rstrip("/")
    return bool(base) and text.startswith(f"{base}/") and not any(mark in text for mark in ' \n<>"')


def _spoken(language: str) -> str:
    return language if language in languages() else FALLBACK
