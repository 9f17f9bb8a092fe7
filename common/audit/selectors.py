"""What may be read of the audit log."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db.models import QuerySet

from common.models import AuditEntry


def entries_of_partner(
    partner_id: uuid.UUID, *, since: dt.datetime | None = None, actor: uuid.UUID | None = None, act: str = ""
) -> QuerySet[AuditEntry]:
    """Return what the partner's members and keys did, from a moment on, by one of them, or of one act."""
    rows = AuditEntry.objects.filter(partner_id=partner_id)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if actor is not None:
        rows = rows.filter(actor_id=str(actor))
    return rows.filter(act=act) if act else rows
