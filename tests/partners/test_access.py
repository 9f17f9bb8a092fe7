"""Who may call what: roles, states of the partner, realms."""

from __future__ import annotations

import pytest
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from common.api.views import APIView
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember, IsMember, IsOwner, MayCoordinate, MayKeepStock
from partners.states import Role
from tests.partners.factories import (
    client_of,
    client_with,
    make_member,
    make_partner,
    member_tokens,
    person_tokens,
)

pytestmark = pytest.mark.django_db

PROFILE = "/api/v1/partner"
MEMBERS = "/api/v1/partner/members"
ALLOWED = {
    IsMember: set(Role),
    IsLiveMember: set(Role),
    IsOwner: {Role.OWNER},
    MayCoordinate: {Role.OWNER, Role.COORDINATOR},
    MayKeepStock: {Role.OWNER, Role.INVENTORY},
}


def call(permission, member=None, token=""):
    class View(APIView):
        authentication_classes = [MemberAuthentication]
        permission_classes = [permission]

        def get(self, request):
            return Response({})

    token = token or (member_tokens(member).access if member else "")
    headers = {"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {}
    return View.as_view()(APIRequestFactory().get("/", **headers))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", ALLOWED)
def test_each_permission_lets_in_its_roles_and_names_the_refusal(permission, role):
    answer = call(permission, make_member(role=role))

    expected = (200, None) if role in ALLOWED[permission] else (403, "role_not_allowed")
    assert (answer.status_code, answer.data.get("code")) == expected


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", ALLOWED)
def test_a_pending_partners_members_pass_only_where_every_state_does(permission, role):
    answer = call(permission, make_member(make_partner(status="pending"), role=role))

    expected = (200, None) if permission is IsMember else (403, "partner_not_live")
    assert (answer.status_code, answer.data.get("code")) == expected


@pytest.mark.parametrize("permission", ALLOWED)
def test_nobody_and_people_pass_nowhere(permission):
    assert call(permission).status_code == 401
    assert call(permission, token=person_tokens().access).status_code == 401
    assert call(permission, token="not.a.token").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "roles"),
    [
        ("get", PROFILE, set(Role)),
        ("patch", PROFILE, {Role.OWNER}),
        ("get", MEMBERS, {Role.OWNER}),
        ("post", MEMBERS, {Role.OWNER}),
        ("patch", f"{MEMBERS}/00000000-0000-7000-8000-000000000000", {Role.OWNER}),
        ("get", f"{PROFILE}/auth/sessions", set(Role)),
    ],
)
@pytest.mark.parametrize("role", Role)
def test_each_route_lets_in_its_roles(method, path, roles, role):
    answer = getattr(client_of(make_member(role=role)), method)(path, {}, format="json")

    assert (answer.status_code == 403) == (role not in roles)
    assert answer.status_code == 403 or answer.status_code in (200, 400, 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", MEMBERS),
        ("post", MEMBERS),
        ("patch", f"{MEMBERS}/00000000-0000-7000-8000-000000000000"),
    ],
)
def test_a_pending_partner_has_nothing_but_its_profile(method, path):
    client = client_of(make_member(make_partner(status="pending")))

    answer = getattr(client, method)(path, {}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (403, "partner_not_live")
    assert client.get(PROFILE).status_code == 200
    assert client.patch(PROFILE, {"service_hours": "24x7"}, format="json").status_code == 200
    assert client.get(f"{PROFILE}/auth/sessions").status_code == 200


@pytest.mark.parametrize("path", [PROFILE, MEMBERS, f"{PROFILE}/auth/sessions"])
def test_without_a_token_or_with_a_persons_the_answer_is_401(path):
    assert client_with().get(path).status_code == 401
    assert client_with(person_tokens().access).get(path).json()["code"] == "token_invalid"
