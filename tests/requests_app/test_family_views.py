"""Who sees what of a family's request, and who may do what with it."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.db import connection
from rest_framework.test import APIClient

from common import clock
from common.db import unit_of_work
from requests_app.models import AttenderRequest
from requests_app.services.families.history import begin
from requests_app.states import SourceKind
from stock.models import StockPolicy, Unit
from tests.factories import make_donor, make_hospital, make_user, member_client, person_client
from tests.files import pdf
from tests.partners.factories import make_member
from tests.requests_app.family_scenes import make_family, promise, settle, settled
from tests.stock.scenes import make_unit
from users.models import User
from users.services import documents

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unthrottled")]
API = "/api/v1/attender-requests"
DESK = "/api/v1/partner/attender-requests"
SECRETS = ("Suresh Patil", "Dr. Leela Rao", "+919812345678", "Anil")


@pytest.fixture
def owner():
    return make_hospital()


@pytest.fixture
def person():
    return make_user(name="Anil Patil", phone="+919812345678")


def body(owner, **changes):
    values = {
        "patient": {"name": "Suresh Patil", "age": 61, "sex": "male"},
        "doctor": "Dr. Leela Rao",
        "blood_group": "B+",
        "component": "red_cells",
        "units": 2,
        "urgency": "urgent",
        "needed_by": (clock.now() + dt.timedelta(hours=8)).isoformat(),
        "hospital": str(owner.partner_id),
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def post(client, path, data=None, **headers):
    return client.post(path, data or {}, format="json", headers=headers)


def issue(client, family, key="1", **data):
    return post(client, f"{DESK}/{family.pk}/issue", data, **{"Idempotency-Key": key})


def test_a_family_asks_and_follows_each_step(owner, person):
    make_unit(owner.partner)
    client = person_client(person)

    posted = post(client, API, body(owner))
    family = settle(AttenderRequest.objects.get(pk=posted.json()["id"]))
    shown = client.get(f"{API}/{family.pk}").json()

    assert posted.status_code == 201
    assert (posted.json()["steps"], posted.json()["units_left"]) == ([], 2)
    assert [(step["kind"], step["status"], step["units"]) for step in shown["steps"]] == [
        ("stock", "reserved", 1),
        ("transfer", "unavailable", 1),
        ("donors", "asked", 1),
    ]
    assert [line["verb"] for line in shown["history"]][:3] == ["raise", "ask", "reserve"]
    assert (shown["patient"]["name"], shown["hospital"]["id"]) == ("Suresh Patil", str(owner.partner_id))


def test_any_person_may_ask_without_being_a_donor(owner, person):
    assert post(person_client(person), API, body(owner)).status_code == 201


def test_a_place_is_taken_instead_of_a_hospital(owner, person):
    place = {"name": "Village Clinic", "lat": float(owner.partner.lat), "lng": float(owner.partner.lng)}
    owner.partner.kind = "both"
    owner.partner.save()

    answer = post(person_client(person), API, body(owner, hospital=None, place=place))

    assert (answer.status_code, answer.json()["place"]["name"]) == (201, "Village Clinic")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"hospital": None}, "/hospital"),
        ({"place": {"name": "X", "lat": 18.5, "lng": 73.8}}, "/hospital"),
        ({"units": 0}, "/units"),
        ({"blood_group": "C+"}, "/blood_group"),
        ({"patient": {"name": "", "age": 61, "sex": "male"}}, "/patient/name"),
        ({"patient": {"name": "Anil\u202eliN", "age": 61, "sex": "male"}}, "/patient/name"),
        ({"doctor": "Dr. Rao\nDiscount: 100 %"}, "/doctor"),
        ({"patient": {"name": "X", "age": 131, "sex": "male"}}, "/patient/age"),
        ({"doctor": None}, "/doctor"),
        ({"hospital": str(uuid.uuid4())}, "/hospital"),
        ({"needed_by": "2030-05-01T06:00:00Z"}, "/needed_by"),
    ],
)
def test_a_wrong_value_is_pointed_at(owner, person, changes, pointer):
    answer = post(person_client(person), API, body(owner, **changes))

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)


def test_c9_the_second_request_of_the_unverified_is_409(owner, person):
    client = person_client(person)
    post(client, API, body(owner))

    answer = post(client, API, body(owner))

    assert (answer.status_code, answer.json()["code"]) == (409, "family_request_open")


def test_the_same_post_twice_asks_once(owner, person):
    client, same = person_client(person), body(owner)

    answers = [post(client, API, same, **{"Idempotency-Key": "k"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert AttenderRequest.objects.count() == 1


def test_a_stranger_finds_nothing(owner, person):
    family = settled(owner, requester=person)
    stranger, other = person_client(make_user()), member_client(make_hospital())

    assert stranger.get(f"{API}/{family.pk}").status_code == 404
    assert post(stranger, f"{API}/{family.pk}/cancel").status_code == 404
    assert stranger.get(API).json()["results"] == []
    assert other.get(f"{DESK}/{family.pk}").status_code == 404
    assert other.get(DESK).json()["results"] == []
    for verb, data in (("confirm", {}), ("refuse", {"reason": "other"})):
        assert post(other, f"{DESK}/{family.pk}/{verb}", data).status_code == 404
    assert issue(other, family).status_code == 404


def test_jd_26_nothing_of_a_family_is_public_and_donors_see_no_patient(owner, person):
    make_unit(owner.partner)
    family = settled(owner, requester=person, units=3)
    asked = family.steps.get(kind="donors").blood_request_id
    donor = make_donor(blood_group="B+")
    app, public = person_client(donor.user), APIClient()
    given = promise(family, donor)

    seen = [
        app.get("/api/v1/requests/nearby"),
        app.get(f"/api/v1/requests/{asked}"),
        app.get(f"/api/v1/assignments/{given.assignment.pk}"),
        public.get("/api/v1/partners/nearby?lat=18.52&lng=73.85&radius_km=50"),
        public.get(f"/api/v1/partners/{owner.partner_id}"),
        public.get("/api/v1/stock/search?lat=18.52&lng=73.85&blood_group=B%2B&component=red_cells"),
        public.get("/api/v1/leaderboard"),
    ]

    assert {answer.status_code for answer in seen} == {200}
    assert not [word for answer in seen for word in SECRETS if word in answer.content.decode()]
    assert [public.get(path).status_code for path in (API, f"{API}/{family.pk}", DESK)] == [401, 401, 401]


def test_the_hospital_sees_patient_doctor_and_who_asks(owner, person):
    make_unit(owner.partner)
    family = settled(owner, requester=person, units=1)

    seen = member_client(owner).get(f"{DESK}/{family.pk}").json()

    assert (seen["patient"]["name"], seen["doctor"]) == ("Suresh Patil", "Dr. Leela Rao")
    assert seen["requester"] == {"name": "Anil Patil", "phone": "+919812345678"}
    assert [bag["id"] for bag in seen["reserved"]] == [str(Unit.objects.get().pk)]


def test_the_hospital_confirms_and_hands_out_by_bar_code(owner, person):
    unit = make_unit(owner.partner)
    family = settled(owner, requester=person, units=1)
    desk = member_client(owner)

    confirmed = post(desk, f"{DESK}/{family.pk}/confirm")
    issued = issue(desk, family, units=[unit.din])

    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "confirmed")
    assert (issued.status_code, issued.json()["status"], issued.json()["reserved"]) == (200, "fulfilled", [])


def test_bags_move_only_with_an_idempotency_key_and_once(owner):
    bags = [make_unit(owner.partner) for _ in range(2)]
    family = settled(owner, units=2)
    desk = member_client(owner)

    without = post(desk, f"{DESK}/{family.pk}/issue")
    first, again = [issue(desk, family, key="k", units=[str(bags[0].pk)]) for _ in range(2)]

    assert (without.status_code, without.json()["code"]) == (400, "idempotency_key_required")
    assert first.json() == again.json()
    assert AttenderRequest.objects.get().units_issued == 1


@pytest.fixture
def strict(owner):
    """A bag that is kept for a family where nothing leaves without a crossmatch, and the desk."""
    StockPolicy.objects.create(partner=owner.partner, requires_crossmatch=True)
    unit = make_unit(owner.partner)
    return unit, settled(owner, units=1), member_client(owner)


def match(desk, unit, result):
    return post(desk, f"/api/v1/partner/stock/units/{unit.din}/crossmatch", {"result": result})


def test_a_family_s_bags_leave_with_the_crossmatch_that_the_hospital_asks_for(strict):
    unit, family, desk = strict

    without = issue(desk, family, key="1")
    matched = match(desk, unit, "compatible")
    answer = issue(desk, family, key="2")

    assert (without.status_code, without.json()["code"]) == (409, "crossmatch_missing")
    assert without.json()["units"] == [str(unit.pk)]
    assert (matched.status_code, answer.status_code, answer.json()["status"]) == (200, 200, "fulfilled")


def test_a_family_is_given_no_bag_that_does_not_fit_whatever_the_policy(owner):
    unit = make_unit(owner.partner)
    family, desk = settled(owner, units=1), member_client(owner)
    match(desk, unit, "incompatible")

    answer = issue(desk, family)

    assert (answer.status_code, answer.json()["code"]) == (409, "crossmatch_incompatible")
    assert (Unit.objects.get().status, AttenderRequest.objects.get().units_issued) == ("reserved", 0)


def test_in_an_emergency_two_members_answer_for_a_family_s_bags(owner, strict):
    unit, family, desk = strict
    two = sorted([str(owner.pk), str(make_member(owner.partner).pk)])

    alone = issue(desk, family, key="1", emergency={"authorised_by": two[:1] * 2})
    answer = issue(desk, family, key="2", emergency={"authorised_by": two})

    assert (alone.status_code, alone.json()["code"]) == (400, "authorisers_invalid")
    assert (answer.status_code, answer.json()["status"]) == (200, "fulfilled")
    assert unit.movements.get(verb="issue").facts["emergency"] == {"authorised_by": two}


def test_a_refusal_shows_its_reason_to_the_family(owner, person):
    family = settled(owner, requester=person)

    unknown = post(member_client(owner), f"{DESK}/{family.pk}/refuse", {"reason": "partner_suspended"})
    done = post(member_client(owner), f"{DESK}/{family.pk}/refuse", {"reason": "patient_unknown", "note": "No such."})

    assert (unknown.status_code, done.status_code) == (400, 200)
    seen = person_client(person).get(f"{API}/{family.pk}").json()
    assert (seen["status"], seen["refuse_reason"], seen["refuse_note"]) == ("refused", "patient_unknown", "No such.")


@pytest.mark.parametrize(("role", "expected"), [("owner", 200), ("inventory", 200), ("coordinator", 403)], ids=str)
def test_bags_are_handed_out_by_those_who_keep_them(owner, role, expected):
    make_unit(owner.partner)
    family = settled(owner, units=1)

    answer = issue(member_client(make_member(owner.partner, role=role)), family)

    assert answer.status_code == expected


@pytest.mark.parametrize("role", ["owner", "inventory", "coordinator"])
def test_every_member_may_answer_a_family(owner, role):
    family = settled(owner)

    answer = post(member_client(make_member(owner.partner, role=role)), f"{DESK}/{family.pk}/confirm")

    assert answer.status_code == 200


def test_lists_are_filtered_by_the_state_of_the_moment(owner, person, noon):
    soon = make_family(owner, requester=person, needed_by=clock.now() + dt.timedelta(hours=1), urgency="critical")
    later = make_family(owner)
    noon.shift(dt.timedelta(hours=1))
    desk = member_client(owner)

    def shown(query):
        return [row["id"] for row in desk.get(f"{DESK}?{query}").json()["results"]]

    assert (shown("status=open"), shown("status=expired")) == ([str(later.pk)], [str(soon.pk)])
    assert (shown("urgency=critical"), shown("urgency=urgent")) == ([str(soon.pk)], [str(later.pk)])
    own = person_client(person).get(f"{API}?status=expired").json()["results"]
    assert [row["id"] for row in own] == [str(soon.pk)]
    assert desk.get(f"{DESK}?status=lost").status_code == 400


def test_whoever_keeps_a_copy_reads_what_has_changed_since_also_at_a_source(owner, person, noon):
    family, other = make_family(owner, requester=person), make_family(owner)
    noon.shift(dt.timedelta(minutes=10))
    since = clock.now()
    noon.shift(dt.timedelta(minutes=1))
    with unit_of_work():
        begin(family, SourceKind.STOCK, units=1)

    lists = [
        client.get(url, {"updated_since": since.isoformat()}).json()["results"]
        for client, url in ((member_client(owner), DESK), (person_client(person), API))
    ]

    assert [[row["id"] for row in rows] for rows in lists] == [[str(family.pk)]] * 2
    assert member_client(owner).get(DESK, {"updated_since": "2030-05-01"}).status_code == 400
    assert AttenderRequest.objects.get(pk=other.pk).updated_at < since


def test_a_patient_s_name_is_sealed_in_the_database(owner):
    family = make_family(owner)

    with connection.cursor() as cursor:
        cursor.execute("SELECT patient_name, doctor FROM requests_app_attenderrequest WHERE id = %s", [family.pk])
        stored = [bytes(value) for value in cursor.fetchone()]

    assert not any(b"Suresh" in value or b"Leela" in value for value in stored)
    assert User.objects.count() == 1


@pytest.fixture
def folder(settings, tmp_path):
    settings.PRIVATE_FILES_DIR = str(tmp_path / "private")


def requisition(person):
    return documents.add_document(owner_id=person.pk, kind="requisition", name="form.pdf", content=pdf())


def test_the_hospital_reads_the_family_s_documents_until_the_request_is_over(owner, person, folder):
    paper = requisition(person)
    client, desk = person_client(person), member_client(owner)

    posted = post(client, API, body(owner, documents=[str(paper.pk)])).json()

    link = f"{DESK}/{posted['id']}/documents/{paper.pk}"
    assert [row["id"] for row in posted["documents"]] == [str(paper.pk)]
    assert desk.get(f"{DESK}/{posted['id']}").json()["documents"] == posted["documents"]
    assert desk.get(link).status_code == 200
    assert member_client(make_hospital()).get(link).status_code == 404
    assert client.delete(f"/api/v1/me/documents/{paper.pk}").status_code == 409
    post(client, f"{API}/{posted['id']}/cancel")
    assert desk.get(link).status_code == 404
    assert client.delete(f"/api/v1/me/documents/{paper.pk}").status_code == 204


def test_d1_after_the_hour_the_hospital_sees_no_document_before_any_sweep(owner, person, folder, noon):
    paper = requisition(person)
    family = make_family(owner, requester=person, document_ids=[paper.pk])
    noon.shift(dt.timedelta(hours=8))
    desk = member_client(owner)

    shown = [desk.get(f"{DESK}/{family.pk}{path}") for path in ("", f"/documents/{paper.pk}")]

    assert (shown[0].json()["documents"], shown[1].status_code) == ([], 404)
    own = person_client(person).get(f"{API}/{family.pk}").json()
    assert [row["id"] for row in own["documents"]] == [str(paper.pk)]


def test_somebody_else_s_document_is_refused_and_leaves_nothing_behind(owner, person, folder):
    paper = requisition(make_user())

    answer = post(person_client(person), API, body(owner, documents=[str(paper.pk)]))

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/documents/0")
    assert not AttenderRequest.objects.exists()
