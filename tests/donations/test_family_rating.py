"""A family rates who served it, and the hospital the family, once each and only when it is over."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from common import clock, outbox
from common.blood import BloodGroup, Sex
from donations.models import Rating
from donations.services import rating
from partners.models import Partner
from requests_app.models import AttenderRequest
from requests_app.services.families import answering, raising
from requests_app.states import RefuseReason, Urgency
from stock.components import Component
from tests.donations.scenes import verify
from tests.factories import (
    PASSWORD,
    make_arrived,
    make_hospital,
    make_user,
    member_client,
    person_client,
)
from tests.partners.factories import make_member, make_partner
from users.services import erasure

pytestmark = pytest.mark.django_db
STARS = {"stars": 4, "comment": "They called us."}


def ask(owner: Any, requester: Any = None) -> AttenderRequest:
    return raising.raise_request(
        requester_id=(requester or make_user()).pk,
        patient=raising.Patient("Suresh Patil", 61, Sex.MALE),
        doctor="Dr. Leela Rao",
        blood_group=BloodGroup.B_POS,
        component=Component.RED_CELLS,
        units=2,
        urgency=Urgency.URGENT,
        needed_by=clock.now() + dt.timedelta(hours=8),
        hospital=owner.partner_id,
    )


def refused(owner: Any = None, requester: Any = None) -> tuple[Any, AttenderRequest]:
    hospital = owner or make_hospital()
    request = ask(hospital, requester)
    answering.refuse(
        request_id=request.pk,
        partner_id=hospital.partner_id,
        member_id=hospital.pk,
        reason=RefuseReason.NOT_NEEDED,
    )
    return hospital, request


def rate(client: APIClient, request: AttenderRequest, side: str = "", **changes: Any) -> Any:
    path = f"/api/v1/{side}attender-requests/{request.pk}/rating"
    return client.post(path, {**STARS, **changes}, format="json")


def test_each_side_rates_once() -> None:
    owner, request = refused()
    family, hospital = person_client(request.requester), member_client(owner)

    made, answered = rate(family, request), rate(hospital, request, "partner/", stars=2)
    again, answered_again = rate(family, request), rate(hospital, request, "partner/")

    assert (made.status_code, answered.status_code) == (201, 201)
    assert (made.json()["stars"], made.json()["attender_request"]) == (4, str(request.pk))
    assert [(reply.status_code, reply.json()["code"]) for reply in (again, answered_again)] == [
        (409, "already_rated")
    ] * 2


def test_nothing_is_rated_before_it_is_over(noon: Any) -> None:
    owner = make_hospital()
    request = ask(owner)
    family = person_client(request.requester)

    early = rate(family, request)
    noon.shift(dt.timedelta(hours=8, seconds=1))  # over by its hour, though no sweep has run
    late = rate(person_client(request.requester), request)

    assert (early.status_code, early.json()["code"]) == (409, "not_rateable_yet")
    assert late.status_code == 201


def test_what_was_taken_back_before_the_hospital_did_anything_is_not_rated() -> None:
    owner = make_hospital()
    unseen, seen = ask(owner), ask(owner)
    answering.confirm(request_id=seen.pk, partner_id=owner.partner_id, member_id=owner.pk)
    for request in (unseen, seen):
        raising.cancel(request_id=request.pk, requester_id=request.requester_id)

    codes = [rate(person_client(request.requester), request).status_code for request in (unseen, seen)]

    assert codes == [409, 201]


def test_a_stranger_rates_nothing() -> None:
    _, request = refused()

    family = rate(person_client(make_user()), request)
    hospital = rate(member_client(make_member()), request, "partner/")

    assert (family.status_code, hospital.status_code) == (404, 404)


@pytest.mark.parametrize("stars", [0, 6, "many", None, 2.5])
def test_stars_are_one_to_five(stars: Any) -> None:
    _, request = refused()

    answer = rate(person_client(request.requester), request, stars=stars)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/stars")


def test_the_directory_shows_what_donors_and_families_thought_and_no_words() -> None:
    promise = make_arrived()
    verify(promise)
    visit = promise.assignment
    rating.rate_partner(assignment_id=visit.pk, donor_id=visit.donor_id, stars=5, comment="kind")
    rating.rate_donor(assignment_id=visit.pk, partner_id=visit.request.partner_id, stars=1, comment="late")
    _, request = refused(visit.request.posted_by)
    rate(person_client(request.requester), request)

    shown = APIClient().get(f"/api/v1/partners/{visit.request.partner_id}")

    assert (shown.json()["rating_average"], shown.json()["rating_count"]) == (4.5, 2)
    assert "called" not in shown.content.decode()


def test_nobody_s_rating_is_no_rating_and_lists_cost_the_same() -> None:
    partner = make_partner(city="Nagpur")
    counts = []
    for more in (0, 19):
        for _ in range(more):
            Partner.objects.filter(pk=make_partner(city="Nagpur").pk).update(rating_count=2, rating_stars=7)
        with CaptureQueriesContext(connection) as queries:
            rows = APIClient().get("/api/v1/partners", {"city": "Nagpur"}).json()["results"]
        counts.append(len(queries))

    assert counts[0] == counts[1]
    by_id = {row["id"]: row["rating_average"] for row in rows}
    assert by_id.pop(str(partner.pk)) is None
    assert set(by_id.values()) == {3.5}


def test_who_is_forgotten_leaves_only_the_stars() -> None:
    requester = make_user()
    requester.set_password(PASSWORD)
    requester.save()
    owner, request = refused(requester=requester)
    rate(person_client(requester), request)
    rate(member_client(owner), request, "partner/")

    erasure.erase(user_id=requester.pk, password=PASSWORD)
    outbox.drain()

    assert sorted(Rating.objects.values_list("stars", "comment")) == [(4, ""), (4, "")]
