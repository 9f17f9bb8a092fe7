"""The virus scanner's word on what was uploaded: asked by a worker, until it has spoken."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from django.conf import settings

from appointments.analysis.states import SCAN_TRANSITIONS, ScanStatus
from appointments.models import FileVersion
from appointments.services.files import forget_versions
from common import clock, outbox
from common.db import command, lock, lock_free
from common.transitions import advance

LEASE: Final = dt.timedelta(seconds=90)
LONGEST_WAIT: Final = dt.timedelta(minutes=10)


@command
def claim(*, limit: int) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Take up versions that nobody has scanned, where a scanner is set up; return each with its content.

    Locks: the versions, passing over what others hold.
    """
    if not settings.FILE_SCANNER:
        return []
    now = clock.now()
    due = FileVersion.objects.filter(scan=ScanStatus.UNSCANNED, look_at__lte=now, content__isnull=False)
    rows = lock_free(due.order_by("look_at", "id"), limit=limit)
    for row in rows:
        row.scan_tries = min(row.scan_tries + 1, 1000)
        row.look_at = now + LEASE
        row.save(update_fields=["scan_tries", "look_at"])
    return [(row.pk, row.content_id) for row in rows if row.content_id is not None]


@command
def settle(*, version_id: uuid.UUID, is_clean: bool) -> None:
    """Open a clean version to its readers; destroy an infected one, and give its space back.

    Locks: the version, and what `forget_versions` does.      Emits: file.infected
    """
    for row in lock(FileVersion, [version_id]):
        if row.scan != ScanStatus.UNSCANNED or row.content_id is None:
            continue
        row.scan = advance(SCAN_TRANSITIONS, ScanStatus(row.scan), "pass" if is_clean else "fail")
        row.look_at = None
        if is_clean:
            row.save(update_fields=["scan", "look_at"])
            continue
        forget_versions([row])
        FileVersion.objects.filter(pk=row.pk).update(scan=row.scan)
        outbox.emit("file.infected", key=f"version:{row.pk}", version=str(row.pk))


@command
def postpone(*, version_id: uuid.UUID) -> None:
    """Ask again later: a version waits for a scanner that is down as long as that takes. Locks: the version."""
    for row in lock(FileVersion, [version_id]):
        if row.scan == ScanStatus.UNSCANNED and row.content_id is not None:
            row.look_at = clock.now() + min(dt.timedelta(seconds=2 ** min(row.scan_tries, 12)), LONGEST_WAIT)
            row.save(update_fields=["look_at"])
