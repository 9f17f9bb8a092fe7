"""Donors near a camp are told once; those who come are reminded; nobody is told at night."""

from __future__ import annotations

import datetime as dt

import pytest

from common import clock, outbox
from donations import jobs
from donations.models import Camp, CampInvite, Enrolment
from donations.services import announcing, camps, enrolling
from notifications.models import Delivery, Notification
from requests_app.services import waves
from tests.donations.camp_scenes import API, HOUR, finish, make_camp, take
from tests.donations.scenes import verify
from tests.factories import make_arrived, make_donor, make_hospital, make_promise, make_request, member_client
from tests.partners.factories import make_member
from tests.requests_app.scenes import events
from users.models import Donor, PastDonation

pytestmark = pytest.mark.django_db
DAY = 24 * HOUR


def told(kind="camp_nearby"):
    return set(Notification.objects.filter(kind=kind).values_list("user_id", flat=True))


def invited(camp):
    return set(CampInvite.objects.filter(camp=camp).values_list("donor_id", flat=True))


def test_donors_within_twenty_kilometres_are_told_and_nobody_else():
    near, edge = make_donor(km_north=1, blood_group="AB+"), make_donor(km_north=19.5)
    make_donor(km_north=20.5), make_donor(available=False)
    resting = make_donor()
    PastDonation.objects.create(donor=resting, donation_type="whole_blood", donated_on=clock.now().date())
    Donor.objects.filter(pk=resting.pk).update(whole_blood_from=clock.now().date() + dt.timedelta(days=90))
    camp = make_camp()

    outbox.drain()

    assert told() == invited(camp) == {near.pk, edge.pk}
    texts = list(Delivery.objects.filter(notification__kind="camp_nearby").values_list("channel", "body"))
    assert {channel for channel, _ in texts} == {"sms"}
    assert all("Town hall" in body and "1 May 16:00" in body for _, body in texts)


def test_who_may_give_only_by_the_camps_date_is_told():
    donor = make_donor()
    Donor.objects.filter(pk=donor.pk).update(whole_blood_from=clock.now().date() + dt.timedelta(days=5))
    soon, later = make_camp(), make_camp(starts_at=clock.now() + 6 * DAY)

    outbox.drain()

    assert (invited(soon), invited(later)) == (set(), {donor.pk})


def test_each_is_told_once_whatever_is_repeated():
    make_donor(), make_donor()
    camp = make_camp()
    outbox.drain()

    Camp.objects.update(next_invite_at=clock.now())
    again = jobs.tell_of_camps()
    outbox.drain()

    assert again == 1
    assert Notification.objects.filter(kind="camp_nearby").count() == 2
    assert len(events("camp.donors_invited")) == 1
    camp.refresh_from_db()
    assert camp.next_invite_at is None


def test_many_are_told_in_batches_and_none_is_forgotten(monkeypatch):
    monkeypatch.setattr(announcing, "BATCH", 2)
    monkeypatch.setattr(announcing, "LOOKED_AT", 3)
    far = [make_donor(km_north=50) for _ in range(4)]
    near = [make_donor(km_north=index) for index in range(1, 6)]
    far += [make_donor(km_north=60) for _ in range(4)]

    camp = make_camp()
    outbox.drain()

    assert invited(camp) == told() == {donor.pk for donor in near}
    assert all(len(payload["donors"]) <= 2 for payload in events("camp.donors_invited"))


def test_nobody_is_sent_to_a_camp_that_is_full_until_a_place_is_given_up(noon, monkeypatch):
    monkeypatch.setattr(announcing, "BATCH", 1)
    first, second = make_donor(km_north=1), make_donor(km_north=2)
    camp = make_camp(capacity=1, starts_at=clock.now() + 6 * HOUR)
    announcing.run_due_invitations(camp_id=camp.pk)
    (early,) = invited(camp)
    take(camp, Donor.objects.get(pk=early))

    outbox.drain()
    while_full = invited(camp)
    enrolling.leave(camp_id=camp.pk, donor_id=early)
    noon.shift(HOUR)
    jobs.tell_of_camps()
    outbox.drain()

    assert while_full == {early}
    assert invited(camp) == {first.pk, second.pk}


def test_a_batch_reads_a_bounded_number_of_donors_by_one_index(django_assert_max_num_queries):
    for _ in range(30):
        make_donor()
    camp = make_camp()

    with django_assert_max_num_queries(12):
        announcing.run_due_invitations(camp_id=camp.pk)

    assert len(invited(camp)) == 30


def test_nobody_is_told_at_night_but_in_the_morning(noon):
    make_donor()
    noon.move_to(dt.datetime(2030, 5, 1, 17, 0, tzinfo=dt.UTC))  # 22:30 in India
    camp = make_camp(starts_at=clock.now() + DAY)

    outbox.drain()
    at_night, waits_until = told(), Camp.objects.get().next_invite_at
    noon.move_to(dt.datetime(2030, 5, 2, 1, 31, tzinfo=dt.UTC))  # 07:01
    jobs.tell_of_camps()
    outbox.drain()

    assert at_night == set()
    assert waits_until == dt.datetime(2030, 5, 2, 1, 30, tzinfo=dt.UTC)
    assert len(told()) == len(invited(camp)) == 1


def test_one_camp_a_day_and_the_other_a_day_later(noon):
    donor = make_donor()
    first, second = (make_camp(starts_at=clock.now() + days * DAY) for days in (3, 4))

    outbox.drain()
    on_the_first_day = invited(first), invited(second)
    noon.shift(DAY + HOUR)
    jobs.tell_of_camps()
    outbox.drain()

    assert on_the_first_day == ({donor.pk}, set())
    assert invited(second) == {donor.pk}


def test_who_was_asked_for_blood_often_enough_is_left_in_peace_for_a_day(settings, noon):
    settings.DAILY_ASK_CAP = 1
    donor = make_donor()
    waves.run_due_waves(request_id=make_request(urgency="critical").pk)
    camp = make_camp(starts_at=clock.now() + 3 * DAY)

    outbox.drain()
    at_first = invited(camp)
    noon.shift(DAY + HOUR)
    jobs.tell_of_camps()

    assert (at_first, invited(camp)) == (set(), {donor.pk})


def test_a_camp_called_off_before_the_telling_tells_nobody():
    make_donor()
    camp = make_camp()
    camps.cancel_camp(camp_id=camp.pk, partner_id=camp.partner_id, member_id=camp.created_by_id, reason="Rain.")

    outbox.drain()

    assert (told(), invited(camp)) == (set(), set())


def test_those_enrolled_are_reminded_the_day_before_once(noon):
    camp = make_camp(starts_at=clock.now() + 2 * DAY)
    outbox.drain()
    coming, left = take(camp), take(camp)
    Enrolment.objects.filter(pk=left.pk).update(status="left")

    early = jobs.remind_of_camps()
    noon.shift(DAY + HOUR)
    due = jobs.remind_of_camps(), jobs.remind_of_camps()
    outbox.drain()

    assert (early, due) == (0, (1, 0))
    assert told("camp_reminder") == {coming.donor_id}


def test_who_has_given_meanwhile_is_not_reminded_of_a_camp_that_may_not_take_him(noon):
    camp = make_camp(starts_at=clock.now() + 2 * DAY)
    outbox.drain()
    donor = make_donor()
    take(camp, donor), take(camp)
    verify(make_arrived(make_promise(donor=donor)))
    noon.shift(DAY + HOUR)

    jobs.remind_of_camps()
    outbox.drain()

    assert donor.pk not in told("camp_reminder")
    assert len(told("camp_reminder")) == 1


def test_a_reminder_waits_for_the_morning(noon):
    noon.move_to(dt.datetime(2030, 5, 1, 0, 30, tzinfo=dt.UTC))  # 06:00 in India
    camp = make_camp(starts_at=clock.now() + 2 * DAY)
    place = take(camp)
    noon.shift(DAY)
    jobs.remind_of_camps()
    outbox.drain()
    at_night = told("camp_reminder")

    noon.shift(2 * HOUR)
    jobs.remind_of_camps()
    outbox.drain()

    assert (at_night, told("camp_reminder")) == (set(), {place.donor_id})


def test_nobody_is_reminded_of_a_camp_that_was_published_on_its_eve(noon):
    take(make_camp())

    reminded = jobs.remind_of_camps()
    noon.shift(HOUR)

    assert (reminded, jobs.remind_of_camps()) == (0, 0)


def test_those_enrolled_are_told_that_a_camp_is_called_off():
    owner = make_hospital()
    camp = make_camp(owner)
    place = take(camp)
    member_client(owner).post(f"{API}/partner/camps/{camp.pk}/cancel", {"reason": "Rain."}, format="json")

    outbox.drain()
    outbox.drain()

    rows = Notification.objects.filter(kind="camp_cancelled")
    assert [(row.user_id, row.is_critical) for row in rows] == [(place.donor_id, True)]
    assert "Rain" not in rows[0].body


def test_those_who_deal_with_donors_are_told_that_the_report_is_due(noon):
    owner = make_hospital()
    coordinator = make_member(owner.partner, role="coordinator")
    make_member(owner.partner, role="inventory")
    camp = make_camp(owner)
    finish(camp, noon)

    jobs.advance_camps()
    outbox.drain()
    jobs.advance_camps()
    outbox.drain()

    rows = Notification.objects.filter(kind="camp_report_due")
    assert {row.member_id for row in rows} == {owner.pk, coordinator.pk}
    assert rows.count() == 2


def test_who_was_told_of_old_camps_is_forgotten(noon):
    make_donor()
    camp = make_camp()
    outbox.drain()

    kept = announcing.prune_invites()
    finish(camp, noon)
    noon.shift(8 * DAY)

    assert (kept, announcing.prune_invites(), CampInvite.objects.count()) == (0, 1, 0)
