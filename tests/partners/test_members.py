"""An owner's say over who works for the partner."""

from __future__ import annotations

from threading import Barrier

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.models import OutboxEvent
from partners.errors import LastOwner, RoleNotAllowed
from partners.models import Member, PartnerEvent
from partners.services import members
from partners.states import Role
from tests.partners.factories import PASSWORD, client_of, make_member, make_partner, new_phone, together

URL = "/api/v1/partner/members"
pytestmark = pytest.mark.django_db


def body(**changes):
    return {
        "name": "Ravi",
        "phone": new_phone(),
        "role": "coordinator",
        "password": PASSWORD,
        "language": "hi",
    } | changes


def change(owner, member, **changes):
    return client_of(owner).patch(f"{URL}/{member.pk}", changes, format="json")


def test_an_owner_adds_a_member_who_can_sign_in():
    owner, said = make_member(), body()

    answer = client_of(owner).post(URL, said, format="json")

    assert answer.status_code == 201
    assert answer.json()["role"] == "coordinator"
    assert not {"password", "partner"} & set(answer.json())
    login = {"phone": said["phone"], "password": PASSWORD}
    signed_in = client_of(owner).post("/api/v1/partner/auth/login", login, format="json")
    assert signed_in.json()["partner"]["id"] == str(owner.partner_id)
    event = OutboxEvent.objects.get()
    assert (event.name, event.key) == ("member.added", f"partner:{owner.partner_id}")
    assert event.payload == {"member": answer.json()["id"]}


@pytest.mark.parametrize(
    ("changes", "status", "code", "pointer"),
    [
        ({"password": "12345678"}, 400, "password_weak", "/password"),
        ({"phone": "+14155550100"}, 400, "phone_not_served", "/phone"),
        ({"phone": "x"}, 400, "invalid_input", "/phone"),
        ({"role": "admin"}, 400, "invalid_input", "/role"),
        ({"name": ""}, 400, "invalid_input", "/name"),
        ({"language": "xx"}, 400, "invalid_input", "/language"),
    ],
)
def test_a_member_that_is_not_acceptable_is_refused(changes, status, code, pointer):
    answer = client_of(make_member()).post(URL, body(**changes), format="json")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_a_number_signs_in_for_one_organisation_at_a_time():
    taken, freed = make_member(), make_member(is_active=False)
    owner = make_member()

    refused = client_of(owner).post(URL, body(phone=taken.phone), format="json")
    accepted = client_of(owner).post(URL, body(phone=freed.phone), format="json")

    assert (refused.status_code, refused.json()["code"]) == (409, "member_phone_taken")
    assert accepted.status_code == 201


def test_the_list_holds_only_ones_own_members_and_no_hash():
    owner = make_member()
    colleague = make_member(owner.partner, is_active=False)
    make_member()

    answer = client_of(owner).get(URL)

    assert [row["id"] for row in answer.json()["results"]] == [str(colleague.pk), str(owner.pk)]
    assert "password" not in answer.content.decode()


def test_the_list_costs_the_same_for_one_member_and_for_twenty():
    owner = make_member()
    client = client_of(owner)

    with CaptureQueriesContext(connection) as few:
        client.get(URL)
    for _ in range(20):
        make_member(owner.partner)
    with CaptureQueriesContext(connection) as many:
        assert len(client.get(URL).json()["results"]) == 21

    assert len(few) == len(many)


def test_another_role_ends_the_members_sessions_and_a_new_name_does_not():
    owner = make_member()
    member = make_member(owner.partner, role=Role.INVENTORY)
    client = client_of(member)

    renamed = change(owner, member, name="Ravi K", language="bn")
    still_in = client.get("/api/v1/partner").status_code
    moved = change(owner, member, role="coordinator")

    assert (renamed.json()["name"], renamed.json()["language"]) == ("Ravi K", "bn")
    assert still_in == 200
    assert moved.json()["role"] == "coordinator"
    assert client.get("/api/v1/partner").status_code == 401
    assert PartnerEvent.objects.get().reason == f"{member.pk} is coordinator"


def test_a_deactivated_member_is_out_at_once():
    owner = make_member()
    member = make_member(owner.partner, role=Role.INVENTORY)
    client = client_of(member)

    assert change(owner, member, is_active=False).status_code == 200

    assert client.get("/api/v1/partner").status_code == 401
    login = {"phone": member.phone, "password": PASSWORD}
    assert client.post("/api/v1/partner/auth/login", login, format="json").status_code == 401


def test_a_member_whose_number_is_used_elsewhere_meanwhile_cannot_come_back():
    owner = make_member()
    member = make_member(owner.partner, role=Role.INVENTORY, is_active=False)
    make_member(phone=member.phone)

    answer = change(owner, member, is_active=True)

    assert (answer.status_code, answer.json()["code"]) == (409, "member_phone_taken")


def test_a_strangers_member_and_an_unknown_one_are_404():
    owner, stranger = make_member(), make_member()

    assert change(owner, stranger, name="Mine").status_code == 404
    assert client_of(owner).patch(f"{URL}/{owner.partner_id}", {}, format="json").status_code == 404
    stranger.refresh_from_db()
    assert stranger.name != "Mine"


@pytest.mark.parametrize("name", ["phone", "password"])
def test_number_and_password_are_not_changed_by_an_owner(name):
    owner = make_member()

    answer = change(owner, owner, **{name: "+919812345678"})

    assert answer.status_code == 400
    assert answer.json()["errors"][0] == {
        "pointer": f"/{name}",
        "code": "read_only",
        "detail": "This cannot be changed here.",
    }


@pytest.mark.parametrize("changes", [{"role": "inventory"}, {"is_active": False}])
def test_the_last_owner_stays(changes):
    owner = make_member()
    make_member(owner.partner, is_active=False)
    make_member(owner.partner, role=Role.COORDINATOR)
    make_member()

    answer = change(owner, owner, **changes)

    assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")


def test_one_of_two_owners_may_leave():
    first = make_member()
    second = make_member(first.partner)

    assert change(first, second, role="coordinator").status_code == 200
    assert change(first, first, role="coordinator").json()["code"] == "last_owner"


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.INVENTORY])
def test_an_owner_who_is_none_any_more_is_refused_even_if_the_request_was_let_in(role):
    owner = make_member()
    demoted = make_member(owner.partner, role=role)

    with pytest.raises(RoleNotAllowed):
        members.change_member(
            partner_id=owner.partner_id, member_id=owner.pk, actor_id=demoted.pk, changes={"name": "x"}
        )


def leave(owner):
    changes = {"role": Role.COORDINATOR}
    return lambda: members.change_member(
        partner_id=owner.partner_id, member_id=owner.pk, actor_id=owner.pk, changes=changes
    )


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_leave_at_once_one_stays():
    partner = make_partner()
    owners = [make_member(partner) for _ in range(2)]

    results = together([leave(owner) for owner in owners])

    assert sorted(type(result).__name__ for result in results) == ["LastOwner", "Member"]
    assert Member.objects.filter(role=Role.OWNER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_partners_lock_both_owners_leave(monkeypatch):
    partner = make_partner()
    owners = [make_member(partner) for _ in range(2)]
    both_have_looked = Barrier(2)
    look = members._refuse_the_last_owner

    def look_and_wait(member):
        look(member)
        both_have_looked.wait(timeout=20)

    monkeypatch.setattr(members, "lock_one", lambda model, pk: model.objects.get(pk=pk))
    monkeypatch.setattr(members, "_refuse_the_last_owner", look_and_wait)

    results = together([leave(owner) for owner in owners])

    assert not [result for result in results if isinstance(result, LastOwner)]
    assert Member.objects.filter(role=Role.OWNER).count() == 0
