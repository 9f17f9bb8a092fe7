"""The donor has given: everything that follows, in one transaction, once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from donations.models import Donation
from requests_app.models import Assignment, BloodRequest, RequestEvent
from stock.din import parse_din
from stock.models import DinCounter, Movement, Unit
from tests.donations.scenes import verify
from tests.factories import (
    make_arrived,
    make_donor,
    make_hospital,
    make_promise,
    make_request,
    member_client,
    person_client,
)
from tests.requests_app.scenes import events
from users.models import Donor, PastDonation, ScoreEntry

pytestmark = pytest.mark.django_db

GIVEN = {"donation_type": "whole_blood", "volume_ml": 350, "haemoglobin_g_dl": 13.4}


@pytest.fixture
def owner():
    return make_hospital(facility_code="A1234")


def send(owner, promise, **body):
    path = f"/api/v1/partner/assignments/{promise.assignment.pk}/verify"
    return member_client(owner).post(path, {**GIVEN, **body}, format="json")


def nothing_written():
    return not any(model.objects.exists() for model in (Donation, Unit, DinCounter, ScoreEntry, PastDonation))


def test_everything_is_written_once(owner):
    donor = make_donor()
    promise = make_arrived(make_promise(make_request(owner), donor))

    reply = send(owner, promise, blood_group="O-", weight_kg=70.5, systolic_mmhg=118, diastolic_mmhg=76, pulse_bpm=72)

    assert reply.status_code == 201
    body = reply.json()
    unit = Unit.objects.get()
    assert body["unit"] == {
        "id": str(unit.pk),
        "din": "A123430000001",
        "component": "whole_blood",
        "status": "quarantined",
        "expires_at": unit.expires_at.isoformat().replace("+00:00", "Z"),
    }
    assert body["donor"] == {"public_id": donor.user.public_id, "name": donor.user.name, "tag": "none"}
    assert (body["volume_ml"], body["haemoglobin_g_dl"], body["weight_kg"]) == (350, 13.4, 70.5)
    assert parse_din(unit.din).value == unit.din
    assert (unit.partner_id, unit.volume_ml, unit.blood_group) == (owner.partner_id, 350, "O-")
    assert Movement.objects.values_list("unit", "verb", "actor").get() == (unit.pk, "collect", f"member:{owner.pk}")

    donor.refresh_from_db()
    assert (donor.score, donor.verified_donations, donor.blood_group) == (10, 1, "O-")
    assert (donor.group_confirmed_by, donor.group_confirmed_at is not None) == (owner.partner_id, True)
    assert donor.whole_blood_from == dt.date(2030, 5, 1) + dt.timedelta(days=90)
    assert donor.apheresis_from == dt.date(2030, 5, 1) + dt.timedelta(days=28)
    assert ScoreEntry.objects.values_list("delta", "reason", "assignment_id").get() == (
        10,
        "donated",
        promise.assignment.pk,
    )
    donation = Donation.objects.get()
    assert PastDonation.objects.values_list("donation_id", "donated_on").get() == (donation.pk, dt.date(2030, 5, 1))
    assert (donation.verified_by_id, donation.partner_id) == (owner.pk, owner.partner_id)
    request = BloodRequest.objects.get()
    assert (request.status, request.units_promised, request.units_fulfilled) == ("fulfilled", 0, 1)
    assert Assignment.objects.get().status == "donated"
    assert events("donation.verified") == [
        {"donation": str(donation.pk), "assignment": str(promise.assignment.pk), "donor": str(donor.pk)}
    ]
    assert [len(events(name)) for name in ("unit.collected", "request.fulfilled")] == [1, 1]
    assert list(RequestEvent.objects.order_by("pk").values_list("verb", flat=True)) == [
        "post",
        "accept",
        "arrive",
        "donate",
        "fulfil",
    ]


def test_verifying_again_is_refused_and_names_the_donation(owner):
    promise = make_arrived(make_promise(make_request(owner)))
    first = send(owner, promise)

    reply = send(owner, promise)

    assert (reply.status_code, reply.json()["code"]) == (409, "already_verified")
    assert reply.json()["donation"] == first.json()["id"]
    assert (Donation.objects.count(), Unit.objects.count(), ScoreEntry.objects.count()) == (1, 1, 1)
    assert DinCounter.objects.get().last == 1


def test_the_same_key_shows_the_same_donation(owner):
    promise = make_arrived(make_promise(make_request(owner)))
    client, path = member_client(owner), f"/api/v1/partner/assignments/{promise.assignment.pk}/verify"

    replies = [client.post(path, GIVEN, format="json", headers={"Idempotency-Key": "k"}) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [201, 201]
    assert replies[0].json() == replies[1].json()


def test_two_units_need_two_donors(owner):
    request = make_request(owner, units=2)
    first, second = make_arrived(make_promise(request)), make_arrived(make_promise(request))

    send(owner, first)
    request.refresh_from_db()
    assert (request.status, request.units_promised, request.units_fulfilled) == ("assigned", 1, 1)
    send(owner, second)

    request.refresh_from_db()
    assert (request.status, request.units_promised, request.units_fulfilled) == ("fulfilled", 0, 2)
    assert set(Donor.objects.values_list("verified_donations", flat=True)) == {1}


@pytest.mark.parametrize(("before", "tag"), [(0, "none"), (1, "bronze"), (3, "bronze"), (4, "gold"), (9, "platinum")])
def test_tags_come_with_the_second_fifth_and_tenth_donation(owner, before, tag):
    donor = make_donor(verified_donations=before)

    reply = send(owner, make_arrived(make_promise(make_request(owner), donor)))

    assert reply.json()["donor"]["tag"] == tag


@pytest.mark.parametrize("status", ["accepted", "cancelled", "missed", "released", "deferred"])
def test_who_has_not_arrived_has_not_given(owner, status):
    promise = make_promise(make_request(owner))
    Assignment.objects.update(status=status)

    reply = send(owner, promise, haemoglobin_g_dl=9)

    assert (reply.status_code, reply.json()["code"]) == (409, "illegal_transition")
    assert nothing_written()


@pytest.mark.parametrize(
    ("donor", "measured", "code"),
    [
        ({}, {"haemoglobin_g_dl": 12.49}, "haemoglobin_min"),
        ({}, {"weight_kg": 55.0, "volume_ml": 450}, "weight_for_volume"),
        ({"weight_kg": Decimal("55")}, {"volume_ml": 450}, "weight_for_volume"),
        ({}, {"weight_kg": 44.9}, "weight_min"),
        ({}, {"volume_ml": 451}, "volume_max"),
        ({}, {"systolic_mmhg": 141}, "systolic_max"),
        ({}, {"systolic_mmhg": 99}, "systolic_min"),
        ({}, {"diastolic_mmhg": 91}, "diastolic_max"),
        ({}, {"diastolic_mmhg": 59}, "diastolic_min"),
        ({}, {"pulse_bpm": 101}, "pulse_max"),
        ({}, {"pulse_bpm": 59}, "pulse_min"),
        ({}, {"temperature_c": 37.1}, "temperature_max"),
    ],
)
def test_who_may_not_give_by_what_was_measured_is_refused_with_the_reason(owner, donor, measured, code):
    promise = make_arrived(make_promise(make_request(owner), make_donor(**donor)))

    reply = send(owner, promise, **measured)

    assert (reply.status_code, reply.json()["code"]) == (409, "donor_not_eligible")
    assert [reason["code"] for reason in reply.json()["reasons"]] == [code]
    assert nothing_written()
    assert Assignment.objects.get().status == "arrived"


@pytest.mark.parametrize(
    "measured",
    [
        {"haemoglobin_g_dl": 12.5},
        {"weight_kg": 55.0, "volume_ml": 350},
        {"weight_kg": 55.1, "volume_ml": 450},
        {"weight_kg": 45.0},
        {"systolic_mmhg": 140, "diastolic_mmhg": 90, "pulse_bpm": 100, "temperature_c": 37.0},
        {"systolic_mmhg": 100, "diastolic_mmhg": 60, "pulse_bpm": 60},
    ],
)
def test_the_limits_themselves_are_good_enough(owner, measured):
    assert send(owner, make_arrived(make_promise(make_request(owner))), **measured).status_code == 201


def test_a_reason_that_the_donor_declares_at_the_door_counts(owner):
    donor = make_donor()
    promise = make_arrived(make_promise(make_request(owner), donor))
    person_client(donor.user).post(
        "/api/v1/me/donor/deferrals", {"code": "tattoo", "occurred_on": "2030-04-01"}, format="json"
    )

    reply = send(owner, promise)

    assert [reason["code"] for reason in reply.json()["reasons"]] == ["tattoo"]
    assert nothing_written()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"donation_type": "tears"}, "/donation_type"),
        ({"volume_ml": "much"}, "/volume_ml"),
        ({"volume_ml": 0}, "/volume_ml"),
        ({"volume_ml": 1001}, "/volume_ml"),
        ({"haemoglobin_g_dl": "NaN"}, "/haemoglobin_g_dl"),
        ({"haemoglobin_g_dl": 2.9}, "/haemoglobin_g_dl"),
        ({"haemoglobin_g_dl": 13.456}, "/haemoglobin_g_dl"),
        ({"haemoglobin_g_dl": None}, "/haemoglobin_g_dl"),
        ({"blood_group": "C+"}, "/blood_group"),
        ({"weight_kg": True}, "/weight_kg"),
        ({"pulse_bpm": -1}, "/pulse_bpm"),
        ({"temperature_c": 99}, "/temperature_c"),
    ],
)
def test_what_is_no_measurement_is_refused_with_its_pointer(owner, change, pointer):
    promise = make_arrived(make_promise(make_request(owner)))

    reply = send(owner, promise, **change)

    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_input")
    assert [error["pointer"] for error in reply.json()["errors"]] == [pointer]
    assert nothing_written()


def test_another_kind_of_donation_than_the_request_needs_is_refused(owner):
    promise = make_arrived(make_promise(make_request(owner)))

    reply = send(owner, promise, donation_type="plasma_apheresis")

    assert (reply.status_code, reply.json()["code"], reply.json()["needed"]) == (
        409,
        "wrong_donation_type",
        "whole_blood",
    )


@pytest.mark.parametrize("component", ["platelets_apheresis", "granulocytes"])
def test_a_machine_collects_the_component_that_was_asked_for(owner, component):
    promise = make_arrived(make_promise(make_request(owner, component=component)))

    reply = send(owner, promise, donation_type="platelet_apheresis", volume_ml=250)

    assert (reply.status_code, reply.json()["unit"]["component"]) == (201, component)


def test_a_group_typed_otherwise_that_cannot_help_keeps_the_donation_and_frees_the_place(owner):
    donor = make_donor(blood_group="O-")
    request = make_request(owner)
    promise = make_arrived(make_promise(request, donor))

    reply = send(owner, promise, blood_group="A+")

    assert (reply.status_code, reply.json()["blood_group"]) == (201, "A+")
    assert Unit.objects.get().blood_group == "A+"
    donor.refresh_from_db()
    assert (donor.blood_group, donor.score) == ("A+", 10)
    request.refresh_from_db()
    assert (request.status, request.units_promised, request.units_fulfilled) == ("open", 0, 0)
    assert request.next_wave_at is not None
    assert len(events("request.reopened")) == 1
    assert RequestEvent.objects.filter(verb="donate").values_list("facts", flat=True).get() == {"helps": False}


def test_a_group_that_was_typed_is_the_donors_for_good(owner):
    donor = make_donor()
    send(owner, make_arrived(make_promise(make_request(owner), donor)), blood_group="O-")

    reply = person_client(donor.user).put(
        "/api/v1/me/donor",
        {
            "blood_group": "AB+",
            "sex": "male",
            "date_of_birth": "1995-01-01",
            "weight_kg": 70,
            "available": True,
        },
        format="json",
    )

    assert (reply.status_code, reply.json()["code"]) == (409, "blood_group_confirmed")


def test_a_group_that_was_not_typed_is_not_confirmed(owner):
    send(owner, make_arrived(make_promise(make_request(owner))))

    assert Donor.objects.values_list("blood_group", "group_confirmed_at").get() == ("O-", None)


def test_the_day_of_a_donation_is_the_partners(noon):
    noon.move_to(dt.datetime(2030, 12, 31, 20, 0, tzinfo=dt.UTC))
    owner = make_hospital(facility_code="A1234")
    promise = make_arrived(make_promise(make_request(owner)))

    verify(promise)

    assert PastDonation.objects.get().donated_on == dt.date(2031, 1, 1)
    assert Unit.objects.get().din == "A123431000001"


@pytest.mark.parametrize(("sex", "days"), [("male", 90), ("female", 120), ("other", 120)])
def test_after_a_donation_the_donor_waits_and_not_a_day_longer(noon, owner, sex, days):
    donor = make_donor(sex=sex)
    send(owner, make_arrived(make_promise(make_request(owner), donor)))
    client = person_client(donor.user)

    noon.shift(dt.timedelta(days=days - 1))
    client = person_client(donor.user)
    early = client.post(f"/api/v1/requests/{make_request(owner).pk}/accept")
    noon.shift(dt.timedelta(days=1))
    client = person_client(donor.user)
    in_time = client.post(f"/api/v1/requests/{make_request(owner).pk}/accept")

    assert (early.status_code, early.json()["reasons"][0]["code"]) == (409, "interval")
    assert in_time.status_code == 201


def test_the_ledger_explains_the_score(owner):
    donor = make_donor()
    kept = make_arrived(make_promise(make_request(owner), donor))
    send(owner, kept)

    body = person_client(donor.user).get("/api/v1/me/donor/score").json()

    assert body["score"] == 10
    assert sum(ScoreEntry.objects.values_list("delta", flat=True)) == 10


PLATELETS = {"donation_type": "platelet_apheresis", "volume_ml": 250}


@pytest.mark.parametrize(("platelets", "status"), [(149, 409), (150, 201)])
def test_platelets_are_taken_from_who_has_enough(owner, platelets, status):
    promise = make_arrived(make_promise(make_request(owner, component="platelets_apheresis")))

    assert send(owner, promise, **PLATELETS, platelet_count=platelets).status_code == status


@pytest.mark.parametrize(("lost", "days"), [(False, 28), (True, 90)])
def test_red_cells_that_were_lost_make_the_wait_longer(owner, lost, days):
    donor = make_donor()
    promise = make_arrived(make_promise(make_request(owner, component="platelets_apheresis"), donor))

    send(owner, promise, **PLATELETS, red_cells_lost=lost)

    donor.refresh_from_db()
    assert donor.whole_blood_from == dt.date(2030, 5, 1) + dt.timedelta(days=days)
