"""Webhooks, each kept once by its provider's id before anything else is done."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import models

from common import clock
from common.db import step
from common.labels import minute
from common.webhooks import LONGEST_ID


class StoredNotice(models.Model):
    """What a provider told us, without its body. Which ids are unique the table that inherits says."""

    event_id = models.CharField(max_length=LONGEST_ID)
    kind = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the body.")
    received_at = models.DateTimeField(default=clock.now)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.kind}, {minute(self.received_at)}"


N = TypeVar("N", bound=StoredNotice)


@step
def keep_once(
    model: type[N], *, event_id: str, kind: str, body: bytes, said: Mapping[str, Any], **scope: Any
) -> tuple[N, bool]:
    """Keep a verified webhook unless one of this id is there, within `scope`; return the row and whether it is new."""
    wanted = {"kind": kind[:80], "digest": hashlib.sha256(body).hexdigest(), **said}
    return model._default_manager.get_or_create(event_id=event_id[:LONGEST_ID], **scope, defaults=wanted)
