"""What time does to rows, each in a transaction of its own."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable
from typing import Final

from django.db.models import Model, QuerySet

from common.errors import Busy

log = logging.getLogger(__name__)
BATCH: Final = 500  # keys in one look of a walk


def keys_after(rows: QuerySet[Model], after: uuid.UUID | None) -> list[uuid.UUID]:
    """Return the next keys of the rows in order, a bounded number: for a walk over all of them."""
    following = rows if after is None else rows.filter(pk__gt=after)
    return list(following.order_by("pk").values_list("pk", flat=True)[:BATCH])


def act_on_each(due: Callable[[], Iterable[uuid.UUID]], act: Callable[[uuid.UUID], object]) -> int:
    """Act on each that is due, batch by batch; return how many acts did something.

    One that somebody holds right now waits for the next run. One that fails keeps nobody else waiting; its failure
    is raised when all have had their turn.
    """
    done, seen = 0, set[uuid.UUID]()
    failure: Exception | None = None
    while batch := [pk for pk in due() if pk not in seen]:
        seen.update(batch)
        for pk in batch:
            try:
                done += act(pk) is not False
            except Busy:
                continue
            except Exception as exc:
                log.exception("sweep failed on one row", extra={"row": str(pk)})
                failure = exc
    if failure is not None:
        raise failure
    return done
