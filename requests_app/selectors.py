"""What may be read of requests and promises, by whom."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet

from common import clock
from common.blood import BloodGroup, Sex
from common.errors import NotFound
from common.geo import Near, bounding_boxes, nearest_first
from requests_app.errors import VisitNotOpen
from requests_app.models import Ask, Assignment, AttenderEvent, AttenderRequest, AttenderStep, BloodRequest, Wave
from requests_app.states import (
    LIVE_ASSIGNMENT,
    LIVE_FAMILY,
    LIVE_REQUEST,
    AssignmentStatus,
    FamilyStatus,
    RequestStatus,
    Urgency,
)
from stock import selectors as stock
from stock.compatibility import compatible_donors, is_compatible
from stock.components import Component, donation_type_for
from users import matching, questionnaire
from users import selectors as users
from users.eligibility.engine import Eligibility
from users.fitness import assess_as_answered
from users.states import ConsentPurpose

FURTHEST_KM = 100.0  # no request reaches farther
SWEEP = 1000
CAP_PERIOD = dt.timedelta(hours=24)  # in which a donor may be asked `DAILY_ASK_CAP` times


@dataclass(frozen=True)
class RequestFacts:
    """A request as other apps may know it."""

    id: uuid.UUID
    partner_id: uuid.UUID
    blood_group: BloodGroup
    component: Component
    units: int
    units_left: int
    urgency: Urgency
    needed_by: dt.datetime
    expires_at: dt.datetime
    note: str


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
class AskToTell:
    """A donor who is to be told that blood is needed."""

    ask_id: uuid.UUID
    donor_id: uuid.UUID
    distance_km: Decimal
    request_id: uuid.UUID


@dataclass(frozen=True)
class FamilyFacts:
    """A family's request as other apps may know it: nothing of the patient."""

    id: uuid.UUID
    requester_id: uuid.UUID | None  # None: nothing is kept of whoever it was
    partner_id: uuid.UUID
    blood_group: str
    component: Component
    units: int
    units_given: int
    urgency: Urgency
    needed_by: dt.datetime


@dataclass(frozen=True)
class NearbyRequest:
    """A request as a donor sees it, and how far away it is."""

    request: BloodRequest
    distance_km: float | None

    @property
    def pk(self) -> uuid.UUID:
        return self.request.pk

    @property
    def status(self) -> RequestStatus:
        return self.request.state_at(clock.now())

    @property
    def units_left(self) -> int:
        """Places that may still be taken: none in a closed request."""
        return self.request.units_left if self.status in LIVE_REQUEST else 0

    @property
    def note(self) -> str:
        """Words for those who may come; a closed request has nothing to say to anybody."""
        return self.request.note if self.status in LIVE_REQUEST else ""


@dataclass(frozen=True)
class VisitQuestions:
    """What a donor is asked before a visit; `given` and `hint` once it was answered."""

    asked: questionnaire.Questionnaire
    notice: Any
    given: users.GivenAnswers | None
    hint: Eligibility | None


def requests_of(
    partner_id: uuid.UUID, *, status: str | None = None, updated_since: dt.datetime | None = None
) -> QuerySet[BloodRequest]:
    """Return the partner's requests with their waves in order, as `asked_in`."""
    rows = BloodRequest.objects.filter(partner_id=partner_id)
    if status is not None:
        rows = rows.filter(status=status)
    if updated_since is not None:
        rows = rows.filter(updated_at__gte=updated_since)
    return rows.prefetch_related(Prefetch("waves", queryset=Wave.objects.order_by("number"), to_attr="asked_in"))


def get_request_of(partner_id: uuid.UUID, request_id: uuid.UUID) -> BloodRequest:
    """Raises: NotFound, also for another partner's."""
    found = requests_of(partner_id).select_related("partner").filter(pk=request_id).first()
    if found is None:
        raise NotFound
    return found


def get_request(request_id: uuid.UUID) -> BloodRequest:
    """Return a request as any donor may see it. Raises: NotFound."""
    found = BloodRequest.objects.select_related("partner").filter(pk=request_id).first()
    if found is None:
        raise NotFound
    return found


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
    today = clock.today(donor.user.zone)
    asked = questionnaire.questionnaire_for(
        sex=Sex(donor.sex), donation_type=donation_type, on=today, language=language
    )
    given = users.answers_of(assignment.pk, language=language)
    hint = None
    if given is not None:
        answers = [questionnaire.Answer(answer.code, answer.yes, answer.on) for answer in given.answers]
        stated = questionnaire.stated_by(answers, on=today)
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


def asked_enough(donor_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of the donors who may be asked no more within a day; one query."""
    since = clock.now() - CAP_PERIOD
    asks = Ask.objects.filter(donor_id__in=list(donor_ids), created_at__gt=since).order_by().values("donor_id")
    counted = asks.annotate(times=Count("pk")).filter(times__gte=settings.DAILY_ASK_CAP)
    return set(counted.values_list("donor_id", flat=True))


def donor_of(assignment_id: uuid.UUID, *, partner_id: uuid.UUID | None = None) -> uuid.UUID:
    """Return who gave the promise (this never changes). Raises: NotFound, also for another partner's."""
    mine = Assignment.objects.filter(pk=assignment_id)
    if partner_id is not None:
        mine = mine.filter(request__partner_id=partner_id)
    donor_id = mine.values_list("donor_id", flat=True).first()
    if donor_id is None:
        raise NotFound
    return donor_id


def requests_near(*, donor: users.DonorCard, radius_km: float | None) -> list[NearbyRequest]:
    """Return the open requests that the donor's blood can help and whose reach he is within, nearest first."""
    if donor.location is None:
        return []
    radius = min(radius_km or FURTHEST_KM, FURTHEST_KM)
    now = clock.now()
    boxes = reduce(or_, (Q(place__within=box) for box in bounding_boxes(donor.location, radius)))
    rows = BloodRequest.objects.filter(boxes, status=RequestStatus.OPEN, expires_at__gt=now).select_related("partner")
    fit = [row for row in rows if is_compatible(row.recipient_group, donor.blood_group, Component(row.component))]
    near: list[Near[Any]] = nearest_first(donor.location, fit, radius)
    return [NearbyRequest(at.row, at.distance_km) for at in near if at.distance_km <= at.row.radius_km]


def candidates(request: BloodRequest, rings: Iterable[Decimal]) -> list[matching.RingCount]:
    """Return how many donors match, per ring and group."""
    component = Component(request.component)
    return matching.count_donors(
        origin=request.location,
        rings=[float(ring) for ring in rings],
        groups=compatible_donors(request.recipient_group, component),
        donation_type=donation_type_for(component),
        zone=request.partner.zone,
    )


def has_been_asked_enough(*, since: dt.datetime) -> Exists:
    """Return the condition over a donor's row that he was asked since then as often as a day allows."""
    asks = Ask.objects.filter(donor_id=OuterRef("pk"), created_at__gt=since).order_by()
    cap: int = settings.DAILY_ASK_CAP
    return Exists(asks[cap - 1 : cap])


def asks_to_tell(ask_ids: Iterable[uuid.UUID]) -> list[AskToTell]:
    """Return the asks that still need an answer: none once the request is closed or the donor has answered."""
    answered = Assignment.objects.filter(request=OuterRef("request"), donor=OuterRef("donor"))
    still_open = {"request__status": RequestStatus.OPEN, "request__expires_at__gt": clock.now()}
    rows = Ask.objects.filter(~Exists(answered), pk__in=list(ask_ids), **still_open)
    values = rows.order_by("pk").values_list("pk", "donor_id", "distance_km", "request_id")
    return [AskToTell(*row) for row in values]


def request_facts(request_id: uuid.UUID) -> RequestFacts:
    """Raises: NotFound."""
    row = get_request(request_id)
    return RequestFacts(
        id=row.pk,
        partner_id=row.partner_id,
        blood_group=BloodGroup(row.blood_group),
        component=Component(row.component),
        units=row.units,
        units_left=row.units_left,
        urgency=Urgency(row.urgency),
        needed_by=row.needed_by,
        expires_at=row.expires_at,
        note=row.note,
    )


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


def promises_past(moment: dt.datetime) -> Iterator[uuid.UUID]:
    """Yield the promises still waited for whose hour was before `moment`, a bounded number."""
    late = Assignment.objects.filter(status=AssignmentStatus.ACCEPTED, expires_at__lte=moment)
    yield from late.order_by("expires_at").values_list("pk", flat=True)[:SWEEP]


def visits_since(moment: dt.datetime) -> Iterator[uuid.UUID]:
    """Yield the donors' visits that began before `moment` and of which nothing was recorded, a bounded number."""
    waiting = Assignment.objects.filter(status=AssignmentStatus.ARRIVED, arrived_at__lte=moment)
    yield from waiting.order_by("arrived_at").values_list("pk", flat=True)[:SWEEP]


def waves_due(moment: dt.datetime) -> Iterator[uuid.UUID]:
    """Yield the open requests whose next wave is due, a bounded number."""
    due = BloodRequest.objects.filter(status=RequestStatus.OPEN, next_wave_at__lte=moment, expires_at__gt=moment)
    yield from due.order_by("next_wave_at").values_list("pk", flat=True)[:SWEEP]


def families_of_person(user_id: uuid.UUID, *, status: str | None = None) -> QuerySet[AttenderRequest]:
    """Return the person's requests with their sources as `sources`; states are those of the moment, swept or not."""
    return _families(AttenderRequest.objects.filter(requester_id=user_id), status)


def families_of_partner(
    partner_id: uuid.UUID, *, status: str | None = None, urgency: str | None = None
) -> QuerySet[AttenderRequest]:
    """Return the families' requests that the partner serves, with their sources as `sources`, and who asks."""
    rows = AttenderRequest.objects.filter(partner_id=partner_id).select_related("requester")
    if urgency is not None:
        rows = rows.filter(urgency=urgency)
    return _families(rows, status)


def get_family_of_person(user_id: uuid.UUID, request_id: uuid.UUID) -> AttenderRequest:
    """Return the person's request with its `history` and `documents`. Raises: NotFound, also for another person's."""
    return _one_family(families_of_person(user_id), request_id)


def get_family_of_partner(partner_id: uuid.UUID, request_id: uuid.UUID) -> AttenderRequest:
    """Return a request that the partner serves, with `history`, `documents`, and the bags now kept as `reserved`.

    Raises: NotFound, also for one that another partner serves
    """
    found = _one_family(families_of_partner(partner_id), request_id)
    holdings = [source.holding for source in found.sources if source.holding is not None]  # type: ignore[attr-defined]
    found.reserved = stock.held_units(holdings)  # type: ignore[attr-defined]
    return found


def has_open_family_request(user_id: uuid.UUID) -> bool:
    living = AttenderRequest.objects.filter(requester_id=user_id, status__in=sorted(LIVE_FAMILY))
    return living.filter(needed_by__gt=clock.now()).exists()


def family_facts(request_id: uuid.UUID) -> FamilyFacts:
    """Raises: NotFound."""
    row = AttenderRequest.objects.filter(pk=request_id).first()
    if row is None:
        raise NotFound
    return FamilyFacts(
        id=row.pk,
        requester_id=row.requester_id,
        partner_id=row.partner_id,
        blood_group=row.blood_group,
        component=Component(row.component),
        units=row.units,
        units_given=row.units_given,
        urgency=Urgency(row.urgency),
        needed_by=row.needed_by,
    )


def source_until(step_id: uuid.UUID) -> dt.datetime | None:
    """Return until when the bags of a family's source are kept; None when it keeps none."""
    return AttenderStep.objects.filter(pk=step_id).values_list("until", flat=True).first()


def families_unanswered(moment: dt.datetime) -> Iterator[uuid.UUID]:
    """Yield the requests whose hospital let its time pass, a bounded number."""
    due = AttenderRequest.objects.filter(status=FamilyStatus.OPEN, look_again_at__lte=moment)
    yield from due.order_by("look_again_at").values_list("pk", flat=True)[:SWEEP]


def _families(rows: QuerySet[AttenderRequest], status: str | None) -> QuerySet[AttenderRequest]:
    if status is not None:
        rows = rows & AttenderRequest.objects.standing(FamilyStatus(status), clock.now())
    sources = Prefetch("steps", queryset=AttenderStep.objects.order_by("pk"), to_attr="sources")
    return rows.select_related("partner").prefetch_related(sources)


def _one_family(rows: QuerySet[AttenderRequest], request_id: uuid.UUID) -> AttenderRequest:
    events = AttenderEvent.objects.select_related("step").order_by("pk")
    found = rows.prefetch_related(Prefetch("events", queryset=events, to_attr="history")).filter(pk=request_id).first()
    if found is None:
        raise NotFound
    found.documents = users.documents_of(found.purpose)  # type: ignore[attr-defined]
    return found
