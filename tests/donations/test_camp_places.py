"""Places in a camp: who gets one, who may not, and how one is given back."""

from __future__ import annotations

import base64
import datetime as dt

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from common import clock, outbox
from donations.models import Camp, Enrolment
from donations.tickets import read_ticket, ticket_key
from tests.donations.camp_scenes import API, HOUR, begin, finish, is_counted, make_camp, make_draft, take
from tests.factories import PASSWORD, make_donor, make_hospital, make_user, person_client
from users.models import Donor, PastDonation

pytestmark = pytest.mark.django_db


def enrol(camp, donor):
    return person_client(donor.user).post(f"{API}/camps/{camp.pk}/enrol")


def leave(camp, donor):
    return person_client(donor.user).post(f"{API}/camps/{camp.pk}/leave")


def test_a_place_comes_with_a_ticket_that_names_nobody():
    camp, donor = make_camp(), make_donor(blood_group="AB+")  # a group that chance cannot write in base64url

    reply = enrol(camp, donor)

    place = Enrolment.objects.get()
    told = reply.json()
    ticket = read_ticket(told["ticket"])
    assert (reply.status_code, told["status"], told["camp"]["places_left"]) == (201, "enrolled", 9)
    assert (ticket.enrolment_id, ticket.camp_id) == (place.pk, camp.pk)
    assert told["ticket_qr"].startswith("data:image/svg+xml")
    assert is_counted(camp)
    for secret in (donor.user.name, donor.user.phone, donor.user.public_id, str(donor.pk), donor.blood_group):
        assert secret not in told["ticket"]


def test_the_ticket_can_be_shown_again_and_again_until_the_place_is_left():
    camp, donor = make_camp(), make_donor()
    given = enrol(camp, donor).json()["ticket"]
    enrol(camp, make_donor())
    client = person_client(donor.user)

    shown = client.get(f"{API}/me/enrolments").json()["results"]
    leave(camp, donor)
    afterwards = client.get(f"{API}/me/enrolments").json()["results"]

    assert [row["ticket"] for row in shown] == [given]
    assert [(row["status"], row["ticket"], row["ticket_qr"]) for row in afterwards] == [("left", None, None)]


@pytest.mark.parametrize("change", [lambda text: text[:-4] + "AAA=", lambda text: text[:20] + "AAAA" + text[24:]])
def test_a_ticket_that_was_changed_is_none(change):
    text = enrol(make_camp(), make_donor()).json()["ticket"]

    assert read_ticket(text) is not None
    assert read_ticket(change(text)) is None


@pytest.mark.parametrize("text", ["", "jeevansetu:camp:", "jeevansetu:camp:AAA", "ünïcode", "x" * 200, "\x00", "=" * 9])
def test_no_other_text_is_a_ticket(text):
    assert read_ticket(text) is None


def test_a_hall_without_network_can_check_a_ticket_by_the_public_key():
    text = enrol(make_camp(), make_donor()).json()["ticket"]
    found = base64.urlsafe_b64decode(text.removeprefix("jeevansetu:camp:"))
    key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(ticket_key()))

    key.verify(found[32:], b"jeevansetu:camp:" + found[:32])


def test_the_last_place_is_taken_and_a_place_left_is_free_again():
    camp, first, second = make_camp(capacity=1), make_donor(), make_donor()
    enrol(camp, first)

    full = enrol(camp, second)
    left = leave(camp, first)
    taken = enrol(camp, second)
    late = enrol(camp, first)

    assert (full.status_code, full.json()["code"]) == (409, "camp_full")
    assert (left.status_code, left.json()["status"], left.json()["camp"]["places_left"]) == (200, "left", 1)
    assert taken.status_code == 201
    assert late.json()["code"] == "camp_full"
    assert is_counted(camp)


def test_who_left_may_enrol_again():
    camp, donor = make_camp(), make_donor()
    enrol(camp, donor)
    leave(camp, donor)

    again = enrol(camp, donor)

    assert again.status_code == 201
    assert sorted(Enrolment.objects.values_list("status", flat=True)) == ["enrolled", "left"]
    assert is_counted(camp)


def test_one_donor_has_one_place_also_in_a_full_camp():
    camp, donor = make_camp(capacity=1), make_donor()
    enrol(camp, donor)

    reply = enrol(camp, donor)

    assert (reply.status_code, reply.json()["code"]) == (409, "already_enrolled")
    assert is_counted(camp)


def test_nobody_is_in_two_camps_at_once_but_one_after_the_other_is_fine():
    first, donor = make_camp(), make_donor()
    same = make_camp(starts_at=first.ends_at - HOUR)
    after = make_camp(starts_at=first.ends_at)
    enrol(first, donor)

    clash, fine = enrol(same, donor), enrol(after, donor)

    assert (clash.status_code, clash.json()["code"], clash.json()["camp"]) == (409, "enrolment_clash", str(first.pk))
    assert fine.status_code == 201


def test_the_camps_date_decides_whether_one_may_give():
    donor = make_donor()
    soon = make_camp()
    later = make_camp(starts_at=clock.now() + dt.timedelta(days=60))
    last = clock.now().date() - dt.timedelta(days=60)
    PastDonation.objects.create(donor=donor, donation_type="whole_blood", donated_on=last)
    birthday = dt.date(2030, 6, 1)
    young = make_donor(date_of_birth=birthday.replace(year=2012))

    refused, fine = enrol(soon, donor), enrol(later, donor)
    too_young, of_age = enrol(soon, young), enrol(later, young)

    assert (refused.status_code, refused.json()["code"]) == (409, "donor_not_eligible")
    assert fine.status_code == 201
    assert too_young.json()["reasons"][0]["until"] == str(birthday)
    assert of_age.status_code == 201


def test_who_is_no_donor_or_locked_gets_no_place():
    camp, donor = make_camp(), make_donor()
    Donor.objects.filter(pk=donor.pk).update(locked_until=clock.now() + HOUR)

    stranger = person_client(make_user()).post(f"{API}/camps/{camp.pk}/enrol")
    locked = enrol(camp, donor)

    assert stranger.json()["code"] == "not_a_donor"
    assert (locked.status_code, locked.json()["code"]) == (423, "account_locked")
    assert is_counted(camp)


def test_a_draft_a_cancelled_camp_and_one_that_is_over_take_nobody(noon):
    draft, cancelled, over = make_draft(), make_camp(), make_camp()
    Camp.objects.filter(pk=cancelled.pk).update(status="cancelled")
    finish(over, noon)
    donor = make_donor()

    replies = [enrol(camp, donor) for camp in (draft, cancelled, over)]

    assert [(reply.status_code, reply.json()["code"]) for reply in replies] == [
        (404, "not_found"),
        (409, "camp_closed"),
        (409, "camp_closed"),
    ]
    assert replies[2].json()["state"] == "awaiting_stock"


def test_places_can_be_taken_and_left_during_the_camp_and_not_after(noon):
    camp, early, late = make_camp(), make_donor(), make_donor()
    begin(camp, noon)

    during = enrol(camp, early), leave(camp, early), enrol(camp, late)
    finish(camp, noon)
    after = leave(camp, late)

    assert [reply.status_code for reply in during] == [201, 200, 201]
    assert (after.status_code, after.json()["code"]) == (409, "camp_closed")
    assert is_counted(camp)


def test_leaving_without_a_place_is_404():
    camp = make_camp()
    take(camp)

    assert leave(camp, make_donor()).status_code == 404


def test_the_group_is_the_profiles_and_cannot_be_declared():
    owner = make_hospital()
    camp, donor = make_camp(owner), make_donor(blood_group="B+")

    reply = person_client(donor.user).post(f"{API}/camps/{camp.pk}/enrol", {"blood_group": "O-"}, format="json")

    assert reply.status_code == 201
    assert "blood_group" not in reply.json()
    donor.refresh_from_db()
    assert donor.blood_group == "B+"


def test_who_erases_the_account_gives_the_place_back_and_the_export_holds_it_before():
    camp, donor = make_camp(), make_donor()
    donor.user.set_password(PASSWORD)
    donor.user.save()
    enrol(camp, donor)
    client = person_client(donor.user)

    copied = client.get(f"{API}/me/export").json()["holdings"]["enrolments"]
    erased = client.post(f"{API}/me/erasure", {"current_password": PASSWORD}, format="json")
    outbox.drain()

    assert [row["camp_id"] for row in copied] == [str(camp.pk)]
    assert erased.status_code < 300
    assert Enrolment.objects.get().status == "left"
    assert is_counted(camp)
    assert camp.enrolled == 0
