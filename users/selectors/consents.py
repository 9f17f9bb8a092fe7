"""What a person has agreed to, in which words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from common.errors import NotFound
from users.models import Consent, ConsentNotice, User
from users.states import STANDING_PURPOSES, ConsentPurpose, ConsentStatus


@dataclass(frozen=True)
class ConsentState:
    """Where a person stands on one purpose, and the notice that holds now."""

    purpose: ConsentPurpose
    status: ConsentStatus
    granted_version: int | None
    granted_at: dt.datetime | None
    withdrawn_at: dt.datetime | None
    notice: ConsentNotice


def current_notice(purpose: ConsentPurpose, language: str) -> ConsentNotice:
    """Return the newest notice in the language, or in English where there is none."""
    notices = ConsentNotice.objects.filter(purpose=purpose).order_by("-version")
    newest = notices.filter(language=language).first() or notices.filter(language="en").first()
    if newest is None:
        raise NotFound
    return newest


def consent_state(user: User, purpose: ConsentPurpose) -> ConsentState:
    """Return the person's latest word on a purpose."""
    mine = Consent.objects.filter(user=user, notice__purpose=purpose).select_related("notice").order_by("-pk")
    last = mine.filter(withdrawn_at=None).first() or mine.first()
    status = ConsentStatus.NOT_GIVEN
    if last is not None:
        status = ConsentStatus.GRANTED if last.withdrawn_at is None else ConsentStatus.WITHDRAWN
    return ConsentState(
        purpose=purpose,
        status=status,
        granted_version=last.notice.version if last else None,
        granted_at=last.granted_at if last else None,
        withdrawn_at=last.withdrawn_at if last else None,
        notice=current_notice(purpose, user.language),
    )


def consent_states(user: User) -> list[ConsentState]:
    return [consent_state(user, purpose) for purpose in STANDING_PURPOSES]
