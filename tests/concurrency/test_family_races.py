"""A family's request under many hands: posted, answered, cancelled, served and expired at the same moment."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db.models import Sum

from common import clock, outbox
from common.db import unit_of_work
from requests_app.models import AttenderEvent, AttenderRequest
from requests_app.services.families import following, raising, settling
from requests_app.services.families.raising import MOST_OPEN, expire_due
from stock import services
from stock.models import Movement
from tests.concurrency.scenes import Clocks, race_test, unlock, waiting, without_constraints
from tests.factories import make_hospital, make_user
from tests.races import meeting, names, race
from tests.requests_app.family_scenes import (
    arrive,
    cancel,
    confirm,
    give,
    history,
    issue,
    kept,
    make_family,
    promise,
    refuse,
    settle,
    settled,
    verify_identity,
)
from tests.stock.scenes import counts_are_true, make_unit
from users.models import User

pytestmark = [race_test, pytest.mark.usefixtures("unthrottled")]
LOCK = "common.db.lock"


@pytest.fixture
def owner():
    return make_hospital()


def served(owner, bags=1, **values):
    """A family for whom bags are kept."""
    for _ in range(bags):
        make_unit(owner.partner)
    return settled(owner, **{"units": bags, **values})


def ends(family):
    return AttenderEvent.objects.filter(
        request=family, step=None, verb__in=["fulfil", "cancel", "refuse", "expire"]
    ).count()


def posts(owner, person, count):
    return [lambda: make_family(owner, requester=person) for _ in range(count)]


def test_c9_an_unverified_family_that_posts_six_times_at_once_has_one_request(owner):
    person = make_user()

    outcomes = race(*posts(owner, person, 6))

    assert names(outcomes) == ["AttenderRequest"] + ["FamilyRequestOpen"] * 5
    assert AttenderRequest.objects.count() == 1


def test_c9_without_the_constraint_it_has_several(owner):
    person = make_user()
    with without_constraints((AttenderRequest, "one_open_request_of_the_unverified")):
        outcomes = race(*posts(owner, person, 6))

        assert names(outcomes).count("AttenderRequest") > 1


def test_a_verified_person_keeps_to_the_limit_when_pressing_all_at_once(owner):
    person = verify_identity(make_user())
    for _ in range(MOST_OPEN - 1):
        make_family(owner, requester=person)

    outcomes = race(*posts(owner, person, 5))

    assert names(outcomes) == ["AttenderRequest"] + ["FamilyRequestsTooMany"] * 4


def test_without_the_person_s_lock_the_limit_leaks(owner, monkeypatch):
    person = verify_identity(make_user())
    for _ in range(MOST_OPEN - 1):
        make_family(owner, requester=person)
    with meeting(3) as wait:
        unlock(monkeypatch, LOCK, after=User, wait=wait)
        monkeypatch.setattr(raising, "_refuse_too_many", waiting(raising._refuse_too_many, wait))

        outcomes = race(*posts(owner, person, 3))

    assert names(outcomes).count("AttenderRequest") > 1


def test_a_yes_against_a_cancel_leaves_nothing_kept_for_a_cancelled_family(owner):
    family = served(owner)

    outcomes = race(lambda: confirm(family, owner), lambda: cancel(family))

    assert names(outcomes[1:]) == ["AttenderRequest"]
    assert names(outcomes[:1])[0] in {"AttenderRequest", "IllegalTransition"}
    assert (settle(family).status, kept(), ends(family)) == ("cancelled", 0, 1)
    assert counts_are_true()


def test_without_the_lock_a_cancelled_family_is_confirmed(owner, monkeypatch):
    family = served(owner)
    with meeting(2) as wait:
        unlock(monkeypatch, LOCK, after=AttenderRequest, wait=wait)

        race(lambda: cancel(family), lambda: confirm(family, owner))

    told = AttenderEvent.objects.filter(request=family, verb__in=["cancel", "confirm"]).order_by("pk")
    assert {(row.verb, row.status) for row in told} == {("cancel", "cancelled"), ("confirm", "confirmed")}


def test_a_no_against_a_yes_ends_in_no_with_everything_free(owner):
    family = served(owner)

    outcomes = race(lambda: refuse(family, owner), lambda: confirm(family, owner))

    assert names(outcomes[:1]) == ["AttenderRequest"]
    assert (settle(family).status, kept(), ends(family)) == ("refused", 0, 1)


def test_without_the_lock_a_refused_family_is_confirmed(owner, monkeypatch):
    family = served(owner)
    with meeting(2) as wait:
        unlock(monkeypatch, LOCK, after=AttenderRequest, wait=wait)

        race(lambda: refuse(family, owner), lambda: confirm(family, owner))

    told = AttenderEvent.objects.filter(request=family, verb__in=["refuse", "confirm"])
    assert {(row.verb, row.status) for row in told} == {("refuse", "refused"), ("confirm", "confirmed")}


def test_two_members_who_say_yes_together_say_it_once(owner):
    family = served(owner)

    outcomes = race(*[lambda: confirm(family, owner) for _ in range(4)])

    assert names(outcomes) == ["AttenderRequest"] + ["IllegalTransition"] * 3
    assert AttenderEvent.objects.filter(request=family, verb="confirm").count() == 1


def test_without_the_lock_they_say_it_twice(owner, monkeypatch):
    family = served(owner)
    with meeting(2) as wait:
        unlock(monkeypatch, LOCK, after=AttenderRequest, wait=wait)

        outcomes = race(*[lambda: confirm(family, owner) for _ in range(2)])

    assert names(outcomes) == ["AttenderRequest", "AttenderRequest"]


def test_handing_out_against_cancelling_has_one_end(owner):
    family = served(owner)

    outcomes = race(lambda: issue(family, owner), lambda: cancel(family))

    assert names(outcomes) == ["AttenderRequest", "IllegalTransition"]
    settle(family)
    assert (family.status, family.units_issued) in [("fulfilled", 1), ("cancelled", 0)]
    assert (kept(), ends(family)) == (0, 1)
    assert counts_are_true()


def test_without_the_lock_a_family_is_served_and_cancelled(owner, monkeypatch):
    family = served(owner)
    with meeting(2) as wait:
        unlock(monkeypatch, LOCK, after=AttenderRequest, wait=wait)

        outcomes = race(lambda: issue(family, owner), lambda: cancel(family))

    assert names(outcomes) == ["AttenderRequest", "AttenderRequest"]
    assert ends(family) == 2


def test_two_members_who_hand_out_together_count_each_bag_once(owner):
    family = served(owner, bags=3)

    outcomes = race(*[lambda: issue(family, owner) for _ in range(4)])

    assert names(outcomes) == ["AttenderRequest"] + ["IllegalTransition"] * 3
    assert (settle(family).units_issued, family.status) == (3, "fulfilled")
    assert counts_are_true()


def test_the_bags_lock_alone_keeps_them_from_being_handed_out_twice(owner, monkeypatch):
    family = served(owner)
    with meeting(2) as wait:
        unlock(monkeypatch, LOCK, after=AttenderRequest, wait=wait)

        outcomes = race(*[lambda: issue(family, owner) for _ in range(2)])

    assert names(outcomes) == ["AttenderRequest", "NothingReserved"]
    assert Movement.objects.filter(verb="issue").count() == 1


def donor_and_bag(owner):
    """A family that needs one unit, with a donor who is here and a bag that is kept."""
    family = settled(owner, units=1, urgency="critical")
    given = arrive(promise(family), owner)
    make_unit(owner.partner)
    confirm(family, owner)
    settle(family)
    assert kept() == 1
    return family, given


def test_without_the_lock_a_donation_and_a_bag_both_fulfil(owner, monkeypatch):
    family, given = donor_and_bag(owner)
    give(given, owner)

    def count():
        with unit_of_work():
            following.count_donation(assignment_id=given.assignment.pk)

    with meeting(2) as wait:
        unlock(monkeypatch, LOCK, after=AttenderRequest, wait=wait)

        race(count, lambda: issue(family, owner))

    assert ends(family) == 2


def test_a_donation_and_a_bag_for_the_last_unit_count_one(owner):
    family, given = donor_and_bag(owner)

    race(lambda: give(given, owner), lambda: issue(family, owner), outbox.drain)

    settle(family)
    assert (family.units_given, family.status, kept()) == (1, "fulfilled", 0)


def test_a_yes_at_the_last_moment_against_the_sweep_has_one_end(owner, monkeypatch):
    family = served(owner)
    clocks = Clocks(monkeypatch)
    before, after = family.needed_by - dt.timedelta(seconds=1), family.needed_by

    outcomes = race(clocks.at(before, lambda: confirm(family, owner)), clocks.at(after, lambda: expire_due(limit=10)))

    family.refresh_from_db()
    said = (type(outcomes[0]).__name__, outcomes[1], family.status)
    assert said in [
        ("AttenderRequest", 0, "confirmed"),  # the sweep passes over what somebody holds
        ("AttenderRequest", 1, "expired"),
        ("FamilyRequestExpired", 1, "expired"),
    ]


def test_without_locks_a_yes_brings_an_expired_family_back(owner, monkeypatch):
    family = served(owner)
    clocks = Clocks(monkeypatch)
    before, after = family.needed_by - dt.timedelta(seconds=1), family.needed_by
    with meeting(2) as wait:
        unlock(monkeypatch, LOCK, after=AttenderRequest, wait=wait)

        def look(rows, *, limit):
            found = list(rows[:limit])
            wait()
            return found

        monkeypatch.setattr(raising, "lock_free", look)
        outcomes = race(
            clocks.at(before, lambda: confirm(family, owner)), clocks.at(after, lambda: expire_due(limit=10))
        )

    assert (type(outcomes[0]).__name__, outcomes[1]) == ("AttenderRequest", 1)


def test_a_cancel_while_blood_is_looked_for_leaves_nothing_kept(owner):
    for _ in range(4):
        make_unit(owner.partner)
    families = [make_family(owner) for _ in range(4)]

    race(outbox.drain, outbox.drain, *[lambda family=family: cancel(family) for family in families])

    assert {settle(family).status for family in families} == {"cancelled"}
    assert kept() == 0
    assert counts_are_true()


def test_without_the_lock_bags_are_kept_for_a_family_that_has_cancelled(owner, monkeypatch):
    make_unit(owner.partner)
    family = make_family(owner, units=1)
    cancelled, reserve_units = threading.Event(), services.reserve_units

    def reserve_late(**values):
        cancelled.wait(10)
        return reserve_units(**values)

    def look_for_blood():
        with unit_of_work():
            settling.settle_stock(request_id=family.pk)

    monkeypatch.setattr(services, "reserve_units", reserve_late)
    with meeting(2) as wait:
        unlock(monkeypatch, LOCK, after=AttenderRequest, wait=wait)

        race(look_for_blood, lambda: (cancel(family), cancelled.set()))

    assert history(family)[-3:] == ["cancel", "ask", "reserve"]
    assert kept() == 1


def test_ten_families_share_six_bags_and_none_twice(owner):
    for _ in range(6):
        make_unit(owner.partner)
    for _ in range(10):
        make_family(owner, units=1, needed_by=clock.now() + dt.timedelta(hours=3))

    race(outbox.drain, outbox.drain, outbox.drain)
    outbox.drain()

    assert kept() == 6
    reserved = AttenderRequest.objects.filter(steps__kind="stock", steps__status="reserved")
    assert reserved.aggregate(bags=Sum("steps__units"))["bags"] == 6
