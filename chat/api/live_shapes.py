"""What a live stream shows of a message: the whole of it to people, its number to partners, who then ask for it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from chat import selectors
from chat.api.shapes import MessageOut
from chat.models import ChatSide
from common import live


@live.shown_by("chat.message")
def show_messages(told: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
    """Put each message beside its ids, as `GET /conversations/{id}/messages` shows it to that side at this moment.

    A partner's members share one stream and differ in what they may read: they are told that there is a message, and
    ask for what follows the last number they know. None stands for what a side may not see any more.
    """
    ids = {(uuid.UUID(data["message"]), data["role"]) for data in told}
    shown = selectors.shown_to_people(ids)
    partners = _partners({uuid.UUID(data["conversation"]) for data in told})
    return [_one(data, shown, partners) for data in told]


def _one(data: dict[str, Any], shown: Mapping[Any, Any], partners: set[tuple[uuid.UUID, str]]) -> Any:
    if (uuid.UUID(data["conversation"]), data["role"]) in partners:
        return data
    message = shown.get((uuid.UUID(data["message"]), data["role"]))
    return None if message is None else {**data, "shown": MessageOut(message).data}


def _partners(conversations: set[uuid.UUID]) -> set[tuple[uuid.UUID, str]]:
    rows = ChatSide.objects.filter(conversation__in=conversations, partner__isnull=False)
    return set(rows.values_list("conversation_id", "role"))
