"""Promises and visits, as each side may see them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, QuerySet

from common import clock
from common.blood import BloodGroup, Sex
from common.errors import NotFound
from common.sweeps import keys_after
from requests_app.errors import VisitNotOpen
from requests_app.models import Assignment
from requests_app.selectors.requests import SWEEP, get_request_of
from requests_app.states import LIVE_ASSIGNMENT, AssignmentStatus
from stock.components import Component, donation_type_for
from users import questionnaire
from users import selectors as users
from users.eligibility.engine import Eligibility
from users.fitness import assess_as_answered, jurisdiction_of
from users.states import ConsentPurpose


@dataclass(frozen=True)
class AssignmentFacts:
    """A promise as other apps may know it."""

    id: uuid.UUID
    request_id: uuid.UUID
    partner_id: uuid.UUID
    donor_id: uuid.UUID
    status: AssignmentStatus
    distance_km: Decimal
    expires_at: dt.datetime
    recipient_group: BloodGroup
    component: Component
    tag: str
    score: int


@dataclass(frozen=True)
class VisitQuestions:
    """What a donor is asked before a visit; `given` and `hint` once it was answered."""

    asked: questionnaire.Questionnaire
    notice: Any
    given: users.GivenAnswers | None
    hint: Eligibility | None


def assignments_of_request(partner_id: uuid.UUID, request_id: uuid.UUID) -> QuerySet[Assignment]:
    """Return the promises of the partner's request. Raises: NotFound."""
    get_request_of(partner_id, request_id)
    return _as_partners_see().filter(request_id=request_id)


def _as_partners_see() -> QuerySet[Assignment]:
    """Return promises with their donors, and whether the questions before the visit were answered (`has_answers`)."""
    rows = Assignment.objects.select_related("donor__user", "request")
    return rows.annotate(has_answers=users.has_answers(OuterRef("pk")))


def get_assignment_of_partner(partner_id: uuid.UUID, assignment_id: uuid.UUID) -> Assignment:
    """Raises: NotFound, also for another partner's."""
    found = _as_partners_see().filter(request__partner_id=partner_id, pk=assignment_id).first()
    if found is None:
        raise NotFound
    return found


def assignments_of_donor(donor_id: uuid.UUID) -> QuerySet[Assignment]:
    return Assignment.objects.filter(donor_id=donor_id).select_related("request__partner")


def has_open_promise(donor_id: uuid.UUID) -> bool:
    return Assignment.objects.filter(donor_id=donor_id, status__in=LIVE_ASSIGNMENT).exists()


def get_assignment_of_donor(donor_id: uuid.UUID, assignment_id: uuid.UUID) -> Assignment:
    """Raises: NotFound, also for another donor's."""
    found = assignments_of_donor(donor_id).filter(pk=assignment_id).first()
    if found is None:
        raise NotFound
    return found


def questionnaire_of(assignment: Assignment, *, language: str) -> VisitQuestions:
    """Return the questions before the donor's visit with what was answered, and what the rules make of that.

    What is private is neither in the rules' answer nor anywhere else but in the donor's own words.
    """
    donor = users.get_donor(assignment.donor_id)
    donation_type = donation_type_for(Component(assignment.request.component))
    today, jurisdiction = clock.today(donor.user.zone), jurisdiction_of(donor.user.phone)
    asked = questionnaire.questionnaire_for(
        sex=Sex(donor.sex), donation_type=donation_type, on=today, language=language, jurisdiction=jurisdiction
    )
    given = users.answers_of(assignment.pk, language=language)
    hint = None
    if given is not None:
        answers = [questionnaire.Answer(answer.code, answer.yes, answer.on) for answer in given.answers]
        stated = questionnaire.stated_by(answers, on=today, jurisdiction=jurisdiction)
        hint = assess_as_answered(donor, donation_type=donation_type, on=today, stated=stated)
    notice = users.current_notice(ConsentPurpose.DONATION, language)
    return VisitQuestions(asked, notice, given, hint)


def answers_for_partner(partner_id: uuid.UUID, assignment_id: uuid.UUID, *, language: str) -> users.GivenAnswers | None:
    """Return what the donor who is here answered. Raises: NotFound, VisitNotOpen before and after the visit."""
    assignment = get_assignment_of_partner(partner_id, assignment_id)
    if assignment.state is not AssignmentStatus.ARRIVED:
        raise VisitNotOpen(state=assignment.status)
    return users.answers_of(assignment_id, language=language)


def has_consented(assignment_id: uuid.UUID) -> bool:
    """Whether the donor has answered the questions before the visit, and consented, in the app."""
    return Assignment.objects.filter(users.has_answers(OuterRef("pk")), pk=assignment_id).exists()


def promises_expected(*, after: dt.datetime, until: dt.datetime, made_before: dt.timedelta) -> QuerySet[Assignment]:
    """Return the promises still waited for whose hour is after `after` and not after `until`, soonest first.

    Those made later than `made_before` their hour are left out.
    """
    waiting = Assignment.objects.filter(status=AssignmentStatus.ACCEPTED, expires_at__gt=after, expires_at__lte=until)
    return waiting.filter(accepted_at__lt=F("expires_at") - made_before).order_by("expires_at", "pk")


def with_open_promise(donor_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of the donors on whom somebody counts already; one query."""
    live = Assignment.objects.filter(donor_id__in=list(donor_ids), status__in=LIVE_ASSIGNMENT)
    return set(live.values_list("donor_id", flat=True))


def donor_of(assignment_id: uuid.UUID, *, partner_id: uuid.UUID | None = None) -> uuid.UUID:
    """Return who gave the promise (this never changes). Raises: NotFound, also for another partner's."""
    mine = Assignment.objects.filter(pk=assignment_id)
    if partner_id is not None:
        mine = mine.filter(request__partner_id=partner_id)
    donor_id = mine.values_list("donor_id", flat=True).first()
    if donor_id is None:
        raise NotFound
    return donor_id


def assignment_facts(assignment_id: uuid.UUID) -> AssignmentFacts:
    """Raises: NotFound."""
    row = Assignment.objects.select_related("request", "donor").filter(pk=assignment_id).first()
    if row is None:
        raise NotFound
    return AssignmentFacts(
        id=row.pk,
        request_id=row.request_id,
        partner_id=row.request.partner_id,
        donor_id=row.donor_id,
        status=row.state,
        distance_km=row.distance_km,
        expires_at=row.expires_at,
        recipient_group=BloodGroup(row.request.blood_group),
        component=Component(row.request.component),
        tag=str(row.donor.tag),
        score=row.donor.score,
    )


def live_promises_after(after: uuid.UUID | None) -> list[uuid.UUID]:
    """Return the next promises that are still open, in the order of their keys."""
    return keys_after(Assignment.objects.filter(status__in=LIVE_ASSIGNMENT), after)


def promises_past(moment: dt.datetime) -> Iterator[uuid.UUID]:
    """Yield the promises still waited for whose hour was before `moment`, a bounded number."""
    late = Assignment.objects.filter(status=AssignmentStatus.ACCEPTED, expires_at__lte=moment)
    yield from late.order_by("expires_at").values_list("pk", flat=True)[:SWEEP]


def visits_since(moment: dt.datetime) -> Iterator[uuid.UUID]:
    """Yield the donors' visits that began before `moment` and of which nothing was recorded, a bounded number."""
    waiting = Assignment.objects.filter(status=AssignmentStatus.ARRIVED, arrived_at__lte=moment)
    yield from waiting.order_by("arrived_at").values_list("pk", flat=True)[:SWEEP]
