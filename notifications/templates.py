"""What messages say: `texts/<language>.toml`, filled with facts in the reader's language and zone."""

from __future__ import annotations

import datetime as dt
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
from notifications.kinds import RULES, Kind
from notifications.states import Channel

TEXTS: Final = Path(__file__).parent / "texts"
FALLBACK: Final = "en"
# 3GPP TS 23.038 §6.2.1, the basic table; a text within it takes 7 bits a character, any other 16.
GSM7: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_TWO_SEGMENTS, WIDE_TWO_SEGMENTS = 306, 134  # characters: 2 of 153 septets, 2 of 67 UTF-16 units
LONGEST_NAME = {FALLBACK: 40}  # characters of a name in an SMS
LONGEST_NAME_WIDE = 22
PLAIN_PUNCTUATION = str.maketrans(
    {0x2013: "-", 0x2014: "-", 0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2026: "..."}
)
CONTROL = re.compile(r"[\s\x00-\x1f\x7f\u2028\u2029]+")


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
    """One notification in words; `title` and `inbox` are empty for kinds that no inbox shows."""

    title: str
    inbox: str
    by_channel: Mapping[Channel, str]


@cache
def texts(language: str) -> Mapping[str, Any]:
    """Return a language's file. Raises: TextsInvalid."""
    found = tomllib.loads((TEXTS / f"{language}.toml").read_text(encoding="utf-8"))
    for kind in Kind:
        wanted = {"sms"} | ({"title", "inbox"} if RULES[kind].in_inbox else set())
        if set(found.get(kind, {})) != wanted:
            raise TextsInvalid(f"{language}: {kind} needs exactly {', '.join(sorted(wanted))}.")
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
    kind: Kind, *, language: str, zone: str, facts: Facts, channels: Iterable[Channel] | None = None
) -> Message:
    """Say it in the reader's language, in English where that has no texts, for the kind's channels or for `channels`.

    Raises: KeyError when a fact is missing.
    """
    spoken = language if language in languages() else FALLBACK
    own = texts(spoken)[kind]
    long = _words(facts, language=spoken, zone=zone, longest=None)
    short = _words(facts, language=spoken, zone=zone, longest=LONGEST_NAME.get(spoken, LONGEST_NAME_WIDE))
    title, inbox = (_fill(own[form], long) if form in own else "" for form in ("title", "inbox"))
    link = facts.get("link")
    with_link = f"{inbox}\n{link}" if isinstance(link, Link) else inbox
    forms: dict[Channel, Callable[[], str]] = {
        Channel.SMS: lambda: _fill(own["sms"], short),
        Channel.WHATSAPP: lambda: _framed(Channel.WHATSAPP, spoken, title=title, body=with_link),
        Channel.EMAIL: lambda: _framed(Channel.EMAIL, spoken, title=title, body=inbox),
    }
    chosen = RULES[kind].channels if channels is None else channels
    return Message(title, inbox, {channel: forms[channel]() for channel in chosen})


def words_of(facts: Facts, *, language: str, zone: str) -> dict[str, str]:
    """Return the facts in the reader's words."""
    return _words(facts, language=language if language in languages() else FALLBACK, zone=zone, longest=None)


def spoken_text(*, language: str, title: str, body: str) -> str:
    """Return what a voice call says about a notification."""
    return _framed(Channel.VOICE, language if language in languages() else FALLBACK, title=title, body=body)


def is_gsm7(text: str) -> bool:
    """Whether the text travels at 7 bits a character."""
    return GSM7.issuperset(text)


def _framed(channel: Channel, language: str, *, title: str, body: str) -> str:
    return _fill(texts(language)["frames"][channel], {"title": title, "body": body})


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
