"""The questions and the consent before a visit: the donor answers, the partner reads while the donor is there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from common.errors import NotFound
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import MayCoordinate
from requests_app import errors, selectors
from requests_app.api import questionnaire_serializers as shapes
from requests_app.api.serializers import answered
from requests_app.services import answering
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson
from users.errors import AnswerDateInvalid, AnswersIncomplete, NotADonor, NoticeOutdated, QuestionnaireOutdated

VERSION = "5d0c3b8e7a61"
TEXT = "In the last 12 months, have you or your partner had a tattoo, piercing or acupuncture? When?"
ANSWER = {"code": "tattoo", "yes": True, "on": "2026-01-03"}
QUESTIONNAIRE = {
    "status": "answered",
    "version": VERSION,
    "language": "en",
    "questions": [{"code": "tattoo", "text": TEXT, "asks_date": True, "is_over": False, "private": False}],
    "consent": {
        "version": 1,
        "language": "en",
        "data": ["Your answers to the questions before this visit"],
        "text": "I give blood of my own will and without payment.",
    },
    "answers": [ANSWER],
    "answered_at": "2026-01-15T09:40:00Z",
    "eligibility": {
        "eligible": False,
        "provisional": True,
        "next_eligible_on": "2027-01-04",
        "permanent": False,
        "reasons": [{"code": "tattoo", "until": "2027-01-04", "message": "A tattoo within the last 12 months."}],
    },
}
GIVEN = {
    "status": "answered",
    "version": VERSION,
    "language": "en",
    "answered_at": "2026-01-15T09:40:00Z",
    "consent_version": 1,
    "answers": [{**ANSWER, "text": TEXT, "asked": TEXT, "private": False}],
}


class QuestionnaireView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Read the questions before a visit",
        tag="Donors: requests",
        responses={200: shapes.QuestionnaireOut},
        refusals=[NotFound],
        answer=QUESTIONNAIRE,
    )
    def get(self, request: Request, assignment_id: UUID) -> Response:
        """What the centre has to know, in your language, the consent to agree to, and what you have answered."""
        return _shown(request, assignment_id)

    @operation(
        "Answer the questions before a visit",
        tag="Donors: requests",
        request=shapes.AnswersIn,
        responses={200: shapes.QuestionnaireOut},
        refusals=[
            NotADonor,
            NotFound,
            errors.PromiseOver,
            QuestionnaireOutdated,
            NoticeOutdated,
            AnswersIncomplete,
            AnswerDateInvalid,
        ],
        example={"version": VERSION, "consent_version": 1, "answers": [ANSWER]},
        answer=QUESTIONNAIRE,
    )
    def put(self, request: Request, assignment_id: UUID) -> Response:
        """Answer every question and give the consent, in place of what was sent before.

        Only the centre of this visit reads it, while you are there. No answer defers you: `eligibility` says what the
        rules would make of them, the centre decides, and what you want to be known before is declared under
        `/me/donor/deferrals`.
        """
        body = read(shapes.AnswersIn, request)
        answering.answer(assignment_id=assignment_id, donor_id=request.user.pk, **body)
        return _shown(request, assignment_id)

    @operation(
        "Take the answers back",
        tag="Donors: requests",
        responses={204: None},
        refusals=[NotFound, errors.PromiseOver],
    )
    def delete(self, request: Request, assignment_id: UUID) -> Response:
        """Forget the answers and withdraw the consent, until you have arrived; there, tell the centre."""
        answering.take_back(assignment_id=assignment_id, donor_id=request.user.pk)
        return Response(status=204)


class PartnerQuestionnaireView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [MayCoordinate]
    reads_health = "questionnaire"

    @operation(
        "Read a visitor's answers",
        tag="Partners: requests",
        responses={200: shapes.GivenAnswersOut},
        refusals=[NotFound, errors.VisitNotOpen],
        answer=GIVEN,
    )
    def get(self, request: Request, assignment_id: UUID) -> Response:
        """What the donor who is with you answered before, sealed until the arrival and again after the visit."""
        member = request.user
        given = selectors.answers_for_partner(member.partner_id, assignment_id, language=member.language)
        nothing: dict[str, Any] = {
            "version": None,
            "language": None,
            "answered_at": None,
            "consent_version": None,
            "answers": [],
        }
        body = {**(nothing if given is None else vars(given)), "status": answered(given)}
        return Response(shapes.GivenAnswersOut(body).data)


def _shown(request: Request, assignment_id: UUID) -> Response:
    assignment = selectors.get_assignment_of_donor(request.user.pk, assignment_id)
    found = selectors.questionnaire_of(assignment, language=request.user.language)
    return Response(shapes.QuestionnaireOut(found).data)
