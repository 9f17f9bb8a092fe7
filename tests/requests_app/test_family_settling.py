"""Where a family's blood comes from: the hospital's stock first, then donors; and what happens when a source fails."""

from __future__ import annotations

import datetime as dt

import pytest

from common import clock
from common.blood import Sex
from common.db import unit_of_work
from requests_app import jobs
from requests_app.models import Assignment
from requests_app.services import posting
from requests_app.services.families.history import unsettle
from requests_app.services.families.raising import Patient
from requests_app.services.families.settling import HOLD
from stock.jobs import expire_units, lapse_reservations
from stock.models import Reservation, Unit
from stock.services.crossmatching import record_crossmatch
from stock.services.leaving import discard_unit
from stock.services.testing import release_unit
from tests.factories import make_hospital
from tests.requests_app.family_scenes import (
    arrive,
    cancel,
    confirm,
    donate,
    donors_asked,
    give,
    history,
    issue,
    kept,
    make_family,
    promise,
    settle,
    settled,
    sources,
)
from tests.stock.scenes import give_results, make_unit, reserve

pytestmark = pytest.mark.django_db


def match(owner, unit, result):
    record_crossmatch(partner_id=owner.partner_id, member_id=owner.pk, unit_id=unit.pk, result=result)


@pytest.fixture
def owner():
    return make_hospital()


def bags(owner, count, **values):
    return [make_unit(owner.partner, **values) for _ in range(count)]


def test_compatible_stock_of_the_hospital_is_kept_for_the_family(owner):
    bags(owner, 3)

    family = settled(owner)

    assert sources(family) == [("stock", "reserved", 2)]
    assert kept() == 2
    assert {row.purpose for row in Reservation.objects.all()} == {f"attender_request:{family.pk}"}
    assert family.look_again_at == family.steps.get().until
    assert history(family) == ["raise", "ask", "reserve"]


def test_a_bag_that_ends_before_it_is_needed_is_kept_for_nobody(owner, noon):
    needed_by = clock.now() + dt.timedelta(days=6)
    bags(owner, 1, expires_at=needed_by)
    [fresh] = bags(owner, 1, expires_at=needed_by + dt.timedelta(seconds=1))

    family = settled(owner, needed_by=needed_by)

    assert sources(family)[0] == ("stock", "reserved", 1)
    assert Unit.objects.get(status="reserved") == fresh


def test_settling_again_changes_nothing(owner):
    bags(owner, 1)
    family = settled(owner)
    before = history(family)

    with unit_of_work():
        unsettle(family)
    settle(family)

    assert history(family) == before
    assert sources(family) == [("stock", "reserved", 1), ("transfer", "unavailable", 1), ("donors", "asked", 1)]


def test_d4_what_the_hospital_lacks_is_asked_of_others_and_then_of_donors(owner):
    bags(owner, 1)

    family = settled(owner, units=3)

    assert sources(family) == [("stock", "reserved", 1), ("transfer", "unavailable", 2), ("donors", "asked", 2)]
    assert donors_asked(family) == [("open", 2)]


def test_no_member_posted_what_donors_are_asked_for_a_family_and_it_says_nothing_of_the_patient(owner):
    family = settled(owner)

    asked = family.steps.get(kind="donors").blood_request

    assert (asked.posted_by_id, asked.note, asked.partner_id) == (None, "", owner.partner_id)
    assert (asked.blood_group, asked.component, asked.needed_by) == ("B+", "red_cells", family.needed_by)


@pytest.mark.parametrize(("age", "sex", "asked"), [(61, Sex.MALE, "O+"), (28, Sex.FEMALE, "O-")])
def test_an_unknown_group_gets_what_every_such_patient_may_have(owner, age, sex, asked):
    bags(owner, 1), bags(owner, 1, blood_group="O-")

    family = settled(owner, blood_group="unknown", patient=Patient("Anon", age, sex))

    assert sources(family)[0] == ("stock", "reserved", 1)
    assert Unit.objects.get(status="reserved").blood_group == "O-"
    assert family.steps.get(kind="donors").blood_request.blood_group == asked


def test_donors_are_not_asked_for_an_unknown_group_when_no_group_is_safe(owner):
    family = settled(owner, blood_group="unknown", component="whole_blood")

    assert ("donors", "unavailable", 2) in sources(family)
    assert donors_asked(family) == []


def test_a_silent_hospital_lets_its_bags_go_and_the_family_goes_on(owner, noon):
    bags(owner, 2)
    family = settled(owner)
    noon.shift(HOLD["urgent"])

    assert sources(family) == [("stock", "lapsed", 2)]
    assert jobs.go_on_without_hospitals() == 1
    assert jobs.go_on_without_hospitals() == 0

    settle(family)
    assert family.status == "open"
    assert sources(family) == [("stock", "lapsed", 2), ("transfer", "unavailable", 2), ("donors", "asked", 2)]
    assert reserve(owner.partner).units


def test_the_sweep_of_stock_has_the_same_end(owner, noon):
    bags(owner, 2)
    family = settled(owner)
    noon.shift(HOLD["urgent"])

    lapse_reservations()

    settle(family)
    assert sources(family) == [("stock", "lapsed", 2), ("transfer", "unavailable", 2), ("donors", "asked", 2)]
    assert jobs.go_on_without_hospitals() == 0


def test_a_late_yes_finds_the_bags_again_and_donors_need_not_come(owner, noon):
    bags(owner, 2)
    family = settled(owner)
    noon.shift(HOLD["urgent"])
    jobs.go_on_without_hospitals()
    settle(family)
    given = promise(family)

    confirm(family, owner)

    settle(family)
    assert sources(family)[-1] == ("stock", "reserved", 2)
    assert donors_asked(family) == [("cancelled", 2)]
    assert Assignment.objects.get(pk=given.assignment.pk).status == "released"
    assert kept() == 2


def test_a_critical_request_asks_donors_at_once_for_what_the_hospital_does_not_have(owner):
    bags(owner, 1)

    family = settled(owner, units=3, urgency="critical")

    assert donors_asked(family) == [("open", 2)]
    assert family.steps.get(kind="donors").blood_request.urgency == "critical"


def test_d4_a_lost_bag_is_made_good_from_stock(owner):
    first, *_ = bags(owner, 3)
    family = settled(owner, units=2)
    lost = Unit.objects.filter(status="reserved").first()

    discard_unit(partner_id=owner.partner_id, member_id=owner.pk, unit_id=lost.pk, reason="broken")

    settle(family)
    assert sources(family) == [("stock", "reserved", 1), ("stock", "reserved", 1)]
    assert kept() == 2


def test_d4_of_three_bags_one_that_expires_is_asked_of_donors_and_two_stay(owner, noon):
    opened, *_ = bags(owner, 3)
    family = settled(owner, units=3)
    confirm(family, owner)
    Unit.objects.filter(pk=opened.pk).update(expires_at=clock.now() + dt.timedelta(minutes=50))
    noon.shift(dt.timedelta(minutes=51))

    expire_units()

    settle(family)
    assert sources(family) == [("stock", "reserved", 2), ("stock", "unavailable", 1), ("transfer", "unavailable", 1),
                               ("donors", "asked", 1)]  # fmt: skip
    assert (kept(), family.units_given) == (2, 0)


def test_bags_that_the_hospital_has_later_are_kept_for_a_family_that_waits_for_donors(owner):
    family = settled(owner)
    confirm(family, owner)
    given = promise(settle(family))
    late = give_results(make_unit(owner.partner, status="quarantined"))

    release_unit(partner_id=owner.partner_id, member_id=owner.pk, unit_id=late.pk)

    settle(family)
    assert ("stock", "reserved", 1) in sources(family)
    assert (kept(), donors_asked(family)) == (1, [("assigned", 1)])
    assert Assignment.objects.get(pk=given.assignment.pk).status == "accepted"


def test_what_one_family_lets_go_the_next_one_has(owner):
    bags(owner, 2)
    first, second = settled(owner), settled(owner, urgency="critical")

    cancel(first)

    settle(first)
    assert sources(settle(second))[-1] == ("stock", "reserved", 2)
    assert donors_asked(second) == [("cancelled", 2)]


def test_a_hospital_that_did_not_answer_keeps_nothing_again_by_itself(owner, noon):
    bags(owner, 2)
    family = settled(owner)
    noon.shift(HOLD["urgent"])
    lapse_reservations()
    settle(family)

    release_unit(
        partner_id=owner.partner_id,
        member_id=owner.pk,
        unit_id=give_results(make_unit(owner.partner, status="quarantined")).pk,
    )

    settle(family)
    assert (kept(), donors_asked(family)) == (0, [("open", 2)])


def test_bags_that_join_others_give_a_silent_hospital_no_more_time(owner, noon):
    bags(owner, 1)
    family = settled(owner)
    noon.shift(HOLD["urgent"] / 2)
    late = give_results(make_unit(owner.partner, status="quarantined"))
    release_unit(partner_id=owner.partner_id, member_id=owner.pk, unit_id=late.pk)
    settle(family)
    joined = kept()

    noon.shift(HOLD["urgent"] / 2)
    lapse_reservations()
    jobs.go_on_without_hospitals()

    settle(family)
    assert (joined, kept(), donors_asked(family)[-1]) == (2, 0, ("open", 2))


def test_the_bag_of_a_donation_that_was_counted_is_not_counted_again(owner):
    family = settled(owner)
    donate(promise(family), owner)
    settle(family)
    own = give_results(make_unit(owner.partner, status="quarantined"))

    release_unit(partner_id=owner.partner_id, member_id=owner.pk, unit_id=own.pk)

    settle(family)
    assert (family.units_donated, kept(), donors_asked(family)) == (1, 0, [("open", 2)])


def test_a_bag_that_does_not_go_with_the_patient_is_free_for_others_and_another_is_kept(owner):
    [first] = bags(owner, 1, expires_at=clock.now() + dt.timedelta(days=3))
    [second] = bags(owner, 1)
    family = settled(owner, units=1)

    match(owner, first, "incompatible")

    settle(family)
    assert sources(family) == [("stock", "failed", 1), ("stock", "reserved", 1)]
    assert [Unit.objects.get(pk=bag.pk).status for bag in (first, second)] == ["available", "reserved"]
    assert issue(family, owner).status == "fulfilled"


def test_a_bag_that_does_not_go_with_the_patient_is_not_kept_again(owner):
    [only] = bags(owner, 1)
    family = settled(owner, units=1)

    match(owner, only, "incompatible")

    settle(family)
    assert (kept(), donors_asked(family)) == (0, [("open", 1)])
    assert sources(family)[0] == ("stock", "failed", 1)


def test_a_donation_for_the_family_counts_as_a_unit_given(owner):
    family = settled(owner)
    donate(promise(family), owner)

    settle(family)

    assert (family.units_donated, family.units_left, family.status) == (1, 1, "open")
    assert sources(family)[-1] == ("donors", "asked", 2)


def test_the_last_donation_fulfils_the_family(owner):
    family = settled(owner)
    donate(promise(family), owner), settle(family)
    donate(promise(family), owner)

    settle(family)

    assert (family.units_donated, family.status) == (2, "fulfilled")
    assert sources(family)[-1] == ("donors", "fulfilled", 2)


def test_a_donation_frees_the_bag_that_the_patient_needs_no_longer(owner):
    family = settled(owner, urgency="critical", units=2)
    given = [promise(family), promise(family)]
    for one in given:
        arrive(one, owner)
    bags(owner, 2)
    confirm(family, owner)
    settle(family)
    assert kept() == 2

    give(given[0], owner)
    settle(family)

    assert (kept(), family.units_left) == (1, 1)


def test_who_has_arrived_is_not_sent_away_when_the_bags_suffice(owner):
    family = settled(owner, urgency="critical", units=2)
    here, coming = arrive(promise(family), owner), promise(family)
    bags(owner, 2)

    confirm(family, owner)
    settle(family)

    statuses = [Assignment.objects.get(pk=one.assignment.pk).status for one in (here, coming)]
    assert statuses == ["arrived", "released"]
    assert donors_asked(family) == [("assigned", 1)]


def test_bags_that_cover_a_part_lower_what_donors_are_asked(owner):
    family = settled(owner, urgency="critical", units=3)
    bags(owner, 1)

    confirm(family, owner)
    settle(family)

    assert donors_asked(family) == [("open", 2)]


def test_when_the_hospital_ends_the_asking_donors_are_not_asked_again(owner):
    family = settled(owner)
    asked = family.steps.get(kind="donors").blood_request
    posting.cancel_request(request_id=asked.pk, partner_id=owner.partner_id, member_id=owner.pk, reason="No room.")

    settle(family)

    assert sources(family)[-1] == ("donors", "failed", 2)
    assert (family.status, family.donors_open) == ("open", False)
    assert len(donors_asked(family)) == 1


def test_a_cancelled_family_frees_bags_and_donors(owner):
    bags(owner, 1)
    family = settled(owner)
    given = promise(family)

    cancel(family)
    settle(family)

    assert (family.status, kept()) == ("cancelled", 0)
    assert donors_asked(family) == [("cancelled", 1)]
    assert Assignment.objects.get(pk=given.assignment.pk).status == "released"
    assert {status for _, status, _ in sources(family)} == {"released", "unavailable"}


def test_d1_an_expired_family_frees_everything_and_holds_nothing_before_the_sweep(owner, noon):
    bags(owner, 1)
    family = settled(owner)
    confirm(family, owner)
    settle(family)
    noon.shift(dt.timedelta(hours=8))

    assert kept() == 0

    jobs.expire_families()
    settle(family)
    assert family.status == "expired"
    assert not family.steps.filter(status__in=["reserved", "asked"]).exists()


def test_a_family_that_ended_before_it_was_looked_for_is_left_alone(owner):
    bags(owner, 2)
    family = make_family(owner)
    cancel(family)

    settle(family)

    assert (sources(family), kept()) == ([], 0)


def test_after_the_last_bag_everything_else_is_let_go(owner):
    bags(owner, 1)
    family = settled(owner, urgency="critical", units=2)
    given = promise(family)
    bags(owner, 1)
    confirm(family, owner)
    settle(family)

    issue(family, owner)
    settle(family)

    assert (family.status, family.units_issued, kept()) == ("fulfilled", 2, 0)
    assert Assignment.objects.get(pk=given.assignment.pk).status == "released"
