"""Test data of partners needs donors."""

from __future__ import annotations

import uuid

from common.geo import Point
from common.models import OutboxEvent
from common.outbox import on
from users.services import test_people


@on("testpartner.made")
def furnish_world(event: OutboxEvent) -> None:
    """Put donors around a partner's twin; the other parts of its world find the same ones."""
    told = event.payload
    if told["part"] == "twin":
        test_people.furnish(
            world=uuid.UUID(told["world"]),
            around=Point(float(told["lat"]), float(told["lng"])),
            city=told["city"],
            zone=told["zone"],
        )


@on("testworld.closed")
def retire_world(event: OutboxEvent) -> None:
    test_people.retire(world=uuid.UUID(event.payload["world"]))
