"""What administrators have written in place of the packaged texts: checked, shown with samples, known to each process.

What a kind may say is derived from its English text: a wording may use the placeholders that any text of the kind has,
and must use those that all of its bodies have. One that no longer fits, because the packaged texts have changed, is
passed over as if it were not there.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from django.db.models import Count, Max

from common import clock
from common.blood import DonationType
from notifications.kinds import RULES, Kind, LockScreen
from notifications.models import Wording
from notifications.states import Channel, TextForm
from notifications.templates import (
    FALLBACK,
    PACKAGED,
    Fact,
    Message,
    Overrides,
    TextsInvalid,
    Words,
    compose,
    gsm7_length,
    languages,
    placeholders,
    texts,
)

FRESH_FOR: Final = dt.timedelta(seconds=5)  # how late a process may learn of a new wording
LONGEST_TITLE: Final = 100
LONGEST_BODY: Final = 1000  # characters; WhatsApp takes 1600 with what names have in them
MOST_SEGMENTS: Final = 3  # of an SMS with sample facts: each is paid for
UNPRINTABLE: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
FORM_CHANNELS: Final[Mapping[TextForm, Channel]] = {
    TextForm.SMS: Channel.SMS,
    TextForm.WHATSAPP: Channel.WHATSAPP,
    TextForm.EMAIL: Channel.EMAIL,
    TextForm.PUSH: Channel.PUSH,
}
BODIES: Final = ("inbox", "sms", "email")
SAMPLE_MOMENT: Final = dt.datetime(2030, 9, 21, 12, 45, tzinfo=dt.UTC)
# One for each placeholder that there is, of the length that is usual.
SAMPLES: Final[Mapping[str, Fact]] = {
    "partner": "City Hospital Blood Centre",
    "group": "AB+",
    "gift": DonationType.WHOLE_BLOOD,
    "distance": Decimal("2.4"),
    "points": 10,
    "days": 30,
    "units": 2,
    "units_left": 1,
    "code": "048219",
    "minutes": 5,
    "component": "PRBC",
    "available": 3,
    "missing": 2,
    "minimum": 10,
    "bags": 2,
    "numbers": "B123430000123, B123430000124",
    "place": "Community Hall, Yavatmal",
    "wanted": 3,
    "given": 2,
    "box": "BOX-0042",
    "sent": 2,
    "amount": "INR 1,250.00",
    "ending": "4321",
    "plan": "Family",
    "doctor": "Dr Asha Rao",
    "other": "Dr Vikram Sen",
    "host": "hooks.city-hospital.example",
    "link": "https://jeevansetu.example/v/abcdef",
    "hours": 24,
    "heading": "Blood donation day",
    "words": "Come on Sunday from nine o'clock.",
    "answer": "We have looked into it.",
    "channel": "sms",
    "key": "Ward system",
    "day": SAMPLE_MOMENT.date(),
    **dict.fromkeys(("next_eligible_on", "donated_on"), SAMPLE_MOMENT.date()),
    **dict.fromkeys(
        ("needed_by", "expires_at", "at", "starts_at", "until", "answer_by", "confirm_by", "pay_by", "was"),
        SAMPLE_MOMENT,
    ),
}
log = logging.getLogger(__name__)


class _Known:
    """What this process knows, and when it looked."""

    looked_at: dt.datetime | None = None
    stamp: tuple[int | None, int] = (None, 0)
    overrides: Overrides = PACKAGED


def current() -> Overrides:
    """Return the wordings in force; a query every few seconds, the texts themselves only when there are new ones."""
    now = clock.now()
    if _Known.looked_at is None or not dt.timedelta(0) <= now - _Known.looked_at < FRESH_FOR:
        found = Wording.objects.aggregate(newest=Max("pk"), count=Count("pk"))
        stamp = (found["newest"], found["count"])
        if stamp != _Known.stamp:
            _Known.overrides, _Known.stamp = _read(), stamp
        _Known.looked_at = now
    return _Known.overrides


def forget() -> None:
    """Look anew when asked next."""
    _Known.looked_at = None


def forms_of(kind: Kind) -> list[TextForm]:
    """Return which forms of the kind can be worded; a push only where its lock screen shows more than the title."""
    rule = RULES[kind]
    found = [TextForm.INBOX] if rule.in_inbox else []
    found += [form for form, channel in FORM_CHANNELS.items() if channel in rule.channels]
    return [form for form in found if form is not TextForm.PUSH or rule.lock_screen is LockScreen.ALL]


def may_say(kind: Kind, form: TextForm) -> set[str]:
    """Return the placeholders that a wording of the kind may use; a link to act by stands in no inbox."""
    names = {name for text in texts(FALLBACK)[kind].values() for name in placeholders(text)}
    is_kept = RULES[kind].in_inbox and form not in (TextForm.SMS, TextForm.WHATSAPP)
    return names - {"link"} if is_kept else names


def must_say(kind: Kind, form: TextForm) -> set[str]:
    """Return the placeholders without which the kind says too little; a push may say as little as it likes."""
    if form is TextForm.PUSH:
        return set()
    own = texts(FALLBACK)[kind]
    return set.intersection(*(placeholders(own[name]) for name in BODIES if name in own))


def faults(kind: Kind, language: str, form: TextForm, words: Words) -> dict[str, str]:
    """Return what is wrong with a wording, by field; nothing when it may be used."""
    if form not in forms_of(kind):
        return {"form": f"There is no wording of {kind} for {form}."}
    if language not in languages():
        return {"language": f"There are no texts in {language}."}
    found: dict[str, str] = {}
    said: set[str] = set()
    for field, text, longest in (("title", words.title, LONGEST_TITLE), ("body", words.body, LONGEST_BODY)):
        problem = _fault_in(text, longest, allowed=may_say(kind, form))
        if problem:
            found[field] = problem
        else:
            said |= placeholders(text)
    if "body" not in found and not words.body.strip():
        found["body"] = "Say something, or go back to the packaged text."
    if "title" not in found and form is TextForm.SMS and words.title:
        found["title"] = "An SMS has no title."
    missing = must_say(kind, form) - said
    if not found and missing:
        found["body"] = f"These are missing: {', '.join(f'{{{name}}}' for name in sorted(missing))}."
    if not found and form is TextForm.SMS:
        count = segments(sample(kind, language, {(kind, language, form): words}).by_channel[Channel.SMS])[1]
        if count > MOST_SEGMENTS:
            found["body"] = f"With sample facts it takes {count} segments; at most {MOST_SEGMENTS} are sent."
    return found


def sample(kind: Kind, language: str, overrides: Overrides) -> Message:
    """Return the kind in words with sample facts, as every channel would carry it."""
    facts = {name: SAMPLES.get(name, name) for name in may_say(kind, TextForm.SMS)}
    return compose(kind, language=language, zone="Asia/Kolkata", facts=facts, overrides=overrides)


def segments(text: str) -> tuple[str, int]:
    """Return how an SMS is encoded and in how many segments it goes (3GPP TS 23.040: 160 or 70, 153 or 67 of many)."""
    length = gsm7_length(text)
    if length is not None:
        return "GSM-7", 1 if length <= 160 else math.ceil(length / 153)  # noqa: PLR2004 - see above
    units = len(text.encode("utf-16-le")) // 2
    return "UCS-2", 1 if units <= 70 else math.ceil(units / 67)  # noqa: PLR2004 - see above


def packaged_words(kind: Kind, language: str, form: TextForm) -> Words:
    """Return what is said where nobody has written anything, with its placeholders."""
    own = texts(language)[kind]
    if form is TextForm.SMS:
        return Words("", own["sms"])
    body = own.get("push") if form is TextForm.PUSH else None
    return Words(own.get("title", ""), body or own.get("inbox") or own.get("email", ""))


def _fault_in(text: str, longest: int, *, allowed: set[str]) -> str:
    if len(text) > longest:
        return f"At most {longest} characters."
    if UNPRINTABLE.search(text):
        return "Control characters cannot be sent."
    try:
        unknown = placeholders(text) - allowed
    except (TextsInvalid, ValueError) as exc:
        return f"A brace stands wrong: {exc}"
    if unknown:
        return (
            f"Unknown: {', '.join(f'{{{name}}}' for name in sorted(unknown))}. "
            f"There are: {', '.join(f'{{{name}}}' for name in sorted(allowed)) or 'none'}."
        )
    return ""


def _read() -> Overrides:
    """Return the newest versions that may be used; one that may not is said in the log."""
    newest = Wording.objects.order_by("kind", "language", "form", "-version").distinct("kind", "language", "form")
    found = {}
    for row in newest:
        if row.is_packaged:
            continue
        words = Words(row.title, row.body)
        if row.kind in set(Kind) and not faults(Kind(row.kind), row.language, TextForm(row.form), words):
            found[(row.kind, row.language, row.form)] = words
        else:
            log.warning("a wording is passed over", extra={"kind": row.kind, "language": row.language})
    return found
