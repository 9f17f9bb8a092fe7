"""Registering an organisation, and claiming a listing of the directory."""

from __future__ import annotations

from threading import Barrier

import pytest

from common.db import lock_one
from common.models import OutboxEvent
from partners.errors import LicenseTaken
from partners.models import Member, Partner, PartnerEvent
from partners.services import registering
from partners.services.approval import approve_partner, reject_partner
from tests.partners.factories import (
    client_with,
    make_listing,
    make_member,
    make_partner,
    new_phone,
    registration,
    together,
)

URL = "/api/v1/partner/auth/register"
pytestmark = pytest.mark.django_db


def post(body, **headers):
    return client_with().post(URL, body, format="json", headers=headers)


def sign_in(body):
    owner = body["owner"]
    said = {"phone": owner["phone"], "password": owner["password"]}
    return client_with().post("/api/v1/partner/auth/login", said, format="json")


def seen_by(body):
    """What the owner of a registration sees of the organisation."""
    return client_with(sign_in(body).json()["access"]).get("/api/v1/partner").json()


def pointers(answer):
    return [error["pointer"] for error in answer.json()["errors"]]


def test_a_registration_waits_for_approval_and_its_owner_is_told_what_it_said():
    answer = post(registration())

    assert answer.status_code == 201
    partner, member = answer.json()["partner"], answer.json()["member"]
    assert (partner["status"], partner["live"], partner["phone"]) == ("pending", False, "+914428290200")
    assert (member["role"], member["is_active"], member["language"]) == ("owner", True, "en")
    assert OutboxEvent.objects.get().name == "partner.registered"
    assert PartnerEvent.objects.get().verb == "register"


def test_no_answer_holds_the_password_or_its_hash():
    answer = post(registration())

    assert "tamarinds" not in answer.content.decode()
    assert "$" not in answer.content.decode()


def test_a_newcomer_is_not_in_the_directory():
    partner = post(registration()).json()["partner"]

    assert client_with().get("/api/v1/partners").json()["results"] == []
    assert client_with().get(f"/api/v1/partners/{partner['id']}").status_code == 404


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("organisation__name", None),
        ("organisation__name", "x" * 201),
        ("organisation__kind", "clinic"),
        ("organisation__license_number", ""),
        ("organisation__phone", "12345"),
        ("organisation__email", "desk at marina"),
        ("organisation__pincode", "60000A"),
        ("organisation__pincode", "600005\n6"),
        ("organisation__lat", "north"),
        ("organisation__lat", "nan"),
        ("organisation__lat", True),
        ("organisation__lat", 91),
        ("organisation__lng", -180.1),
        ("organisation__city", ["Chennai"]),
        ("owner__name", "a\u0000b"),
        ("owner__phone", "nobody"),
        ("owner__password", "x" * 129),
        ("owner__language", "xx"),
    ],
)
def test_a_value_that_is_not_acceptable_is_pointed_at(path, value):
    answer = post(registration(**{path: value}))

    assert answer.status_code == 400
    assert pointers(answer) == ["/" + path.replace("__", "/")]
    assert not Partner.objects.exists()


@pytest.mark.parametrize("password", ["short", "password123"])
def test_a_weak_password_is_refused_at_its_place(password):
    answer = post(registration(owner__password=password))

    assert (answer.status_code, answer.json()["code"]) == (400, "password_weak")
    assert pointers(answer) == ["/owner/password"]


@pytest.mark.parametrize("licence", ["applied for", "N/A", "no number", "\ufdfa1" * 10])
def test_a_text_that_is_no_licence_is_refused(licence):
    answer = post(registration(organisation__license_number=licence))

    assert (answer.status_code, answer.json()["code"]) == (400, "license_invalid")
    assert pointers(answer) == ["/organisation/license_number"]


def test_a_number_of_a_country_that_gets_no_sms_is_refused():
    answer = post(registration(owner__phone="+14155550100"))

    assert (answer.status_code, answer.json()["code"]) == (400, "phone_not_served")
    assert pointers(answer) == ["/owner/phone"]


@pytest.mark.parametrize("status", ["pending", "live", "suspended"])
def test_a_licence_in_use_is_refused_however_it_is_spelled(status):
    make_partner(status=status, license_number="TN/BB/77")

    answer = post(registration(organisation__license_number=" Licence No. tn/bb / 77 "))

    assert (answer.status_code, answer.json()["code"]) == (409, "license_taken")
    assert not Member.objects.exists()


def test_a_number_that_signs_in_elsewhere_is_refused_and_nothing_stays_behind():
    phone = make_member().phone

    answer = post(registration(owner__phone=phone))

    assert (answer.status_code, answer.json()["code"]) == (409, "member_phone_taken")
    assert Partner.objects.count() == Member.objects.count() == 1
    assert not OutboxEvent.objects.exists()


def test_places_at_zero_degrees_are_places():
    partner = post(registration(organisation__lat=0, organisation__lng=0)).json()["partner"]

    assert (partner["lat"], partner["lng"]) == (0.0, 0.0)


def test_the_same_key_twice_registers_once():
    body = registration()

    answers = [post(body, **{"Idempotency-Key": "once"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert Partner.objects.count() == 1


def test_a_claim_leaves_the_listing_as_it_is_and_shows_the_claimant_its_own_words():
    listing = make_listing(name="Old Name", license_number="TN/BB/9", city="Madras")
    body = registration(organisation__license_number="tn / bb/9")

    answer = post(body)

    assert answer.status_code == 201
    assert answer.json()["partner"]["id"] == str(listing.pk)
    assert (seen_by(body)["name"], seen_by(body)["city"]) == ("Marina Blood Centre", "Chennai")
    assert (seen_by(body)["lat"], seen_by(body)["kind"]) == (13.0587, "both")
    shown = client_with().get(f"/api/v1/partners/{listing.pk}").json()
    assert (shown["name"], shown["city"]) == ("Old Name", "Madras")
    assert (shown["live"], shown["claimed"]) == (False, True)
    assert "desk@marina.example" not in client_with().get("/api/v1/partners").content.decode()


def test_what_the_owner_changes_of_a_claim_waits_too():
    listing = make_listing(license_number="TN/BB/9", zone="Asia/Kolkata")
    body = registration(organisation__license_number="TN/BB/9")
    post(body)
    client = client_with(sign_in(body).json()["access"])

    changes = {"city": "Tambaram", "lat": 12.9249, "lng": 80.1, "has_components": True, "has_apheresis": None}
    answer = client.patch("/api/v1/partner", changes, format="json")

    assert answer.status_code == 200
    assert (answer.json()["city"], answer.json()["lat"]) == ("Tambaram", 12.9249)
    listing.refresh_from_db()
    assert listing.city == "Bengaluru"
    approve_partner(partner_id=listing.pk, actor="test")
    listing.refresh_from_db()
    assert (listing.city, float(listing.lat), listing.has_components) == ("Tambaram", 12.9249, True)
    assert listing.has_apheresis is None


def test_approval_makes_what_the_claimant_said_public():
    listing = make_listing(license_number="TN/BB/9")
    post(registration(organisation__license_number="TN/BB/9"))

    approve_partner(partner_id=listing.pk, actor="test")

    shown = client_with().get(f"/api/v1/partners/{listing.pk}").json()
    assert (shown["name"], shown["kind"], shown["phone"]) == ("Marina Blood Centre", "both", "+914428290200")
    assert (shown["lat"], shown["live"]) == (13.0587, True)
    assert client_with().get("/api/v1/partners/nearby?lat=13.0587&lng=80.2757&radius_km=1").json()["results"]


def test_a_refused_claim_leaves_the_listing_and_the_licence_can_be_claimed_by_another():
    listing = make_listing(name="Old Name", license_number="TN/BB/9")
    first, second = (registration(organisation__license_number="TN/BB/9") for _ in range(2))
    post(first)
    reject_partner(partner_id=listing.pk, actor="test", reason="no proof")
    shown = client_with().get(f"/api/v1/partners/{listing.pk}").json()
    refused = sign_in(first)

    answer = post(second)

    assert (shown["name"], shown["claimed"]) == ("Old Name", False)
    assert (refused.status_code, refused.json()["code"]) == (403, "partner_rejected")
    assert answer.status_code == 201
    assert sign_in(first).status_code == 401
    assert [member.phone for member in listing.members.all()] == [second["owner"]["phone"]]


def test_a_refused_newcomer_may_register_again_with_the_same_licence_and_number():
    body = registration()
    partner_id = post(body).json()["partner"]["id"]
    reject_partner(partner_id=partner_id, actor="test", reason="no proof")

    answer = post(body)

    assert answer.status_code == 201
    assert answer.json()["partner"] | {"updated_at": ""} == seen_by(body) | {"updated_at": ""}
    assert client_with().get(f"/api/v1/partners/{partner_id}").status_code == 404


def test_a_number_of_a_refused_claim_is_free_for_another_organisation():
    body = registration()
    reject_partner(partner_id=post(body).json()["partner"]["id"], actor="test", reason="no proof")

    answer = post(registration(owner__phone=body["owner"]["phone"]))

    assert answer.status_code == 201
    assert Member.objects.count() == 1


def claim(licence):
    organisation = registering.Organisation(
        name="Claimant",
        kind="both",
        license_number=licence,
        phone="+914428290200",
        email="",
        address="",
        city="Chennai",
        state="Tamil Nadu",
        pincode="",
        lat=13,
        lng=80,
    )
    owner = registering.NewMember(name="Owner", phone=new_phone(), password="seven quiet tamarinds", language="en")
    return lambda: registering.register(organisation=organisation, owner=owner)


@pytest.mark.django_db(transaction=True)
def test_of_two_claims_at_once_exactly_one_wins():
    make_listing(license_number="TN/BB/9")

    results = together([claim("TN/BB/9") for _ in range(4)])

    assert sorted(type(result).__name__ for result in results) == ["LicenseTaken"] * 3 + ["Member"]
    assert Member.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_two_claims_win(monkeypatch):
    make_listing(license_number="TN/BB/9")
    both_have_looked = Barrier(2)

    def look(model, pk):
        row = model.objects.get(pk=pk)
        both_have_looked.wait(timeout=20)
        return row

    assert registering.lock_one is lock_one
    monkeypatch.setattr(registering, "lock_one", look)

    results = together([claim("TN/BB/9") for _ in range(2)])

    assert [type(result).__name__ for result in results] == ["Member", "Member"]


@pytest.mark.django_db(transaction=True)
def test_of_two_newcomers_with_one_licence_exactly_one_wins():
    results = together([claim("TN/BB/10") for _ in range(4)])

    assert sorted(type(result).__name__ for result in results) == ["LicenseTaken"] * 3 + ["Member"]
    assert Partner.objects.count() == 1
    assert LicenseTaken.constraint == "partner_license_unique"
