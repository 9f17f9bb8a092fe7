"""What a family and its hospital hear, and what no text says."""

from __future__ import annotations

import datetime as dt

import pytest

from notifications.kinds import Kind
from notifications.models import Delivery, Notification
from notifications.states import Channel
from requests_app import jobs
from requests_app.services.families.settling import HOLD
from stock.models import Transfer, Unit
from stock.services.testing import release_unit
from tests.factories import make_hospital, make_user
from tests.notifications.test_handlers import channels, texts, told
from tests.partners.factories import make_member
from tests.requests_app.family_scenes import cancel, confirm, donate, issue, promise, refuse, settle, settled
from tests.stock.exchange import bank, dispatch, offer, receive
from tests.stock.scenes import give_results, make_unit

pytestmark = pytest.mark.django_db


def kinds(person) -> list[str]:
    return list(Notification.objects.filter(user_id=person.pk).order_by("pk").values_list("kind", flat=True))


@pytest.fixture
def owner():
    return make_hospital()


@pytest.fixture
def person():
    return make_user(name="Anil Patil")


def test_those_who_answer_and_those_who_keep_stock_hear_that_a_family_asks(owner, person):
    others = [make_member(owner.partner, role=role) for role in ("coordinator", "inventory")]
    stranger = make_hospital()

    settled(owner, requester=person)

    assert {row.member_id for row in told(Kind.FAMILY_ASKS)} == {owner.pk, *(member.pk for member in others)}
    assert channels(Kind.FAMILY_ASKS) == {Channel.SMS, Channel.WHATSAPP}
    assert not Notification.objects.filter(member_id=stranger.pk).exists()


def test_a_family_hears_of_each_step_from_stock_to_the_last_bag(owner, person):
    make_unit(owner.partner), make_unit(owner.partner)
    family = settled(owner, requester=person)
    confirm(family, owner)
    settle(family)
    issue(family, owner, Unit.objects.first())
    settle(family)
    issue(family, owner)

    settle(family)

    assert kinds(person) == ["family_reserved", "family_confirmed", "family_served", "family_fulfilled"]
    assert "2 of 2 units of B+" in told(Kind.FAMILY_RESERVED)[0].body
    assert "1 of 2" in told(Kind.FAMILY_SERVED)[0].body


def test_of_bags_that_are_found_after_the_yes_nothing_is_said_to_be_open(owner, person):
    family = settled(owner, requester=person, units=1)
    confirm(family, owner)
    late = give_results(make_unit(owner.partner, status="quarantined"))
    release_unit(partner_id=owner.partner_id, member_id=owner.pk, unit_id=late.pk)

    settle(family)

    assert "confirm" not in told(Kind.FAMILY_KEPT)[0].body
    assert told(Kind.FAMILY_RESERVED) == []


def test_a_family_hears_of_a_transfer_and_its_arrival(owner, person):
    sender = bank(4, 1)
    family = settled(owner, requester=person, units=1)
    for act, who in ((offer, sender), (dispatch, sender), (receive, owner)):
        act(who, Transfer.objects.get())
        settle(family)

    assert kinds(person) == ["family_transfer", "family_arrived"]


def test_a_family_hears_that_donors_are_asked_and_what_they_gave(owner, person):
    family = settled(owner, requester=person)
    donate(promise(family), owner)

    settle(family)

    assert kinds(person) == ["family_donors", "family_served"]


def test_a_family_hears_of_a_hospital_that_keeps_silent(owner, person, noon):
    make_unit(owner.partner)
    family = settled(owner, requester=person, units=1)
    noon.shift(HOLD["urgent"])

    jobs.go_on_without_hospitals()
    settle(family)

    assert kinds(person) == ["family_reserved", "family_unanswered", "family_donors"]


def test_a_no_is_told_without_its_reason(owner, person):
    family = settled(owner, requester=person)

    refuse(family, owner, reason="group_mismatch", note="The sample is A+.")
    settle(family)

    [row] = told(Kind.FAMILY_REFUSED)
    assert "A+" not in texts([row])
    assert channels(Kind.FAMILY_REFUSED) == {Channel.SMS, Channel.WHATSAPP}


def test_a_cancelled_request_is_told_to_both_sides(owner, person):
    family = settled(owner, requester=person)

    cancel(family)
    settle(family)

    assert kinds(person)[-1] == "family_cancelled"
    assert [row.member_id for row in told(Kind.FAMILY_WITHDRAWN)] == [owner.pk]


def test_a_family_for_whom_nobody_is_left_to_be_asked_hears_of_it_once(owner, person):
    family = settled(owner, requester=person, blood_group="unknown", component="whole_blood")
    confirm(family, owner)

    settle(family)

    [row] = told(Kind.FAMILY_EXHAUSTED)
    assert (row.user_id, "2 of 2" in row.body, owner.partner.name in row.body) == (person.pk, True, True)
    assert channels(Kind.FAMILY_EXHAUSTED) == {Channel.SMS, Channel.WHATSAPP}


def test_nobody_is_told_that_all_is_lost_while_donors_are_asked(owner, person):
    settled(owner, requester=person)

    assert told(Kind.FAMILY_EXHAUSTED) == []


def test_an_expired_request_is_told_with_what_was_given(owner, person, noon):
    family = settled(owner, requester=person)
    noon.shift(dt.timedelta(hours=8))

    jobs.expire_families()
    settle(family)

    assert "0 of 2" in told(Kind.FAMILY_EXPIRED)[0].body


def test_a_critical_family_is_called_when_no_text_arrives(owner, person):
    make_unit(owner.partner)

    settled(owner, requester=person, urgency="critical")

    assert all(row.is_critical for row in Notification.objects.filter(user_id=person.pk))


def test_an_unknown_group_is_said_in_the_reader_s_language(owner):
    person = make_user(language="hi")
    make_unit(owner.partner, blood_group="O-")

    settled(owner, requester=person, blood_group="unknown", units=1)

    assert "अज्ञात समूह" in told(Kind.FAMILY_RESERVED)[0].body


def test_no_text_names_the_patient_the_doctor_or_who_asks(owner, person):
    make_unit(owner.partner)
    family = settled(owner, requester=person, units=2)
    promise(family)
    confirm(family, owner)
    cancel(family)

    settle(family)

    said = texts(Notification.objects.all())
    assert Delivery.objects.count() > 8
    assert not [word for word in ("Suresh", "Leela", "Anil", person.phone, "postponed") if word in said]
