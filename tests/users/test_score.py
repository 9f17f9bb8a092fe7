"""The score, the ledger that explains it, the tag and the lock."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError
from django.db.models import Sum

from common import clock
from common.blood import DonationType
from common.db import command, unit_of_work
from common.models import OutboxEvent
from tests.factories import make_donor, make_user, person_client
from tests.races import meeting, race, without_locks
from users import jobs
from users.errors import AccountLocked
from users.models import Donor, ScoreEntry
from users.services import donors, otp
from users.states import ScoreReason

pytestmark = pytest.mark.django_db
SCORE = "/api/v1/me/donor/score"


def break_promise(donor, reason=ScoreReason.CANCELLED, assignment=None):
    with unit_of_work():
        held = donors.hold_donor(donor_id=donor.pk)
        donors.penalise(held, reason=reason, assignment_id=assignment or uuid.uuid4())


def give(donor):
    with unit_of_work():
        donors.record_donation(
            donors.hold_donor(donor_id=donor.pk),
            donation_id=uuid.uuid4(),
            assignment_id=uuid.uuid4(),
            donation_type=DonationType.WHOLE_BLOOD,
            red_cells_lost=False,
            donated_on=clock.today("Asia/Kolkata"),
            confirmed_group=None,
            partner_id=uuid.uuid4(),
        )


@command
def refuse_unfit(donor):
    held = donors.hold_donor(donor_id=donor.pk)
    donors.refuse_unfit(held, donation_type=DonationType.WHOLE_BLOOD, zone="Asia/Kolkata")


def score(donor):
    return person_client(donor.user).get(SCORE).json()


def test_a_new_donor_has_none():
    assert score(make_donor()) == {
        "score": 0,
        "tag": "none",
        "verified_donations": 0,
        "strikes": 0,
        "locked_until": None,
        "entries": [],
    }


def test_the_ledger_explains_every_point():
    donor = make_donor()
    give(donor)
    break_promise(donor)
    break_promise(donor, ScoreReason.MISSED)

    body = score(donor)

    assert [(line["delta"], line["reason"]) for line in body["entries"]] == [
        (-10, "missed"),
        (-10, "cancelled"),
        (10, "donated"),
    ]
    assert body["score"] == sum(line["delta"] for line in body["entries"]) == -10
    assert (body["verified_donations"], body["strikes"]) == (1, 2)


@pytest.mark.parametrize(
    ("donations", "tag"),
    [(0, "none"), (1, "none"), (2, "bronze"), (4, "bronze"), (5, "gold"), (9, "gold"), (10, "platinum")],
)
def test_the_tag_is_by_verified_donations(donations, tag):
    assert make_donor(verified_donations=donations).tag == tag


def test_the_third_broken_promise_locks_for_thirty_days(noon):
    donor = make_donor()
    break_promise(donor)
    break_promise(donor)
    assert score(donor)["locked_until"] is None

    break_promise(donor)

    body = score(donor)
    locked_for = dt.datetime.fromisoformat(body["locked_until"]) - clock.now()
    assert dt.timedelta(days=29, hours=23) < locked_for <= dt.timedelta(days=30)
    assert body["strikes"] == 0
    event = OutboxEvent.objects.get(name="donor.locked")
    assert (event.key, event.payload) == (f"user:{donor.pk}", {"donor": str(donor.pk)})


def test_after_a_lock_it_takes_three_again(noon):
    donor = make_donor()
    for _ in range(3):
        break_promise(donor)
    noon.shift(dt.timedelta(days=31))
    jobs.unlock_donors()

    break_promise(donor)
    break_promise(donor)
    assert score(donor)["locked_until"] is None
    break_promise(donor)
    assert score(donor)["locked_until"] is not None


def test_a_lock_that_is_over_locks_nothing_even_before_the_job_has_run(noon):
    donor = make_donor()
    for _ in range(3):
        break_promise(donor)

    with pytest.raises(AccountLocked):
        refuse_unfit(donor)
    noon.shift(dt.timedelta(days=30, seconds=5))
    refuse_unfit(donor)
    assert score(donor)["locked_until"] is None


def test_the_job_unlocks_all_who_are_due_in_batches_and_tells_them_once(noon, monkeypatch):
    monkeypatch.setattr(jobs, "BATCH", 2)
    now = clock.now()
    due = [make_donor(locked_until=now - dt.timedelta(minutes=n + 1)) for n in range(5)]
    later = make_donor(locked_until=now + dt.timedelta(days=1))

    assert (jobs.unlock_donors(), jobs.unlock_donors()) == (5, 0)

    told = OutboxEvent.objects.filter(name="donor.unlocked")
    assert {event.payload["donor"] for event in told} == {str(donor.pk) for donor in due}
    assert [donor.pk for donor in Donor.objects.exclude(locked_until=None)] == [later.pk]


def test_one_promise_counts_once():
    donor, assignment = make_donor(), uuid.uuid4()
    break_promise(donor, assignment=assignment)

    with pytest.raises(IntegrityError, match="score_once_per_assignment"):
        break_promise(donor, assignment=assignment)


RACE = pytest.mark.django_db(transaction=True)


@RACE
def test_broken_promises_at_the_same_moment_all_count():
    donor = make_donor()

    race(*[lambda: break_promise(donor)] * 5)

    after = Donor.objects.get()
    assert after.score == ScoreEntry.objects.aggregate(sum=Sum("delta"))["sum"] == -50
    assert after.strikes == 2
    assert OutboxEvent.objects.filter(name="donor.locked").count() == 1


@RACE
def test_control_without_the_lock_strikes_are_lost(monkeypatch):
    donor = make_donor()
    with meeting(2) as wait:

        def look_together(model, ids):
            rows = without_locks(model, ids)
            wait()
            return rows

        monkeypatch.setattr(donors, "lock", look_together)
        race(*[lambda: break_promise(donor)] * 2)

    assert Donor.objects.get().strikes == 1


@RACE
def test_two_jobs_at_once_unlock_each_donor_once():
    for _ in range(6):
        make_donor(locked_until=clock.now() - dt.timedelta(minutes=1))

    assert sum(race(jobs.unlock_donors, jobs.unlock_donors)) == 6
    assert OutboxEvent.objects.filter(name="donor.unlocked").count() == 6


def test_who_is_no_donor_has_no_score():
    assert person_client(make_user()).get(SCORE).json()["code"] == "not_a_donor"


def test_nobody_elses_lines_are_shown():
    mine, other = make_donor(), make_donor()
    break_promise(other)

    assert score(mine)["entries"] == []


def test_pruning_forgets_old_codes_and_sessions(noon):
    from tests.users.people import ask, login, make_person  # noqa: PLC0415

    person = make_person()
    ask(person.phone)
    login(person)
    noon.shift(dt.timedelta(days=130))

    assert (otp.prune(), jobs.prune_sessions()) == (1, 1)
