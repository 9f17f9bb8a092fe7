"""From when to when donors may give is worked out again when the rules change, and only then."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.db import unit_of_work
from tests.factories import make_donor, make_user
from tests.races import race
from users import fitness, jobs
from users.jobs import refresh_windows
from users.models import Donor, EligibilityRule, PastDonation
from users.services import donors

pytestmark = pytest.mark.django_db
GAVE_ON, AFTER_90, AFTER_60 = dt.date(2030, 4, 1), dt.date(2030, 6, 30), dt.date(2030, 5, 31)


def make_waiting(**values):
    """A man who gave whole blood a month ago."""
    donor = make_donor(**values)
    PastDonation.objects.create(donor=donor, donation_type="whole_blood", donated_on=GAVE_ON)
    with unit_of_work():
        donors.refresh_window(donor)
    return donor


def interval_rules():
    return EligibilityRule.objects.filter(
        jurisdiction="IN", kind="interval", applies_to="whole_blood", previous="whole_blood", sex="male"
    )


def change_the_interval(days=60, *, on=None):
    """Edit the rule, or end it and let another follow from a day on."""
    rule = interval_rules().get()
    if on is None:
        interval_rules().update(defer_days=days)
    else:
        interval_rules().update(effective_to=on)
        rule.pk, rule.defer_days, rule.effective_from = None, days, on
        rule.save()
    fitness.forget_rules()


def opens(donor):
    return Donor.objects.get(pk=donor.pk).whole_blood_from


def test_nothing_is_done_while_the_rules_stay():
    make_waiting()

    assert refresh_windows() == 0


def test_a_changed_rule_reaches_every_donor_once():
    waiting = [make_waiting() for _ in range(3)]
    assert {opens(donor) for donor in waiting} == {AFTER_90}

    change_the_interval()

    assert (refresh_windows(), refresh_windows()) == (3, 0)
    assert {opens(donor) for donor in waiting} == {AFTER_60}


def test_a_rule_of_another_country_changes_no_date():
    make_waiting()

    EligibilityRule.objects.filter(jurisdiction="BD", kind="interval").update(defer_days=5)
    fitness.forget_rules()

    assert refresh_windows() == 0


def test_a_rule_of_bangladesh_changes_the_dates_of_who_is_called_there():
    home = make_waiting()
    abroad = make_waiting(user=make_user(phone="+8801712345678"))
    assert opens(abroad) == GAVE_ON + dt.timedelta(days=120)

    EligibilityRule.objects.filter(jurisdiction="BD", kind="interval").update(defer_days=130)
    fitness.forget_rules()

    assert (refresh_windows(), refresh_windows()) == (1, 0)
    assert (opens(abroad), opens(home)) == (GAVE_ON + dt.timedelta(days=130), AFTER_90)


def test_a_rule_announced_for_a_day_counts_from_that_day(noon):
    donor = make_waiting()
    change_the_interval(on=dt.date(2030, 5, 3))

    assert (refresh_windows(), opens(donor)) == (0, AFTER_90)
    noon.shift(dt.timedelta(days=1))
    assert (refresh_windows(), opens(donor)) == (0, AFTER_90)
    noon.shift(dt.timedelta(days=1))
    assert (refresh_windows(), opens(donor)) == (1, AFTER_60)


def test_where_the_day_begins_later_the_job_ends_and_comes_again(noon):
    donor = make_waiting(user=make_user(zone="America/New_York"))
    change_the_interval(on=dt.date(2030, 5, 2))
    noon.move_to(dt.datetime(2030, 5, 1, 20, 0, tzinfo=dt.UTC))  # 2 May in India, 1 May in New York

    assert (refresh_windows(), opens(donor)) == (1, AFTER_90)
    noon.shift(dt.timedelta(hours=12))
    assert (refresh_windows(), opens(donor)) == (1, AFTER_60)
    assert refresh_windows() == 0


def test_batches_go_through_all_and_stop_nowhere(monkeypatch):
    waiting = [make_waiting() for _ in range(5)]
    change_the_interval()
    monkeypatch.setattr(jobs, "BATCH", 2)

    assert refresh_windows() == 5
    assert {opens(donor) for donor in waiting} == {AFTER_60}


def test_a_batch_costs_the_same_queries_for_one_and_for_twenty():
    counts = []
    for size in (1, 20):
        for _ in range(size):
            make_waiting()
        Donor.objects.update(window_rules="")
        fitness.current_rules()
        with CaptureQueriesContext(connection) as queries:
            donors.refresh_stale_windows(after=None, limit=100)
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_do_each_donor_once():
    waiting = [make_waiting() for _ in range(20)]
    change_the_interval()

    done = race(*[refresh_windows] * 3)

    assert {opens(donor) for donor in waiting} == {AFTER_60}
    assert all(isinstance(count, int) for count in done)
    assert refresh_windows() == 0
