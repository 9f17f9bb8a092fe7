"""What follows a donation follows it too when it was given at a camp."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, transaction

from common import clock, outbox
from common.blood import BloodGroup
from common.db import unit_of_work
from common.models import OutboxEvent
from donations import jobs
from donations.models import CampEvent, Donation, Enrolment, Invitation
from donations.selectors import certificate_of
from notifications.models import Notification
from stock import services as stock
from stock.components import Component
from stock.services.testing import record_tests, release_unit
from tests.donations.camp_scenes import API, come, gave, make_camp, report
from tests.donations.scenes import verify
from tests.factories import (
    PASSWORD,
    make_arrived,
    make_donor,
    make_hospital,
    make_promise,
    make_request,
    member_client,
    person_client,
)
from tests.stock.scenes import CLEAR
from users import personal_data
from users.jobs import delete_old_traces
from users.models import Donor, ScoreEntry, User
from users.services import erasure

pytestmark = pytest.mark.django_db
WAIT = dt.timedelta(days=90)  # of a man, after whole blood
FIVE_YEARS = dt.timedelta(days=5 * 366, hours=1)
VERBS_OF_THE_CAMP = ["create", "publish", "start", "finish", "report"]


@pytest.fixture
def owner():
    return make_hospital(facility_code="A1234")


def given(owner, noon, donor=None) -> Donation:
    """A donation at a camp of the owner, of which everybody has been told."""
    camp = make_camp(owner)
    [place] = come(camp, noon, donor or make_donor())
    report(camp, gave=[gave(place)])
    outbox.drain()
    return Donation.objects.select_related("donor__user", "unit").get(enrolment=place)


def issue(owner, donation):
    """Test and release the bag, and give it to a patient of the house."""
    who = {"partner_id": owner.partner_id, "member_id": owner.pk, "unit_id": donation.unit_id}
    record_tests(**who, results=CLEAR, blood_group=BloodGroup.O_NEG)
    release_unit(**who)
    wanted = {"component": Component.WHOLE_BLOOD, "blood_group": BloodGroup.O_NEG, "units": 1}
    with unit_of_work():
        holding = stock.reserve_units(partner_id=owner.partner_id, actor="system", purpose="order:1", **wanted)
    with unit_of_work():
        stock.issue_units(holding_id=holding.id, actor="system", to="order:1")
    outbox.drain()


def asked_again() -> list[uuid.UUID]:
    jobs.invite_donors_back()
    outbox.drain()
    return list(Notification.objects.filter(kind="eligible_again").values_list("user_id", flat=True))


def test_everybody_who_hears_of_a_donation_hears_of_this_one(owner, noon):
    given(owner, noon)

    assert list(outbox.open_events().values_list("name", "last_error")) == []


def test_who_gave_at_a_camp_is_not_waited_for_by_a_patient(owner, noon):
    donor = make_donor()
    promise = make_promise(make_request(needed_by=clock.now() + dt.timedelta(days=2)), donor)

    given(owner, noon, donor)

    promise.assignment.refresh_from_db()
    assert (promise.assignment.status, promise.assignment.reason) == ("released", "gave_elsewhere")
    request = promise.assignment.request
    request.refresh_from_db()
    assert (request.status, request.units_promised) == ("open", 0)
    assert not ScoreEntry.objects.filter(donor=donor, delta__lt=0).exists()


def test_a_donor_who_has_arrived_already_is_the_partner_s_to_judge(owner, noon):
    donor = make_donor()
    promise = make_arrived(make_promise(make_request(needed_by=clock.now() + dt.timedelta(days=2)), donor))

    given(owner, noon, donor)

    promise.assignment.refresh_from_db()
    assert promise.assignment.status == "arrived"


def test_the_donor_is_asked_again_on_the_day_and_once(owner, noon):
    donation = given(owner, noon)

    noon.shift(WAIT - dt.timedelta(days=1, hours=8))
    before = asked_again()
    noon.shift(dt.timedelta(days=1))
    on_the_day = asked_again()

    assert (before, on_the_day, asked_again()) == ([], [donation.donor_id], [donation.donor_id])
    assert Invitation.objects.get().enrolment_id == donation.enrolment_id


def test_a_camp_takes_the_place_of_an_earlier_visit_and_a_visit_that_of_an_earlier_camp(owner, noon):
    donor = make_donor()
    verify(make_arrived(make_promise(donor=donor)))
    outbox.drain()
    noon.shift(WAIT)
    at_camp = given(owner, noon, Donor.objects.get(pk=donor.pk))
    waiting = Invitation.objects.get(status="waiting").enrolment_id
    noon.shift(WAIT)
    at_last = verify(make_arrived(make_promise(donor=Donor.objects.get(pk=donor.pk))))
    outbox.drain()

    assert waiting == at_camp.enrolment_id
    assert Invitation.objects.get(status="waiting").assignment_id == at_last.assignment_id
    assert Invitation.objects.filter(status="dropped").count() == 2


def test_to_hear_late_of_an_earlier_camp_plans_nothing(owner, noon):
    camp, donor = make_camp(owner), make_donor()
    [place] = come(camp, noon, donor)
    report(camp, gave=[gave(place)])
    OutboxEvent.objects.filter(name="donation.verified").update(available_at=clock.now() + 2 * WAIT)
    noon.shift(WAIT)
    later = verify(make_arrived(make_promise(donor=Donor.objects.get(pk=donor.pk))))
    outbox.drain()

    noon.shift(WAIT)
    outbox.drain()

    assert not outbox.open_events().exists()
    assert Invitation.objects.get().assignment_id == later.assignment_id


def test_the_donor_prints_a_certificate_of_the_day_of_the_camp(owner, noon):
    donation = given(owner, noon)

    reply = person_client(donation.donor.user).get(f"{API}/me/donations/{donation.pk}/certificate.pdf")

    assert reply.content.startswith(b"%PDF-")
    assert certificate_of(donation.pk).donated_on == dt.date(2030, 5, 1)


def test_the_donor_follows_the_bag_and_hears_where_it_went(owner, noon):
    donation = given(owner, noon)
    issue(owner, donation)

    journey = person_client(donation.donor.user).get(f"{API}/me/donations/{donation.pk}/journey").json()
    told = Notification.objects.get(kind="blood_issued")

    assert [one["now"] for one in journey["components"]] == ["issued"]
    assert (told.user_id, told.subject_id) == (donation.donor_id, donation.pk)


def test_the_partner_traces_the_donation(owner, noon):
    donation = given(owner, noon)

    trace = member_client(owner).get(f"{API}/partner/donations/{donation.pk}/trace").json()

    assert trace["din"] == donation.unit.din


def test_five_years_after_an_erasure_no_place_in_a_camp_is_left(owner, noon):
    donation = given(owner, noon)
    user = User.objects.get(pk=donation.donor_id)
    user.set_password(PASSWORD)
    user.save()
    erasure.erase(user_id=user.pk, password=PASSWORD)
    outbox.drain()
    noon.shift(FIVE_YEARS)

    assert delete_old_traces() == 1
    assert not Donation.objects.exists()
    assert not Enrolment.objects.exists()
    assert list(CampEvent.objects.order_by("id").values_list("verb", flat=True)) == VERBS_OF_THE_CAMP


def test_until_then_the_history_of_a_place_cannot_be_deleted(owner, noon):
    given(owner, noon)

    with pytest.raises(IntegrityError), transaction.atomic():
        CampEvent.objects.filter(enrolment__isnull=False).delete()


@pytest.mark.parametrize("has", ["neither", "both"])
def test_an_invitation_follows_one_visit(owner, noon, has):
    donation = given(owner, noon)
    noon.shift(WAIT)
    other = make_promise(donor=Donor.objects.get(pk=donation.donor_id)).assignment
    occasions = {"neither": {"enrolment": None}, "both": {"assignment": other}}[has]

    with pytest.raises(IntegrityError, match="invitation_has_one_occasion"), transaction.atomic():
        Invitation.objects.update(**occasions)


def test_the_export_names_the_camp_that_the_donor_was_told_of_and_the_place_that_an_invitation_follows(owner, noon):
    donor, camp = make_donor(), make_camp(owner)
    outbox.drain()
    [place] = come(camp, noon, donor)
    report(camp, gave=[gave(place)])
    outbox.drain()

    told = personal_data.export(donor.pk)["follow_ups"]

    assert [(row.get("camp_id"), row.get("enrolment_id")) for row in told] == [(None, place.pk), (camp.pk, None)]
