"""Administrators' sessions, of which the database holds a digest: who reads the table cannot be anybody.

SESSION_ENGINE names this module.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.sessions.backends import db
from django.utils import timezone


def digest(key: str | None) -> str:
    """Return what stands in the table for a cookie's key: 160 bits, as long as the column."""
    return hashlib.sha256((key or "").encode()).hexdigest()[:40]


class SessionStore(db.SessionStore):
    """Django's own, that looks for digests."""

    def _get_session_from_db(self) -> Any:
        try:
            return self.model.objects.get(session_key=digest(self.session_key), expire_date__gt=timezone.now())
        except self.model.DoesNotExist:
            self._session_key = None
            return None

    def exists(self, session_key: str | None) -> bool:
        return bool(super().exists(digest(session_key)))

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row = super().create_model_instance(data)
        row.session_key = digest(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        super().delete(digest(session_key or self.session_key))
