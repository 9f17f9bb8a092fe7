"""Five years after an erasure nothing is left of whoever it was."""

from __future__ import annotations

import logging

import pytest
from django.db import models

from common import outbox
from donations.models import Donation, Rating
from donations.services import rating
from notifications.models import Notification
from partners.models import Complaint
from partners.services import complaints
from partners.states import ComplaintCategory
from requests_app.models import Assignment, AttenderRequest, BloodRequest
from requests_app.services.families import raising
from stock.models import Unit
from tests.donations.scenes import verify
from tests.factories import PASSWORD, make_hospital, make_user, member_client, person_client
from tests.requests_app.family_scenes import make_family
from tests.users.dump import dump
from users import jobs, personal_data
from users.models import Donor, IdentityAssurance, User
from users.services import erasure

pytestmark = pytest.mark.django_db
FIVE_YEARS = 5 * 366 * 86400
YOUNG, OLD = FIVE_YEARS - 3600, FIVE_YEARS + 3600


def forgotten_donor() -> Donation:
    """A donor who gave, rated the visit, proved a number and had the account erased."""
    donation = verify()
    user = User.objects.get(pk=donation.donor_id)
    user.set_password(PASSWORD)
    user.save()
    rating.rate_partner(assignment_id=donation.assignment_id, donor_id=user.pk, stars=4, comment="")
    person_client(user).post("/api/v1/me/identity/aadhaar", {"number": "234123412346", "consent": True}, format="json")
    erasure.erase(user_id=user.pk, password=PASSWORD)
    outbox.drain()
    return donation


def test_before_five_years_are_over_everything_stays(noon):
    donation = forgotten_donor()
    noon.shift(YOUNG)

    assert jobs.delete_old_traces() == 0
    assert Donation.objects.filter(pk=donation.pk).exists()


def test_after_five_years_no_row_knows_the_person(noon):
    donation = forgotten_donor()
    noon.shift(OLD)

    deleted = jobs.delete_old_traces()

    assert deleted == 1
    for model in (User, Donor):
        assert not model.objects.filter(pk=donation.donor_id).exists()
    for model in (Donation, Rating, Assignment, IdentityAssurance):
        assert not model.objects.exists()
    assert not Notification.objects.filter(user_id=donation.donor_id).exists()
    outbox.prune()
    assert str(donation.donor_id) not in "\n".join(line for line in dump().splitlines() if "donor:" not in line)


def test_the_bag_and_the_request_keep_their_own_history(noon):
    donation = forgotten_donor()
    noon.shift(OLD)

    jobs.delete_old_traces()

    assert Unit.objects.filter(pk=donation.unit_id).exists()
    assert BloodRequest.objects.get().units_fulfilled == 1


def test_what_a_family_asked_for_and_complained_of_names_nobody_any_more(noon):
    owner, user = make_hospital(), make_user()
    user.set_password(PASSWORD)
    user.save()
    family = make_family(owner, requester=user)
    raising.cancel(request_id=family.pk, requester_id=user.pk)
    grievance = complaints.Grievance(ComplaintCategory.CONDUCT, "Nobody was there.")
    complaints.complain_about_partner(person_id=user.pk, partner_id=owner.partner_id, grievance=grievance)
    erasure.erase(user_id=user.pk, password=PASSWORD)
    outbox.drain()
    noon.shift(OLD)

    deleted = jobs.delete_old_traces()

    assert (deleted, User.objects.filter(pk=user.pk).exists(), Complaint.objects.exists()) == (1, False, False)
    assert AttenderRequest.objects.values_list("requester", "status").get() == (None, "cancelled")
    seen = member_client(owner).get(f"/api/v1/partner/attender-requests/{family.pk}").json()
    assert seen["requester"] is None


def test_the_living_and_the_suspended_are_never_deleted(noon):
    make_user()
    make_user(is_active=False)
    noon.shift(OLD)

    assert jobs.delete_old_traces() == 0
    assert User.objects.filter(erased_at=None).count() == 2


def test_who_is_still_held_by_some_table_stays_and_the_others_go(noon, monkeypatch, caplog):
    first, second = forgotten_donor(), forgotten_donor()
    noon.shift(OLD)
    row = Donation.objects.get(pk=first.pk)

    def held(user_id):
        if user_id == first.donor_id:
            raise models.ProtectedError("held", {row})

    monkeypatch.setattr(personal_data, "_traces", [*personal_data._traces, held])
    with caplog.at_level(logging.ERROR):
        deleted = jobs.delete_old_traces()

    assert deleted == 1
    assert User.objects.filter(pk=first.donor_id).exists()
    assert not User.objects.filter(pk=second.donor_id).exists()
    assert "cannot be deleted" in caplog.text


def test_running_twice_deletes_once(noon):
    forgotten_donor()
    noon.shift(OLD)

    assert (jobs.delete_old_traces(), jobs.delete_old_traces()) == (1, 0)


def test_a_check_that_names_no_refusal_is_refused_at_the_start():
    with pytest.raises(TypeError):
        personal_data.refuses_erasure(lambda user_id: None)
