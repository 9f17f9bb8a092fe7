"""One donation, whatever is pressed at the same moment."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from common.blood import BloodGroup
from donations.models import Donation
from donations.services import verifying
from requests_app.models import Assignment
from requests_app.services import posting
from stock.models import DinCounter, Unit
from tests.concurrency.scenes import is_consistent, race_test, unlock, waiting, without_constraints
from tests.donations.scenes import verify
from tests.factories import make_arrived, make_hospital, make_promise, make_request
from tests.races import meeting, names, race
from users.models import Donor, PastDonation, ScoreEntry

pytestmark = race_test
LOCKS = ("common.db.lock", "users.services.donors.lock")


def written():
    return [model.objects.count() for model in (Donation, Unit, ScoreEntry, PastDonation)]


def test_two_verifies_make_one_donation_one_unit_and_one_score():
    promise = make_arrived()

    outcomes = race(*[lambda: verify(promise) for _ in range(4)])

    assert names(outcomes) == ["AlreadyVerified"] * 3 + ["Donation"]
    assert written() == [1, 1, 1, 1]
    assert Donor.objects.values_list("score", "verified_donations").get() == (10, 1)
    assert DinCounter.objects.get().last == 1
    assert is_consistent(promise.assignment.request_id)


def test_the_constraints_alone_keep_it_to_one(monkeypatch):
    promise = make_arrived()
    with meeting(3) as wait:
        unlock(monkeypatch, *LOCKS, after=None, wait=wait)
        look = verifying.donors.refuse_ineligible
        monkeypatch.setattr(verifying.donors, "refuse_ineligible", waiting(look, wait))

        outcomes = race(*[lambda: verify(promise) for _ in range(3)])

    assert names(outcomes).count("Donation") == 1
    assert written() == [1, 1, 1, 1]


def test_without_locks_and_constraints_there_are_several(monkeypatch):
    promise = make_arrived()
    bags = itertools.count(1)

    def collect_unit(*, actor, **values):
        """What `stock` does, without the rows that make everybody wait: the counter, and the count of one group."""
        number = next(bags)
        values["blood_group"] = list(BloodGroup)[number]
        return Unit.objects.create(
            din=f"A000130{number:06}", expires_at=values["collected_at"] + dt.timedelta(days=1), **values
        )

    monkeypatch.setattr(verifying.stock, "collect_unit", collect_unit)
    rules = ((Donation, "donation_once_per_assignment"), (ScoreEntry, "score_once_per_assignment"))
    with without_constraints(*rules), meeting(3) as wait:
        unlock(monkeypatch, *LOCKS, after=Assignment, wait=wait)

        outcomes = race(*[lambda: verify(promise) for _ in range(3)])

        assert names(outcomes).count("Donation") > 1
        assert written()[0] > 1


def test_donors_of_one_request_are_verified_side_by_side():
    owner = make_hospital()
    request = make_request(owner, units=6)
    visits = [make_arrived(make_promise(request)) for _ in range(6)]

    outcomes = race(*[lambda visit=visit: verify(visit) for visit in visits])

    assert names(outcomes) == ["Donation"] * 6
    request.refresh_from_db()
    assert (request.status, request.units_promised, request.units_fulfilled) == ("fulfilled", 0, 6)
    assert len(set(Unit.objects.values_list("din", flat=True))) == 6


@pytest.mark.parametrize("attempt", range(2))
def test_verifying_while_the_request_is_cancelled_ends_one_way_or_the_other(attempt):
    promise = make_arrived()
    request = promise.assignment.request
    outcomes = race(
        lambda: verify(promise),
        lambda: posting.cancel_request(
            request_id=request.pk, partner_id=request.partner_id, member_id=request.posted_by_id, reason="Late."
        ),
    )

    assert names(outcomes) in (["Donation", "IllegalTransition"], ["BloodRequest", "IllegalTransition"])
    assert is_consistent(request.pk)
    assert Donation.objects.count() == Unit.objects.count() == ScoreEntry.objects.count()
