"""Who may do what with bags; nobody touches another partner's."""

from __future__ import annotations

import pytest

from stock.models import Unit
from tests.factories import make_hospital, make_user, member_client, person_client
from tests.partners.factories import client_with, make_member
from tests.stock.scenes import API, make_unit

pytestmark = pytest.mark.django_db
ID = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d96"
DAYS = "?from=2030-05-01&to=2030-05-01"
REPORTS = ["/policy", f"/reports/wastage{DAYS}", f"/reports/wastage.csv{DAYS}", "/reports/age", "/reports/age.csv"]
READS = ["", "/units", f"/units/{ID}", "/movements", "/thresholds", "/report.csv", *REPORTS]
WRITES = [
    ("post", "/units"),
    ("post", f"/units/{ID}/tests"),
    ("post", f"/units/{ID}/release"),
    ("post", f"/units/{ID}/split"),
    ("post", f"/units/{ID}/discard"),
    ("post", f"/units/{ID}/crossmatch"),
    ("post", f"/units/{ID}/transfuse"),
    ("put", "/counts"),
    ("put", "/thresholds"),
]


def call(client, method, path):
    return getattr(client, method)(f"{API}{path}", {}, format="json")


@pytest.mark.parametrize(("method", "path"), [*[("get", path) for path in READS], *WRITES])
def test_strangers_and_people_are_unknown_here(method, path):
    assert call(client_with(), method, path).status_code == 401
    assert call(person_client(make_user()), method, path).status_code == 401


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("role", ["owner", "inventory", "coordinator"])
def test_owners_and_stock_keepers_write_and_coordinators_do_not(method, path, role):
    client = member_client(make_member(make_hospital().partner, role=role))

    reply = call(client, method, path)

    assert (reply.status_code == 403) == (role == "coordinator")
    assert role != "coordinator" or reply.json()["code"] == "role_not_allowed"


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("role", ["owner", "inventory", "coordinator"])
def test_every_member_reads(path, role):
    client = member_client(make_member(make_hospital().partner, role=role))

    assert call(client, "get", path).status_code == (404 if ID in path else 200)


@pytest.mark.parametrize(("method", "path"), [*[("get", path) for path in READS], *WRITES])
def test_a_partner_that_is_not_live_has_no_stock(method, path):
    client = member_client(make_hospital(status="pending"))

    assert call(client, method, path).json()["code"] == "partner_not_live"


@pytest.mark.parametrize("path", ["", "/tests", "/release", "/split", "/discard", "/transfuse", "/crossmatch"])
@pytest.mark.parametrize("by", ["id", "din"])
def test_another_partners_bag_is_not_there(path, by):
    unit = make_unit(make_hospital().partner)
    bodies = {
        "/tests": {"results": {"hiv": "reactive"}},
        "/split": {"components": [{"component": "red_cells_washed", "volume_ml": 1}]},
        "/discard": {"reason": "broken"},
        "/crossmatch": {"result": "compatible", "recipient": "case 7"},
    }
    name = unit.pk if by == "id" else unit.din
    client = member_client(make_hospital())

    url = f"{API}/units/{name}{path}"
    reply = client.post(url, bodies.get(path, {}), format="json") if path else client.get(url)

    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    assert Unit.objects.get().status == "available"


def test_how_many_bags_of_a_number_others_have_is_not_told():
    unit = make_unit(make_hospital().partner)
    make_unit(unit.partner, din=unit.din, component="fresh_frozen_plasma")

    reply = member_client(make_hospital()).get(f"{API}/units/{unit.din}")

    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


def test_counting_touches_ones_own_stock_only():
    theirs = make_unit(make_hospital().partner)
    body = {"counts": [{"component": "red_cells", "blood_group": "B+", "units": 0}], "all_released": True}

    assert member_client(make_hospital()).put(f"{API}/counts", body, format="json").status_code == 200

    theirs.refresh_from_db()
    assert theirs.status == "available"


def test_another_partners_movements_are_not_there():
    owner, other = make_hospital(), make_hospital()
    units = {member: make_unit(member.partner) for member in (owner, other)}
    for member, unit in units.items():
        member_client(member).post(
            f"/api/v1/partner/stock/units/{unit.pk}/discard", {"reason": "broken"}, format="json"
        )

    rows = member_client(owner).get("/api/v1/partner/stock/movements").json()["results"]

    assert [row["unit"] for row in rows] == [str(units[owner].pk)]
