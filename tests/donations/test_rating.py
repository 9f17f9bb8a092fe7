"""What the two sides of a visit thought of each other."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from donations.models import Rating
from requests_app.services import visits
from tests.donations.scenes import verify
from tests.factories import (
    make_arrived,
    make_donor,
    make_hospital,
    make_promise,
    make_request,
    member_client,
    person_client,
)
from users.models import Donor

pytestmark = pytest.mark.django_db


@pytest.fixture
def given():
    owner = make_hospital()
    promise = make_arrived(make_promise(make_request(owner)))
    verify(promise)
    return owner, promise


def rate_partner(promise, client=None, **body):
    client = client or person_client(Donor.objects.get(pk=promise.assignment.donor_id).user)
    path = f"/api/v1/assignments/{promise.assignment.pk}/rating"
    return client.post(path, {"stars": 5, **body}, format="json")


def rate_donor(owner, promise, **body):
    path = f"/api/v1/partner/assignments/{promise.assignment.pk}/rating"
    return member_client(owner).post(path, {"stars": 4, **body}, format="json")


def test_each_side_rates_once(given):
    owner, promise = given

    assert rate_partner(promise, comment="Kind and quick.").status_code == 201
    assert rate_donor(owner, promise).status_code == 201

    assert rate_partner(promise, stars=1).json()["code"] == "already_rated"
    assert rate_donor(owner, promise, stars=1).status_code == 409
    assert set(Rating.objects.values_list("rated_by", "stars", "comment")) == {
        ("donor", 5, "Kind and quick."),
        ("partner", 4, ""),
    }


@pytest.mark.parametrize("stars", [0, 6, -1, "many", None, True, 4.5, [5], 10**20])
def test_stars_are_one_to_five(given, stars):
    reply = rate_partner(given[1], stars=stars)

    assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (400, "/stars")
    assert not Rating.objects.exists()


def test_a_comment_has_an_end(given):
    assert rate_partner(given[1], comment="x" * 1001).json()["errors"][0]["pointer"] == "/comment"


@pytest.mark.parametrize("arrive", [False, True])
def test_a_visit_that_is_not_over_cannot_be_rated(arrive):
    owner = make_hospital()
    promise = make_promise(make_request(owner))
    [lambda given: given, make_arrived][arrive](promise)

    for reply in (rate_partner(promise), rate_donor(owner, promise)):
        assert (reply.status_code, reply.json()["code"]) == (409, "not_rateable_yet")
        assert reply.json()["state"] == ["accepted", "arrived"][arrive]


def test_who_never_came_was_never_there(noon):
    owner = make_hospital()
    promise = make_promise(make_request(owner))
    noon.move_to(promise.assignment.expires_at)
    visits.record_no_show(assignment_id=promise.assignment.pk, partner_id=owner.partner_id, member_id=owner.pk)

    assert rate_donor(owner, promise).json()["code"] == "not_rateable_yet"


@pytest.mark.parametrize("ending", ["defer", "release"])
def test_a_visit_without_a_donation_can_be_rated_too(ending):
    owner = make_hospital()
    promise = make_arrived(make_promise(make_request(owner)))
    told = {"assignment_id": promise.assignment.pk, "partner_id": owner.partner_id, "member_id": owner.pk}
    {
        "defer": lambda: visits.defer(**told, code="cold_fever", note=""),
        "release": lambda: visits.release(**told, reason="Enough blood."),
    }[ending]()

    assert rate_partner(promise).status_code == 201


def test_strangers_rate_nothing(given):
    _, promise = given

    assert rate_partner(promise, person_client(make_donor().user)).status_code == 404
    assert rate_donor(make_hospital(), promise).status_code == 404


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"stars": 0}, "rating_is_one_to_five"),
        ({"stars": 6}, "rating_is_one_to_five"),
        ({"rated_by": "nobody"}, "rating_side_is_known"),
        ({"rated_by": "donor"}, "rating_once_each_way"),
    ],
)
def test_the_database_refuses_a_rating_that_cannot_be(given, values, constraint):
    owner, promise = given
    rate_partner(promise)
    rate_donor(owner, promise)

    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Rating.objects.filter(rated_by="partner").update(**values)

    assert caught.value.__cause__.diag.constraint_name == constraint
