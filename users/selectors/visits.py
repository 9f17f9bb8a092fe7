"""What was answered before a visit."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from users.models import VisitAnswers
from users.questionnaire import words_of


@dataclass(frozen=True)
class GivenAnswer:
    """One answer as it was given; `text` is the question in the reader's language, `asked` as the donor read it."""

    code: str
    text: str
    asked: str
    private: bool
    yes: bool
    on: dt.date | None


@dataclass(frozen=True)
class GivenAnswers:
    """What a donor answered before a visit."""

    version: str
    language: str
    answered_at: dt.datetime
    consent_version: int
    answers: list[GivenAnswer]


def has_answers(assignment: OuterRef) -> Exists:
    """Return, for a query of another app, whether the questions before the assignment's visit were answered."""
    return Exists(VisitAnswers.objects.filter(assignment_id=assignment))


def answers_of(assignment_id: uuid.UUID, *, language: str) -> GivenAnswers | None:
    """Return what was answered before the visit, None if nothing was. Who may read it is the caller's to know."""
    row = VisitAnswers.objects.select_related("notice").filter(assignment_id=assignment_id).first()
    if row is None:
        return None
    answers = [
        GivenAnswer(
            code=told["code"],
            text=words_of(told["code"], language) or told["text"],
            asked=told["text"],
            private=told["private"],
            yes=told["yes"],
            on=dt.date.fromisoformat(told["on"]) if told["on"] else None,
        )
        for told in json.loads(row.answers or "[]")
    ]
    return GivenAnswers(row.version, row.language, row.answered_at, row.notice.version, answers)
