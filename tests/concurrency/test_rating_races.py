"""One rating each way."""

from __future__ import annotations

from donations.models import Rating
from donations.services import rating
from partners.models import Partner
from tests.concurrency.scenes import race_test, without_constraints
from tests.donations.scenes import verify
from tests.donations.test_family_rating import refused
from tests.factories import make_arrived
from tests.races import names, race

pytestmark = race_test


def rates(promise):
    given = promise.assignment
    return lambda: rating.rate_partner(assignment_id=given.pk, donor_id=given.donor_id, stars=5, comment="")


def test_rating_four_times_at_once_counts_once():
    promise = make_arrived()
    verify(promise)

    outcomes = race(*[rates(promise) for _ in range(4)])

    assert names(outcomes) == ["AlreadyRated"] * 3 + ["Rating"]
    assert Rating.objects.count() == 1


def test_without_the_constraint_all_would_count():
    promise = make_arrived()
    verify(promise)

    with without_constraints((Rating, "rating_once_each_way")):
        outcomes = race(*[rates(promise) for _ in range(4)])

        assert names(outcomes) == ["Rating"] * 4


def rates_hospital(request):
    return lambda: rating.rate_hospital(request_id=request.pk, requester_id=request.requester_id, stars=5, comment="")


def test_a_family_that_rates_four_times_at_once_counts_once():
    _, request = refused()

    outcomes = race(*[rates_hospital(request) for _ in range(4)])

    assert names(outcomes) == ["AlreadyRated"] * 3 + ["Rating"]
    assert Partner.objects.get(pk=request.partner_id).rating_count == 1


def test_without_the_constraint_a_family_would_count_four_times():
    _, request = refused()

    with without_constraints((Rating, "rating_once_each_way")):
        outcomes = race(*[rates_hospital(request) for _ in range(4)])

        assert names(outcomes) == ["Rating"] * 4
