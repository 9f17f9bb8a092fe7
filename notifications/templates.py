"""What messages say: `texts/<language>.toml`, or what administrators wrote in its place, filled with facts in the
reader's language and zone."""

from __future__ import annotations

import datetime as dt
import logging
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

from common.blood import DonationType
from notifications.kinds import RULES, Kind, LockScreen
from notifications.states import Channel, TextForm

TEXTS: Final = Path(__file__).parent / "texts"
FALLBACK: Final = "en"
# 3GPP TS 23.038 §6.2.1, the basic table; a text within it takes 7 bits a character, any other 16.
GSM7: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_ESCAPED: Final = frozenset("^{}\\[~]|€\f")  # the extension table: two septets each
GSM7_TWO_SEGMENTS, WIDE_TWO_SEGMENTS = 306, 134  # characters: 2 of 153 septets, 2 of 67 UTF-16 units
LONGEST_PUSH = 178  # characters of a push that every telephone shows whole
LONGEST_NAME = {FALLBACK: 40}  # characters of a name in an SMS
LONGEST_NAME_WIDE = 22
PLAIN_PUNCTUATION = str.maketrans(
    {0x2013: "-", 0x2014: "-", 0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2026: "..."}
)
CONTROL = re.compile(r"[\s\x00-\x1f\x7f\u2028\u2029]+")
log = logging.getLogger(__name__)


class Word(StrEnum):
    """What is said in the reader's language, besides ways to donate."""

    UNKNOWN_GROUP = "unknown_group"


class Prose(str):
    """What somebody wrote for its readers, said whole, also in an SMS."""

    __slots__ = ()


class Link(str):
    """An address, said whole. Whoever has it may act: it stands in texts and in no inbox."""

    __slots__ = ()


Fact = str | int | Decimal | dt.datetime | dt.date | DonationType | Word
Facts = Mapping[str, Fact]


class TextsInvalid(ValueError):
    """A text file lacks a text, or a text names a placeholder that the English one does not."""


@dataclass(frozen=True)
class Message:
    """One notification in words; `title` and `inbox` are empty for kinds that no inbox shows.

    `titles` holds those of channels that have one: the subject of an e-mail, the first line of a push.
    """

    title: str
    inbox: str
    by_channel: Mapping[Channel, str]
    titles: Mapping[Channel, str]


@dataclass(frozen=True)
class Words:
    """A wording: what it says, with placeholders."""

    title: str
    body: str


# What administrators have written, by kind, language and form.
Overrides = Mapping[tuple[str, str, str], Words]
PACKAGED: Final[Overrides] = {}


def parts_of(kind: Kind) -> tuple[frozenset[str], frozenset[str]]:
    """Return which texts of a kind every language has, and which it may have besides."""
    rule = RULES[kind]
    if rule.in_inbox:
        may = {"push"} if rule.lock_screen is LockScreen.ALL else set()
        return frozenset({"title", "inbox", "sms"}), frozenset(may)
    return frozenset({"sms"} if Channel.SMS in rule.channels else {"title", "email"}), frozenset()


@cache
def texts(language: str) -> Mapping[str, Any]:
    """Return a language's file. Raises: TextsInvalid."""
    found = tomllib.loads((TEXTS / f"{language}.toml").read_text(encoding="utf-8"))
    for kind in Kind:
        must, may = parts_of(kind)
        if set(found.get(kind, {})) - may != must:
            raise TextsInvalid(f"{language}: {kind} needs exactly {', '.join(sorted(must))}.")
    return found


@cache
def languages() -> frozenset[str]:
    """Return the languages that have texts."""
    return frozenset(path.stem for path in TEXTS.glob("*.toml"))


def placeholders(text: str) -> set[str]:
    """Return the names in braces. Raises: TextsInvalid for anything but a plain name."""
    names = set()
    for _, name, spec, conversion in Formatter().parse(text):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise TextsInvalid(f"{{{name}}} is not a plain placeholder.")
        names.add(name)
    return names


def compose(
    kind: Kind,
    *,
    language: str,
    zone: str,
    facts: Facts,
    channels: Iterable[Channel] | None = None,
    overrides: Overrides = PACKAGED,
) -> Message:
    """Say it in the reader's language, in English where that has no texts, for the kind's channels or for `channels`.

    An override that cannot be filled with these facts is passed over. Raises: KeyError when a fact is missing.
    """
    spoken = language if language in languages() else FALLBACK
    own = texts(spoken)[kind]
    long = _words(facts, language=spoken, zone=zone, longest=None)
    short = _words(facts, language=spoken, zone=zone, longest=LONGEST_NAME.get(spoken, LONGEST_NAME_WIDE))

    def packaged(title: str, body: str, words: Mapping[str, str] = long) -> Words:
        return Words(_fill(own.get(title, ""), words), _fill(own.get(body, ""), words))

    def said(form: TextForm, default: Words) -> Words:
        words = short if form is TextForm.SMS else long
        return _overridden(overrides, kind, spoken, form, words, default) or default

    inbox = said(TextForm.INBOX, packaged("title", "inbox"))
    forms: dict[Channel, Callable[[], Words]] = {
        Channel.SMS: lambda: said(TextForm.SMS, packaged("", "sms", short)),
        Channel.WHATSAPP: lambda: _framed(Channel.WHATSAPP, spoken, _with_link(said(TextForm.WHATSAPP, inbox), facts)),
        Channel.EMAIL: lambda: _framed(
            Channel.EMAIL, spoken, said(TextForm.EMAIL, packaged("title", "email") if "email" in own else inbox)
        ),
        Channel.PUSH: lambda: _on_lock_screen(
            kind, spoken, said(TextForm.PUSH, Words(inbox.title, packaged("", "push").body or inbox.body))
        ),
    }
    chosen = RULES[kind].channels if channels is None else channels
    made = {channel: forms[channel]() for channel in chosen}
    return Message(
        title=inbox.title if RULES[kind].in_inbox else "",
        inbox=inbox.body,
        by_channel={channel: words.body for channel, words in made.items()},
        titles={channel: made[channel].title for channel in (Channel.EMAIL, Channel.PUSH) if channel in made},
    )


def words_of(facts: Facts, *, language: str, zone: str) -> dict[str, str]:
    """Return the facts in the reader's words."""
    return _words(facts, language=language if language in languages() else FALLBACK, zone=zone, longest=None)


def spoken_text(*, language: str, title: str, body: str) -> str:
    """Return what a voice call says about a notification."""
    return _framed(Channel.VOICE, language if language in languages() else FALLBACK, Words(title, body)).body


def is_gsm7(text: str) -> bool:
    """Whether the text travels at 7 bits a character."""
    return GSM7.issuperset(text)


def gsm7_length(text: str) -> int | None:
    """Return the septets that the text takes; None when it does not go at 7 bits a character."""
    if not (GSM7 | GSM7_ESCAPED).issuperset(text):
        return None
    return len(text) + sum(character in GSM7_ESCAPED for character in text)


def _framed(channel: Channel, language: str, words: Words) -> Words:
    frame = texts(language)["frames"][channel]
    return Words(words.title, _fill(frame, {"title": words.title, "body": words.body}))


def _overridden(
    overrides: Overrides, kind: Kind, language: str, form: TextForm, words: Mapping[str, str], default: Words
) -> Words | None:
    """Return what administrators have written, filled; None where they have not, or where it cannot be filled."""
    own = overrides.get((kind, language, form))
    if own is None:
        return None
    try:
        return Words(_fill(own.title, words) or default.title, _fill(own.body, words))
    except (KeyError, ValueError, IndexError):
        log.warning("a wording cannot be filled", extra={"kind": kind, "language": language, "form": form})
        return None


def _with_link(words: Words, facts: Facts) -> Words:
    """Return the words with the link of the message, which stands in no inbox."""
    link = facts.get("link")
    is_missing = isinstance(link, Link) and link not in words.body
    return Words(words.title, f"{words.body}\n{link}") if is_missing else words


def _on_lock_screen(kind: Kind, language: str, push: Words) -> Words:
    """Return what whoever sees the telephone lying there may read."""
    words = texts(language)["lock_screen"]
    if RULES[kind].lock_screen is LockScreen.NOTHING:
        return Words(words["title"], words["nothing"])
    if RULES[kind].lock_screen is LockScreen.TITLE:
        return Words(push.title, words["more"])
    return Words(push.title, push.body if len(push.body) <= LONGEST_PUSH else _cut(push.body))


def _cut(text: str) -> str:
    return text[: LONGEST_PUSH - 3].rpartition(" ")[0].rstrip(" ,;:") + "..."


def _fill(text: str, words: Mapping[str, str]) -> str:
    return text.format_map(words)


def _words(facts: Facts, *, language: str, zone: str, longest: int | None) -> dict[str, str]:
    return {name: _say(fact, language=language, zone=zone, longest=longest) for name, fact in facts.items()}


def _say(fact: Fact, *, language: str, zone: str, longest: int | None) -> str:
    words = texts(language)["words"]
    if isinstance(fact, DonationType | Word):
        return str(words[fact])
    if isinstance(fact, dt.datetime):
        local = fact.astimezone(_zone(zone))
        return f"{local.day} {words['months'][local.month - 1]} {local:%H:%M}"
    if isinstance(fact, dt.date):
        return f"{fact.day} {words['months'][fact.month - 1]} {fact.year}"
    if isinstance(fact, Decimal):
        return f"{fact:.1f}"
    return _plain(str(fact), None if isinstance(fact, Prose | Link) else longest)


def _plain(text: str, longest: int | None) -> str:
    """Return the text on one line, without control characters and curly quotes, at most `longest` long."""
    line = CONTROL.sub(" ", unicodedata.normalize("NFC", text).translate(PLAIN_PUNCTUATION)).strip()
    if longest is None or len(line) <= longest:
        return line
    return line[: longest - 3].rstrip() + "..."


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.DEFAULT_ZONE)
