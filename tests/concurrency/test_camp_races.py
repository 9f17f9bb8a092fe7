"""A camp under many hands: never more places than there are, one place each, one report."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from django.db.models import F

from donations.models import Camp, CampEvent, Donation, Enrolment
from donations.services import camps, enrolling
from donations.services.checking_in import Scan, check_in
from donations.services.reporting import OtherBag
from stock.models import Unit
from tests.concurrency.scenes import Clocks, race_test, unlock, waiting, without_constraints
from tests.donations.camp_scenes import come, finish, gave, is_counted, make_camp, report, take, ticket_of
from tests.factories import make_donor, make_hospital, person_client
from tests.races import meeting, names, race
from users.models import Donor, ScoreEntry

pytestmark = [race_test, pytest.mark.usefixtures("unthrottled")]


def enrolling_in(camp, donor):
    return lambda: enrolling.enrol(camp_id=camp.pk, donor_id=donor.pk)


def leaving(camp, place):
    return lambda: enrolling.leave(camp_id=camp.pk, donor_id=place.donor_id)


def cancelling(camp):
    return lambda: camps.cancel_camp(
        camp_id=camp.pk, partner_id=camp.partner_id, member_id=camp.created_by_id, reason="Rain."
    )


def test_sixty_donors_on_ten_places_leave_exactly_ten_enrolled():
    camp = make_camp(capacity=10)
    clients = [person_client(make_donor().user) for _ in range(60)]

    replies = race(*[lambda client=client: client.post(f"/api/v1/camps/{camp.pk}/enrol") for client in clients])

    assert Counter(reply.status_code for reply in replies) == {201: 10, 409: 50}
    assert {reply.json()["code"] for reply in replies if reply.status_code == 409} == {"camp_full"}
    assert is_counted(camp)
    assert camp.enrolled == 10


def test_without_the_conditional_count_and_the_constraint_a_camp_is_overfull(monkeypatch):
    camp, donors = make_camp(capacity=1), [make_donor() for _ in range(6)]
    with meeting(6) as wait, without_constraints((Camp, "camp_not_overfull")):
        look = enrolling._refuse_second_place
        monkeypatch.setattr(enrolling, "_refuse_second_place", waiting(look, wait))
        monkeypatch.setattr(enrolling, "_take_place", count_blindly)

        race(*[enrolling_in(camp, donor) for donor in donors])

        assert Enrolment.objects.count() > 1


def count_blindly(camp):
    """What a counter is without its condition: read, add one, write."""
    Camp.objects.filter(pk=camp.pk).update(enrolled=camp.enrolled + 1)


def test_the_constraint_alone_keeps_a_camp_from_being_overfull(monkeypatch):
    camp, donors = make_camp(capacity=2), [make_donor() for _ in range(6)]
    monkeypatch.setattr(enrolling, "_refuse_what_is_full_at_a_glance", lambda *_: None)
    monkeypatch.setattr(enrolling, "_take_place", count_without_looking)

    outcomes = race(*[enrolling_in(camp, donor) for donor in donors])

    assert names(outcomes) == ["CampFull"] * 4 + ["Enrolment"] * 2
    assert is_counted(camp)


def count_without_looking(camp):
    """What a counter is that leaves it to the database to say no."""
    Camp.objects.filter(pk=camp.pk).update(enrolled=F("enrolled") + 1)


def test_the_same_donor_pressing_six_times_has_one_place():
    camp, donor = make_camp(), make_donor()

    outcomes = race(*[enrolling_in(camp, donor) for _ in range(6)])

    assert names(outcomes) == ["AlreadyEnrolled"] * 5 + ["Enrolment"]
    assert is_counted(camp)


def test_the_constraint_alone_keeps_a_donor_to_one_place(monkeypatch):
    camp, donor = make_camp(), make_donor()
    with meeting(4) as wait:
        unlock(monkeypatch, "users.services.donors.lock", after=None, wait=wait)
        monkeypatch.setattr(enrolling, "_refuse_second_place", waiting(enrolling._refuse_second_place, wait))

        outcomes = race(*[enrolling_in(camp, donor) for _ in range(4)])

    assert names(outcomes) == ["AlreadyEnrolled"] * 3 + ["Enrolment"]
    assert is_counted(camp)


def test_without_lock_and_constraint_a_double_tap_takes_two_places(monkeypatch):
    camp, donor = make_camp(), make_donor()
    with meeting(2) as wait, without_constraints((Enrolment, "enrolled_once_per_camp")):
        unlock(monkeypatch, "users.services.donors.lock", after=None, wait=wait)
        monkeypatch.setattr(enrolling, "_refuse_second_place", waiting(enrolling._refuse_second_place, wait))

        race(*[enrolling_in(camp, donor) for _ in range(2)])

        assert Enrolment.objects.count() == 2


def test_a_donor_who_enrols_in_two_camps_of_one_hour_is_in_one():
    donor, two = make_donor(), [make_camp() for _ in range(4)]

    outcomes = race(*[enrolling_in(camp, donor) for camp in two])

    assert names(outcomes) == ["Enrolment"] + ["EnrolmentClash"] * 3
    assert all(is_counted(camp) for camp in two)


def test_without_the_donors_lock_he_is_in_both(monkeypatch):
    donor, two = make_donor(), [make_camp() for _ in range(2)]
    with meeting(2) as wait:
        unlock(monkeypatch, "users.services.donors.lock", after=Donor, wait=wait)
        monkeypatch.setattr(enrolling, "_refuse_second_place", waiting(enrolling._refuse_second_place, wait))

        outcomes = race(*[enrolling_in(camp, donor) for camp in two])

    assert names(outcomes) == ["Enrolment"] * 2


@pytest.mark.parametrize("attempt", range(3))
def test_enrolling_while_the_camp_is_called_off_leaves_no_place(attempt):
    camp, donors = make_camp(), [make_donor() for _ in range(6)]

    outcomes = race(cancelling(camp), *[enrolling_in(camp, donor) for donor in donors])

    assert names(outcomes[:1]) == ["Camp"]
    assert set(names(outcomes[1:])) <= {"Enrolment", "CampClosed"}
    camp.refresh_from_db()
    assert (camp.status, camp.enrolled) == ("cancelled", 0)
    assert set(camp.enrolments.values_list("status", flat=True)) <= {"cancelled"}


def test_without_the_condition_a_camp_that_is_called_off_keeps_a_place(monkeypatch):
    camp, donor = make_camp(), make_donor()
    with meeting(2) as wait:
        record = camps.record
        monkeypatch.setattr(camps, "record", lambda *args, **values: (wait(), record(*args, **values)))
        monkeypatch.setattr(enrolling, "record", waiting(enrolling.record, wait))
        monkeypatch.setattr(enrolling, "_take_place", count_without_looking)

        race(cancelling(camp), enrolling_in(camp, donor))

    camp.refresh_from_db()
    assert camp.status == "cancelled"
    assert camp.enrolments.filter(status="enrolled").exists()


@pytest.mark.parametrize("attempt", range(3))
def test_places_that_are_left_while_others_are_taken_are_counted(attempt):
    camp = make_camp(capacity=5)
    places, donors = [take(camp) for _ in range(5)], [make_donor() for _ in range(10)]

    outcomes = race(*[leaving(camp, place) for place in places], *[enrolling_in(camp, donor) for donor in donors])

    assert set(names(outcomes)) <= {"Enrolment", "CampFull"}
    assert is_counted(camp)
    assert camp.enrolled <= 5


def test_leaving_twice_frees_one_place():
    camp = make_camp(capacity=5)
    place, _ = take(camp), take(camp)

    outcomes = race(*[leaving(camp, place) for _ in range(4)])

    assert set(names(outcomes)) <= {"Enrolment", "IllegalTransition", "NotFound"}
    assert names(outcomes).count("Enrolment") == 1
    assert is_counted(camp)
    assert camp.enrolled == 1


def checking(camp, *scans):
    return lambda: check_in(camp_id=camp.pk, partner_id=camp.partner_id, member_id=camp.created_by_id, scans=scans)


def outcomes_of(answers):
    return [str(answer.outcome) for answer in answers]


def test_the_same_batch_sent_four_times_at_once_checks_everybody_in_once(noon):
    camp = make_camp()
    places = [take(camp) for _ in range(5)]
    noon.move_to(camp.starts_at)
    batch = [Scan(ticket_of(place)) for place in places]

    answers = race(*[checking(camp, *batch[::step]) for step in (1, -1, 1, -1)])

    counted = Counter(outcome for answer in answers for outcome in outcomes_of(answer))
    assert counted == {"accepted": 5, "already": 15}
    assert CampEvent.objects.filter(verb="check_in").count() == 5


def test_without_locks_the_same_donor_is_let_in_twice(monkeypatch, noon):
    camp = make_camp()
    place = take(camp)
    noon.move_to(camp.starts_at)
    camps.advance_due_camps(limit=9)
    with meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", "donations.services.checking_in.lock", after=Enrolment, wait=wait)

        answers = race(*[checking(camp, Scan(ticket_of(place))) for _ in range(2)])

    assert [outcomes_of(answer) for answer in answers] == [["accepted"]] * 2


def test_a_report_sent_four_times_at_once_counts_once(noon):
    camp = make_camp(make_hospital())
    places = come(camp, noon, *[make_donor() for _ in range(3)])
    lists = {"gave": [gave(place) for place in places], "bags": [OtherBag("A+", 450)]}

    outcomes = race(*[lambda: report(camp, **lists) for _ in range(4)])

    assert names(outcomes) == ["IllegalTransition"] * 3 + ["Report"]
    assert (Unit.objects.count(), Donation.objects.count(), ScoreEntry.objects.count()) == (4, 3, 3)


def test_an_empty_report_sent_four_times_at_once_counts_once(noon):
    camp = make_camp(make_hospital())
    finish(camp, noon)

    outcomes = race(*[lambda: report(camp) for _ in range(4)])

    assert names(outcomes) == ["IllegalTransition"] * 3 + ["Report"]
    assert CampEvent.objects.filter(verb="report").count() == 1


def test_without_locks_a_camp_is_reported_twice(monkeypatch, noon):
    camp = make_camp(make_hospital())
    finish(camp, noon)
    camps.advance_due_camps(limit=9)
    with meeting(2) as wait:
        unlock(monkeypatch, "common.db.lock", after=Camp, wait=wait)

        race(*[lambda: report(camp) for _ in range(2)])

    assert CampEvent.objects.filter(verb="report").count() == 2


def test_a_batch_that_comes_with_the_report_is_in_it_or_refused(noon):
    camp = make_camp(make_hospital())
    place = take(camp)
    finish(camp, noon)
    late = Scan(ticket_of(place), camp.starts_at)

    answers, _ = race(checking(camp, late), lambda: report(camp))

    place.refresh_from_db()
    assert (outcomes_of(answers), place.status) in [(["accepted"], "released"), (["expired"], "missed")]


def test_enrolling_in_the_last_moment_beats_the_sweep_or_is_refused(monkeypatch):
    camp, donor = make_camp(), make_donor()
    clocks = Clocks(monkeypatch)
    before, after = camp.ends_at - dt.timedelta(seconds=1), camp.ends_at + dt.timedelta(seconds=1)

    outcomes = race(
        clocks.at(before, enrolling_in(camp, donor)), clocks.at(after, lambda: camps.advance_due_camps(limit=9))
    )

    assert set(names(outcomes[:1])) <= {"Enrolment", "CampClosed"}
    assert is_counted(camp)
