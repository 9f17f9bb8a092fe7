"""Quick replies and steps in words: `texts/<language>.toml`, by the codes that clients know them by."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from chat.states import ChatRole, ChatSubject, MessageKind

TEXTS: Final = Path(__file__).parent / "texts"
FALLBACK: Final = "en"

# What each side may say with one tap. A code keeps its meaning for ever; docs/chat.md has the table.
QUICK_REPLIES: Final[Mapping[ChatRole, tuple[str, ...]]] = {
    ChatRole.DONOR: ("on_my_way", "reached", "delayed", "need_directions", "cannot_come", "thank_you"),
    ChatRole.CENTRE: (
        *("where_are_you", "we_are_waiting", "please_hurry", "take_your_time", "come_to_desk", "thank_you"),
    ),
    ChatRole.RECEIVER: ("when_will_it_come", "please_hurry", "at_the_entrance", "received_well", "thank_you"),
    ChatRole.BANK: ("send_requisition", "preparing", "on_the_way", "courier_reached", "courier_delayed", "thank_you"),
    ChatRole.ASKER: ("when_will_it_come", "please_hurry", "ready_to_receive", "received_well", "thank_you"),
    ChatRole.SENDER: ("preparing", "on_the_way", "courier_reached", "courier_delayed", "thank_you"),
    ChatRole.PATIENT: ("running_late", "in_waiting_room", "cannot_hear", "need_other_time", "thank_you"),
    ChatRole.DOCTOR: ("with_you_shortly", "running_late", "please_join", "add_reports", "see_prescription"),
}


@cache
def texts(language: str) -> Mapping[str, Any]:
    """Return a language's file, the English one where it has none."""
    path = TEXTS / f"{language if language in languages() else FALLBACK}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def languages() -> frozenset[str]:
    """Return the languages that have texts."""
    return frozenset(path.stem for path in TEXTS.glob("*.toml"))


def say(kind: MessageKind, code: str, *, subject: ChatSubject, language: str) -> str:
    """Return what a quick reply or a step says in the reader's language."""
    own = texts(language)
    found = own["steps"][subject] if kind is MessageKind.STEP else own["replies"]
    return str(found[code])


def replies_for(role: ChatRole, *, language: str) -> list[tuple[str, str]]:
    """Return what the side may say with one tap: codes and texts."""
    return [(code, str(texts(language)["replies"][code])) for code in QUICK_REPLIES[role]]
