"""What a donor answers before the visit, for the partner that he promised to come to."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from common.db import command
from requests_app.errors import PromiseOver
from requests_app.services.places import lock_promise
from requests_app.states import AssignmentStatus
from stock.components import Component, donation_type_for
from users.services import answering, donors

if TYPE_CHECKING:
    from users.questionnaire import Answer


@command
def answer(
    *, assignment_id: uuid.UUID, donor_id: uuid.UUID, version: str, consent_version: int, answers: Sequence[Answer]
) -> None:
    """Keep the answers and the consent for the visit; until it is over they may be given anew.

    Locks: the donor, the request, the assignment.
    Raises: NotADonor, NotFound, PromiseOver, QuestionnaireOutdated, NoticeOutdated, AnswersIncomplete,
    AnswerDateInvalid
    """
    donor = donors.hold_donor(donor_id=donor_id)
    request, assignment = lock_promise(assignment_id, donor_id=donor_id)
    if not assignment.is_live:
        raise PromiseOver
    answering.save_answers(
        donor,
        assignment_id=assignment.pk,
        donation_type=donation_type_for(Component(request.component)),
        version=version,
        consent_version=consent_version,
        answers=answers,
        expected_at=assignment.expires_at,
    )


@command
def take_back(*, assignment_id: uuid.UUID, donor_id: uuid.UUID) -> None:
    """Withdraw the consent and forget the answers; from the arrival on the centre has to be told instead.

    Locks: the request, the assignment.      Raises: NotFound, PromiseOver
    """
    _, assignment = lock_promise(assignment_id, donor_id=donor_id)
    if assignment.arrived_at is not None and assignment.state is not AssignmentStatus.RELEASED:
        raise PromiseOver
    answering.take_back_answers(assignment_id=assignment.pk)
