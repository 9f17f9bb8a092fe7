"""Whatever happens in whatever order: the counts are true, the states agree, the ledger explains the score."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common import clock
from common.errors import DomainError
from requests_app import jobs
from requests_app.models import Assignment, BloodRequest
from requests_app.services import posting, promises, visits
from requests_app.states import LIVE_ASSIGNMENT, LIVE_REQUEST
from tests.donations.scenes import verify
from tests.factories import make_donor, make_hospital, make_request
from tests.requests_app.scenes import ask
from users.models import Donor, PastDonation

pytestmark = pytest.mark.django_db

DONORS = 4
WHO = st.integers(0, DONORS - 1)
ACTS = st.one_of(
    st.tuples(
        st.sampled_from(["accept", "accept", "stand_by", "cancel", "arrive", "guess", "verify", "wrong_group"]), WHO
    ),
    st.tuples(st.sampled_from(["release", "no_show", "defer"]), WHO),
    st.tuples(st.sampled_from(["wait", "sweep", "ask", "cancel_request"]), st.just(0)),
)


@contextmanager
def afterwards_undone():
    """Take back what one example wrote; commands see the test's own transaction, as always in tests."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


class Story:
    """One request of two units, four donors, and what they do."""

    def __init__(self, clock):
        self.clock = clock
        self.owner = make_hospital()
        self.request = make_request(self.owner, units=2)
        self.donors = [make_donor(km_north=1 + index) for index in range(DONORS)]
        self.codes = {}

    def act(self, verb, who):
        """Do it if it may be done."""
        try:
            getattr(self, verb)(self.donors[who])
        except DomainError:
            return

    def last(self, donor):
        found = Assignment.objects.filter(donor=donor).order_by("pk").last()
        return found or Assignment(pk=self.request.pk, donor=donor, request=self.request)

    def door(self, donor):
        return {
            "assignment_id": self.last(donor).pk,
            "partner_id": self.owner.partner_id,
            "member_id": self.owner.pk,
        }

    def accept(self, donor):
        given = promises.accept(request_id=self.request.pk, donor_id=donor.pk)
        self.codes[given.assignment.pk] = given.code

    def stand_by(self, donor):
        promises.stand_by(request_id=self.request.pk, donor_id=donor.pk)

    def cancel(self, donor):
        promises.cancel_promise(assignment_id=self.last(donor).pk, donor_id=donor.pk, reason="Ill.")

    def arrive(self, donor):
        visits.record_arrival(**self.door(donor), code=self.codes.get(self.last(donor).pk, ""))

    def guess(self, donor):
        visits.record_arrival(**self.door(donor), code="x")

    def verify(self, donor):
        verify(promises.Promise(self.last(donor), ""))

    def wrong_group(self, donor):
        verify(promises.Promise(self.last(donor), ""), blood_group="A+")

    def release(self, donor):
        visits.release(**self.door(donor), reason="Over.")

    def no_show(self, donor):
        """Say so once the hour has come."""
        waited_for = Assignment.objects.filter(donor=donor, status="accepted").order_by("pk").last()
        if waited_for is not None:
            self.clock.move_to(max(waited_for.expires_at, clock.now()))
        visits.record_no_show(**self.door(donor))

    def defer(self, donor):
        visits.defer(**self.door(donor), code="tattoo", note="")

    def wait(self, _):
        self.clock.shift(dt.timedelta(hours=3))

    def sweep(self, _):
        jobs.miss_unvisited_assignments()
        jobs.release_forgotten_visits()
        jobs.expire_requests()

    def ask(self, _):
        ask(self.request)

    def cancel_request(self, _):
        posting.cancel_request(
            request_id=self.request.pk, partner_id=self.owner.partner_id, member_id=self.owner.pk, reason="Over."
        )

    def check(self):
        request = BloodRequest.objects.get(pk=self.request.pk)
        promised = Assignment.objects.filter(request=request, status__in=LIVE_ASSIGNMENT).count()
        donated = Assignment.objects.filter(request=request, status="donated").count()
        assert request.units_promised == promised
        assert request.units_fulfilled <= donated
        assert promised + request.units_fulfilled <= request.units
        assert (request.status == "fulfilled") == (request.units_fulfilled == request.units)
        assert (request.status == "assigned") <= (request.units_left == 0)
        assert (request.status == "open") <= (request.units_left > 0)
        assert (request.status in LIVE_REQUEST) or promised == 0
        assert (request.status in LIVE_REQUEST) or request.next_wave_at is None
        assert not request.waves.filter(stopped_at=None).exclude(request__status="open").exists()
        assert not [wave for wave in request.waves.all() if wave.answered > wave.asked]
        for donor in Donor.objects.annotate(total=Sum("score_entries__delta")):
            assert donor.score == (donor.total or 0)
            assert donor.verified_donations == PastDonation.objects.filter(donor=donor).count()
            assert donor.strikes < 3


@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(ACTS, min_size=4, max_size=20))
def test_counts_states_and_ledger_agree_after_every_act(noon, acts):
    noon.move_to(dt.datetime(2030, 5, 1, 6, 30, tzinfo=dt.UTC))
    with afterwards_undone():
        story = Story(noon)
        for verb, who in acts:
            story.act(verb, who)
            story.check()


def test_the_story_can_be_told_to_its_end(noon):
    story = Story(noon)
    for verb, who in [
        ("ask", 0),
        ("accept", 0),
        ("accept", 1),
        ("stand_by", 2),
        ("cancel", 1),
        ("ask", 0),
        ("accept", 2),
        ("arrive", 0),
        ("wrong_group", 0),
        ("arrive", 2),
        ("verify", 2),
        ("accept", 3),
        ("arrive", 3),
        ("verify", 3),
    ]:
        getattr(story, verb)(story.donors[who])
        story.check()

    request = BloodRequest.objects.get()
    assert (request.status, request.units_fulfilled) == ("fulfilled", 2)
    assert sorted(Donor.objects.values_list("score", flat=True)) == [-10, 10, 10, 10]
