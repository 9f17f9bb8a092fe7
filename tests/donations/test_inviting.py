"""Who came is asked again once he may give: once a visit, by day, and only who wants to be asked."""

from __future__ import annotations

import datetime as dt

import pytest

from common import outbox
from donations import jobs
from donations.models import Invitation
from notifications.models import Notification
from requests_app.models import Ask, Wave
from requests_app.services import visits
from tests.donations.scenes import verify
from tests.factories import make_arrived, make_donor, make_hospital, make_promise, make_request, make_user
from users.models import Donor, User
from users.services import donors as donor_services

pytestmark = pytest.mark.django_db
WAIT = dt.timedelta(days=90)  # of a man, after whole blood


def given(donor=None):
    donation = verify(make_arrived(make_promise(donor=donor)))
    outbox.drain()
    return donation


def asked_again() -> list[Notification]:
    jobs.invite_donors_back()
    outbox.drain()
    return list(Notification.objects.filter(kind="eligible_again"))


def test_a_donor_is_asked_on_the_day_and_once(noon):
    donation = given()

    noon.shift(WAIT - dt.timedelta(days=1))
    before = len(asked_again())
    noon.shift(dt.timedelta(days=1))
    on_the_day, again = asked_again(), asked_again()

    assert (before, len(on_the_day), len(again)) == (0, 1, 1)
    assert on_the_day[0].user_id == donation.donor_id
    assert Invitation.objects.get().status == "sent"


@pytest.mark.parametrize(("shift", "count"), [(-4, 0), (-3, 1), (6, 1), (7, 0)])
def test_nobody_is_woken(noon, shift, count):
    given()
    noon.shift(WAIT + dt.timedelta(hours=shift))  # from noon

    assert len(asked_again()) == count


def test_the_day_is_that_of_the_donors_zone(noon):
    far = make_user(lat="18.52", lng="73.8567", zone="Pacific/Auckland")
    given(make_donor(user=far))
    noon.shift(WAIT + dt.timedelta(hours=-4))  # 08:00 in India, 14:30 in Auckland

    assert [row.user_id for row in asked_again()] == [far.pk]


def test_a_donor_found_unfit_for_a_while_is_asked_when_it_is_over(noon):
    promise = make_arrived()
    request = promise.assignment.request
    visits.defer(
        assignment_id=promise.assignment.pk,
        partner_id=request.partner_id,
        member_id=request.posted_by_id,
        code="centre_temporary",
        note="",
        pause_until=dt.date(2030, 5, 11),
    )
    outbox.drain()

    noon.shift(dt.timedelta(days=9))
    before = len(asked_again())
    noon.shift(dt.timedelta(days=1))

    assert (before, len(asked_again())) == (0, 1)


def test_a_later_visit_takes_the_place_of_an_earlier_one(noon):
    donor = make_donor()
    given(donor)
    noon.shift(WAIT)
    given(donor)

    assert asked_again() == []
    assert sorted(Invitation.objects.values_list("status", flat=True)) == ["dropped", "waiting"]


def test_a_new_deferral_puts_it_off(noon):
    donation = given()
    noon.shift(WAIT - dt.timedelta(days=2))
    donor_services.declare_deferral(user_id=donation.donor_id, code="antibiotics", occurred_on=dt.date(2030, 7, 28))

    noon.shift(dt.timedelta(days=2))
    before = len(asked_again())
    noon.shift(dt.timedelta(days=12))

    assert (before, len(asked_again())) == (0, 1)


def test_who_may_never_give_again_is_not_asked(noon):
    donation = given()
    donor_services.declare_deferral(user_id=donation.donor_id, code="cancer", occurred_on=dt.date(2030, 5, 1))

    noon.shift(WAIT + dt.timedelta(days=800))

    assert asked_again() == []
    assert Invitation.objects.get().status == "dropped"


def test_who_wants_no_requests_or_is_locked_or_gone_is_not_asked(noon):
    quiet, locked, gone = given(), given(), given()
    noon.shift(WAIT)
    Donor.objects.filter(pk=quiet.donor_id).update(available=False)
    Donor.objects.filter(pk=locked.donor_id).update(locked_until=dt.datetime(2030, 8, 9, tzinfo=dt.UTC))
    User.objects.filter(pk=gone.donor_id).update(is_active=False)

    assert asked_again() == []
    found = dict(Invitation.objects.values_list("donor_id", "due_on"))
    assert found[quiet.donor_id] == dt.date(2030, 8, 6)
    assert found[locked.donor_id] == dt.date(2030, 8, 10)
    assert Invitation.objects.get(donor_id=gone.donor_id).status == "dropped"


def test_who_is_on_the_way_or_was_asked_enough_today_is_asked_another_day(noon, settings):
    coming, tired = given(), given()
    noon.shift(WAIT)
    make_promise(make_request(make_hospital(), blood_group="O-"), Donor.objects.get(pk=coming.donor_id))
    for _ in range(settings.DAILY_ASK_CAP):
        request = make_request(make_hospital())
        wave = Wave.objects.create(request=request, number=9, radius_km=1, started_at=request.created_at)
        Ask.objects.create(
            request=request, wave=wave, donor_id=tired.donor_id, distance_km=1, created_at=request.created_at
        )

    first = asked_again()
    noon.shift(dt.timedelta(days=1, hours=1))

    assert first == []
    assert [row.user_id for row in asked_again()] == [tired.donor_id]


def test_a_batch_costs_the_same_whatever_its_size(noon, django_assert_max_num_queries):
    for _ in range(6):
        given()
    noon.shift(WAIT)

    with django_assert_max_num_queries(25):
        assert jobs.invite_donors_back() == 6
