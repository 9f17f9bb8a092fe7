"""Two schedulers at once remind once, and two visits' ends plan one invitation."""

from __future__ import annotations

import datetime as dt

from common.models import OutboxEvent
from donations import jobs
from donations.models import Invitation, Reminder
from donations.services import certifying, reminding
from tests.concurrency.scenes import race_test, without_constraints
from tests.donations.scenes import verify
from tests.factories import make_hospital, make_promise, make_request
from tests.races import meeting, race

pytestmark = race_test
SCHEDULERS = 4


def due(noon, promises=3):
    owner = make_hospital()
    for _ in range(promises):
        make_promise(make_request(owner, urgency="urgent"))
    noon.shift(dt.timedelta(hours=3, minutes=10))


def reminders() -> int:
    return OutboxEvent.objects.filter(name="assignment.reminder_due").count()


def test_several_schedulers_remind_each_donor_once(noon):
    due(noon)

    race(*[jobs.remind_donors for _ in range(SCHEDULERS)])

    assert (reminders(), Reminder.objects.count()) == (3, 3)


def test_without_the_constraint_they_remind_several_times(noon, monkeypatch):
    due(noon, promises=1)
    with without_constraints((Reminder, "reminder_once")), meeting(SCHEDULERS) as wait:
        write = reminding._write_down
        monkeypatch.setattr(reminding, "_write_down", lambda *args: (wait(), write(*args))[1])

        race(*[jobs.remind_donors for _ in range(SCHEDULERS)])

        assert reminders() > 1


def test_with_the_constraint_the_same_meeting_reminds_once(noon, monkeypatch):
    due(noon, promises=1)
    with meeting(SCHEDULERS) as wait:
        write = reminding._write_down
        monkeypatch.setattr(reminding, "_write_down", lambda *args: (wait(), write(*args))[1])

        race(*[jobs.remind_donors for _ in range(SCHEDULERS)])

    assert reminders() == 1


def test_several_schedulers_invite_each_donor_once(noon):
    donation = verify()
    Invitation.objects.create(
        assignment_id=donation.assignment_id, donor_id=donation.donor_id, due_on=dt.date(2030, 7, 30)
    )
    noon.shift(dt.timedelta(days=90))

    race(*[jobs.invite_donors_back for _ in range(SCHEDULERS)])

    assert OutboxEvent.objects.filter(name="donor.eligible_again").count() == 1


def test_a_certificate_asked_for_by_many_at_once_is_one():
    donation = verify()

    outcomes = race(
        *[
            lambda: certifying.certify_for_donor(donation_id=donation.pk, donor_id=donation.donor_id)
            for _ in range(SCHEDULERS)
        ]
    )

    assert outcomes == [None] * SCHEDULERS
    assert type(donation).objects.filter(certificate__isnull=False).count() == 1
