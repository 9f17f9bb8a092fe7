"""Answers before a visit: kept sealed with the consent, for as long as the law or the visit needs them."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from common import clock
from common.blood import DonationType, Sex
from common.db import delete_in_batches, step
from common.retention import retained
from users.errors import AnswerDateInvalid, AnswersIncomplete, NoticeOutdated, QuestionnaireOutdated
from users.fitness import jurisdiction_of
from users.models import Donor, VisitAnswers
from users.questionnaire import Answer, misdated, questionnaire_for
from users.selectors import current_notice
from users.states import ConsentPurpose

if TYPE_CHECKING:
    from users.models import User

# Drugs Rules 1945, Schedule F Part XII-B: records of a blood centre are kept for five years; with two leap days.
RECORD_KEPT: Final = dt.timedelta(days=5 * 365 + 2)
UNUSED_KEPT: Final = dt.timedelta(days=30)  # after the hour of the visit, when nothing came of it


@step
def save_answers(
    donor: Donor,
    *,
    assignment_id: uuid.UUID,
    donation_type: DonationType,
    version: str,
    consent_version: int,
    answers: Sequence[Answer],
    expected_at: dt.datetime,
) -> VisitAnswers:
    """Keep the answers and the consent of a visit, in place of those given before. The caller holds the donor.

    Raises: QuestionnaireOutdated, NoticeOutdated, AnswersIncomplete, AnswerDateInvalid
    """
    user: User = donor.user
    today = clock.today(user.zone)
    asked = questionnaire_for(
        sex=Sex(donor.sex),
        donation_type=donation_type,
        on=today,
        language=user.language,
        jurisdiction=jurisdiction_of(user.phone),
    )
    if asked.version != version:
        raise QuestionnaireOutdated(version=asked.version)
    notice = current_notice(ConsentPurpose.DONATION, user.language)
    if notice.version != consent_version:
        raise NoticeOutdated
    if sorted(answer.code for answer in answers) != sorted(question.code for question in asked.questions):
        raise AnswersIncomplete
    wrong = misdated(asked.questions, answers, on=today)
    if wrong:
        raise AnswerDateInvalid(pointers=[f"/answers/{place}/on" for place in wrong])
    given = {answer.code: answer for answer in answers}
    told = [
        {
            "code": question.code,
            "text": question.text,
            "private": question.private,
            "yes": given[question.code].yes,
            "on": _iso(given[question.code].on),
        }
        for question in asked.questions
    ]
    row, _ = VisitAnswers.objects.update_or_create(
        assignment_id=assignment_id,
        defaults={
            "donor": donor,
            "version": version,
            "language": asked.language,
            "answers": json.dumps(told, ensure_ascii=False),
            "notice": notice,
            "answered_at": clock.now(),
            "keep_until": expected_at + UNUSED_KEPT,
        },
    )
    return row


@step
def take_back_answers(*, assignment_id: uuid.UUID) -> None:
    """Forget the answers and the consent of a visit that has not begun."""
    VisitAnswers.objects.filter(assignment_id=assignment_id).delete()


@step
def keep_as_record(*, assignment_id: uuid.UUID) -> None:
    """The visit became a donation or a deferral: what was answered is a record of the centre now."""
    VisitAnswers.objects.filter(assignment_id=assignment_id).update(
        is_record=True, keep_until=clock.now() + RECORD_KEPT
    )


@retained(
    "visit_answers",
    what="Sealed answers before a visit",
    since="thirty days after the visit; five years where the donor gave or was deferred",
    why="Blood centres keep records for at least five years.",
    keep=None,
)
def prune(_keep: dt.timedelta) -> int:
    """Delete the answers whose time is over; return how many visits'."""
    return delete_in_batches(VisitAnswers.objects.filter(keep_until__lte=clock.now()))


def _iso(day: dt.date | None) -> str | None:
    return None if day is None else day.isoformat()
