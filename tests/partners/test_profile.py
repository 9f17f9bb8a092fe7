"""A partner's own profile."""

from __future__ import annotations

import pytest

from partners.models import PartnerEvent
from tests.partners.factories import client_of, client_with, make_member, make_partner

URL = "/api/v1/partner"
pytestmark = pytest.mark.django_db


def patch(member, **changes):
    return client_of(member).patch(URL, changes, format="json")


def test_an_owner_changes_contact_address_place_hours_and_zone():
    member = make_member()
    changes = {
        "phone": "+914428290200",
        "email": "new@bank.example",
        "website": "https://bank.example",
        "address": "2 Lake Road",
        "city": "Mysuru",
        "district": "Mysuru",
        "state": "Karnataka",
        "pincode": "570001",
        "lat": 12.3051234567,
        "lng": 76.6551,
        "zone": "Asia/Dhaka",
        "service_hours": "24x7",
        "has_components": True,
        "has_apheresis": False,
    }

    answer = patch(member, **changes)

    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in changes} == changes | {"lat": 12.305123}
    assert client_of(member).get(URL).json() == answer.json()
    event = PartnerEvent.objects.get()
    assert (event.verb, event.actor) == ("edit", f"member {member.pk}")


def test_a_new_place_is_where_the_partner_is_found():
    member = make_member()
    patch(member, lat=0, lng=0)

    found = client_with().get("/api/v1/partners/nearby?lat=0&lng=0&radius_km=1").json()["results"]

    assert [row["id"] for row in found] == [str(member.partner_id)]
    assert found[0]["distance_km"] == 0


@pytest.mark.parametrize("name", ["name", "kind", "status", "license_number", "facility_code"])
def test_what_an_administrator_decides_is_refused(name):
    member = make_member()

    answer = patch(member, **{name: "live", "city": "Mysuru"})

    assert answer.status_code == 400
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(f"/{name}", "read_only")]
    member.partner.refresh_from_db()
    assert member.partner.city == "Bengaluru"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"lat": 12.3}, "/lng"),
        ({"lng": 76.6}, "/lat"),
        ({"lat": "north", "lng": 1}, "/lat"),
        ({"lat": 1, "lng": "inf"}, "/lng"),
        ({"zone": "Asia/Nowhere"}, "/zone"),
        ({"zone": "../../etc/passwd"}, "/zone"),
        ({"phone": ""}, "/phone"),
        ({"city": ""}, "/city"),
        ({"email": "x"}, "/email"),
        ({"website": "javascript:alert(1)"}, "/website"),
        ({"has_components": "perhaps"}, "/has_components"),
    ],
)
def test_a_value_that_is_not_acceptable_is_pointed_at(changes, pointer):
    answer = patch(make_member(), **changes)

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_changing_nothing_changes_nothing():
    member = make_member()

    assert patch(member).status_code == 200
    assert not PartnerEvent.objects.exists()


def test_a_pending_newcomers_profile_changes_in_place():
    member = make_member(make_partner(status="pending"))

    assert patch(member, city="Mysuru").json()["city"] == "Mysuru"
    member.partner.refresh_from_db()
    assert (member.partner.city, member.partner.claimed_profile) == ("Mysuru", None)
