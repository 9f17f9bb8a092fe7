"""What the hospital answers: yes, no, and here are the bags."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from common import outbox
from common.db import unit_of_work
from common.errors import IllegalTransition, NotFound
from requests_app.errors import FamilyRequestExpired, FamilyServed, NothingReserved, UnitNotReserved
from requests_app.models import Assignment, AttenderRequest
from requests_app.services.families import answering, raising
from stock.models import Movement, Unit
from tests.factories import make_hospital, make_user
from tests.requests_app.family_scenes import (
    cancel,
    confirm,
    donors_asked,
    history,
    issue,
    kept,
    make_family,
    promise,
    refuse,
    settle,
    settled,
    sources,
)
from tests.requests_app.scenes import events
from tests.stock.scenes import make_unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return make_hospital()


def bags(owner, count, **values):
    return [make_unit(owner.partner, **values) for _ in range(count)]


def test_a_yes_keeps_the_bags_until_they_are_needed(owner, noon):
    bags(owner, 2)
    family = settled(owner)

    confirm(family, owner)

    settle(family)
    assert (family.status, family.look_again_at) == ("confirmed", None)
    assert set(Unit.objects.values_list("reserved_until", flat=True)) == {family.needed_by}
    noon.shift(dt.timedelta(hours=7))
    assert sources(family) == [("stock", "reserved", 2)]


def test_a_no_frees_everything_and_tells_the_donors(owner):
    bags(owner, 1)
    family = settled(owner)
    given = promise(family)

    refuse(family, owner, reason="group_mismatch", note="The sample is A+.")

    settle(family)
    assert (family.status, family.refuse_reason, family.refuse_note) == (
        "refused",
        "group_mismatch",
        "The sample is A+.",
    )
    assert (kept(), donors_asked(family)) == (0, [("cancelled", 1)])
    assert Assignment.objects.get(pk=given.assignment.pk).status == "released"
    assert events("request.cancelled")[0]["donors"] == [str(given.assignment.donor_id)]


def test_a_yes_may_turn_into_a_no(owner):
    bags(owner, 2)
    family = settled(owner)
    confirm(family, owner)

    refuse(family, owner)

    assert settle(family).status == "refused"
    assert kept() == 0


@pytest.mark.parametrize("answer", [confirm, refuse, issue])
def test_jd_10_only_the_chosen_hospital_may_act(owner, answer):
    bags(owner, 2)
    family, stranger = settled(owner), make_hospital()

    with pytest.raises(NotFound):
        answer(family, stranger)

    assert settle(family).status == "open"
    assert kept() == 2


def test_jd_10_only_the_family_itself_cancels(owner):
    family = make_family(owner)

    with pytest.raises(NotFound):
        raising.cancel(request_id=family.pk, requester_id=make_user().pk)

    cancel(family)
    family.refresh_from_db()
    assert (family.status, family.cancel_reason) == ("cancelled", "The operation was postponed.")


@pytest.mark.parametrize("end", ["cancelled", "refused", "fulfilled"])
@pytest.mark.parametrize("act", [confirm, refuse, issue, lambda family, owner: cancel(family)])
def test_what_is_over_stays_over(owner, end, act):
    bags(owner, 2)
    family = settled(owner)
    ends = {"cancelled": cancel, "refused": lambda f: refuse(f, owner), "fulfilled": lambda f: issue(f, owner)}
    ends[end](family)

    with pytest.raises(IllegalTransition):
        act(family, owner)

    assert settle(family).status == end


@pytest.mark.parametrize("act", [confirm, refuse, issue, lambda family, owner: cancel(family)])
def test_d1_nobody_answers_after_the_hour_before_any_sweep(owner, noon, act):
    bags(owner, 2)
    family = settled(owner)
    noon.shift(dt.timedelta(hours=8))

    with pytest.raises(FamilyRequestExpired):
        act(family, owner)


def test_d4_bags_handed_out_one_by_one_count_as_units(owner):
    bags(owner, 3)
    family = settled(owner, units=3)
    first = Unit.objects.filter(status="reserved").first()

    issue(family, owner, first)

    settle(family)
    assert (family.status, family.units_issued, family.units_left) == ("confirmed", 1, 2)
    assert (kept(), sources(family)) == (2, [("stock", "reserved", 3)])
    assert Movement.objects.get(unit=first, verb="issue").facts == {"to": f"attender_request:{family.pk}"}
    assert events("family.served") == [{"attender_request": str(family.pk), "units": 1, "given": 1}]


def test_the_last_bag_fulfils(owner):
    bags(owner, 2)
    family = settled(owner)

    issue(family, owner)

    settle(family)
    assert (family.status, family.units_issued, sources(family)) == ("fulfilled", 2, [("stock", "fulfilled", 2)])
    assert [verb for verb in history(family) if verb in {"confirm", "issue", "fulfil"}] == [
        "confirm",
        "fulfil",
        "issue",
        "fulfil",
    ]
    assert set(Unit.objects.values_list("status", flat=True)) == {"issued"}


def test_what_is_missing_after_a_part_goes_on_being_looked_for(owner):
    bags(owner, 1)
    family = settled(owner, units=2)

    issue(family, owner)

    settle(family)
    assert (family.status, family.units_left, donors_asked(family)) == ("confirmed", 1, [("open", 1)])


def test_without_reserved_bags_nothing_is_handed_out(owner):
    family = settled(owner)

    with pytest.raises(NothingReserved):
        issue(family, owner)

    assert settle(family).status == "open"


def test_a_bag_that_is_not_kept_for_the_family_is_not_handed_out(owner):
    bags(owner, 1)
    family = settled(owner, units=1)
    [other] = bags(owner, 1)

    with pytest.raises(UnitNotReserved):
        issue(family, owner, other)

    other.refresh_from_db()
    assert (other.status, family.units_issued) == ("available", 0)


def test_no_more_bags_than_needed_are_handed_out(owner):
    bags(owner, 2)
    family = settled(owner, units=2)
    issue(family, owner, Unit.objects.filter(status="reserved").first())
    left = Unit.objects.get(status="reserved")
    [extra] = bags(owner, 1)

    with pytest.raises(FamilyServed):
        issue(family, owner, left, extra)


def test_lapsed_bags_are_not_handed_out(owner, noon):
    bags(owner, 1)
    family = settled(owner, units=1)
    noon.shift(dt.timedelta(hours=1))

    with pytest.raises(NothingReserved):
        issue(family, owner)


def test_a_suspended_hospital_serves_no_family(owner):
    bags(owner, 1)
    family = settled(owner)
    with unit_of_work():
        outbox.emit("partner.suspended", key=f"partner:{owner.partner_id}", partner=str(owner.partner_id))

    settle(family)

    assert (family.status, family.refuse_reason, kept()) == ("refused", "partner_suspended", 0)


def test_a_family_that_asked_while_the_hospital_was_being_suspended_is_told_at_once(owner):
    bags(owner, 1)
    family = make_family(owner)
    owner.partner.status = "suspended"
    owner.partner.save()

    settle(family)

    assert (family.status, family.refuse_reason) == ("refused", "partner_suspended")
    assert (kept(), donors_asked(family)) == (0, [])


def test_an_unknown_request_is_not_found(owner):
    with pytest.raises(NotFound):
        answering.confirm(request_id=uuid.uuid4(), partner_id=owner.partner_id, member_id=owner.pk)

    assert not AttenderRequest.objects.exists()
