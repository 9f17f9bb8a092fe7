"""Who may call what of the people's side: nobody, a member of a partner, a person."""

from __future__ import annotations

import re
import uuid

import pytest
from django.urls import resolve

from common.tokens import Kind, Realm, read_token
from tests.factories import make_donor, make_user, person_client
from tests.partners.factories import client_with, make_member, member_tokens, person_tokens
from users.api.urls import urlpatterns
from users.models import Session
from users.services import accounts

pytestmark = pytest.mark.django_db
METHODS = ("get", "post", "put", "patch", "delete")
PUBLIC = {
    ("post", "auth/otp"),
    ("post", "auth/register"),
    ("post", "auth/login"),
    ("post", "auth/login/otp"),
    ("post", "auth/refresh"),
    ("post", "auth/logout"),
    ("post", "auth/password/reset"),
    ("get", "deferral-codes"),
    ("get", "identity-levels"),
}
OWN = {
    ("get", "auth/sessions"),
    ("delete", "auth/sessions/<uuid:session_id>"),
    ("post", "auth/password/change"),
    ("get", "me"),
    ("patch", "me"),
    ("post", "me/email/verify"),
    ("put", "me/location"),
    ("get", "me/donor"),
    ("put", "me/donor"),
    ("get", "me/donor/eligibility"),
    ("get", "me/donor/deferrals"),
    ("post", "me/donor/deferrals"),
    ("get", "me/donor/score"),
    ("get", "me/identity"),
    ("post", "me/identity/aadhaar"),
    ("post", "me/identity/offline-ekyc"),
    ("post", "me/identity/attestations"),
    ("get", "me/identity/attestations/<uuid:attestation_id>"),
    ("post", "me/identity/attestations/<uuid:attestation_id>/code"),
    ("get", "me/consents"),
    ("post", "me/consents"),
    ("post", "me/consents/<str:purpose>/withdraw"),
    ("get", "me/data-summary"),
    ("get", "me/export"),
    ("post", "me/erasure"),
    ("get", "me/documents"),
    ("post", "me/documents"),
    ("get", "me/documents/<uuid:document_id>"),
    ("delete", "me/documents/<uuid:document_id>"),
    ("get", "me/documents/<uuid:document_id>/content"),
}
ROUTES = sorted(PUBLIC | OWN)


def call(method, route, token=""):
    path = "/api/v1/" + re.sub(r"<uuid:\w+>", str(uuid.uuid4()), route).replace("<str:purpose>", "unknown")
    body = None if method in ("get", "delete") else {}
    written_as = "multipart" if route == "me/documents" else "json"
    return getattr(client_with(token), method)(path, body, format=written_as)


def test_the_table_names_every_route():
    served = {
        (method, str(entry.pattern)) for entry in urlpatterns for method in METHODS if knows(entry.callback, method)
    }

    assert served == PUBLIC | OWN


def knows(view, method):
    return hasattr(view.view_class, method)


@pytest.mark.parametrize(("method", "route"), sorted(OWN))
def test_without_a_token_the_answer_is_401(method, route):
    answer = call(method, route)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "route"), sorted(OWN))
def test_a_members_token_is_worth_nothing(method, route):
    answer = call(method, route, member_tokens(make_member()).access)

    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


@pytest.mark.parametrize(("method", "route"), sorted(OWN))
def test_a_refresh_token_is_no_access_token(method, route):
    answer = call(method, route, person_tokens().refresh)

    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


@pytest.mark.parametrize(("method", "route"), sorted(OWN - {("post", "me/email/verify")}))
def test_a_person_gets_an_answer_of_the_thing_itself(method, route):
    answer = call(method, route, person_tokens().access)

    assert answer.status_code in (200, 400, 404)
    assert answer.status_code == 200 or answer.json()["code"] in ("invalid_input", "not_a_donor", "not_found")


def test_who_has_no_address_cannot_have_one_verified():
    answer = call("post", "me/email/verify", person_tokens().access)

    assert (answer.status_code, answer.json()["code"]) == (409, "email_missing")


@pytest.mark.parametrize(("method", "route"), sorted(PUBLIC))
@pytest.mark.parametrize("token", ["", "person", "member"])
def test_what_is_public_asks_nobody_who_it_is(method, route, token):
    tokens = {"": "", "person": person_tokens().access, "member": member_tokens(make_member()).access}

    assert call(method, route, tokens[token]).status_code in (200, 400)


@pytest.mark.parametrize("path", ["/api/v1/me/donor", "/api/v1/auth/login"])
def test_a_method_a_route_does_not_know_is_405(path):
    assert resolve(path)
    answer = client_with(person_tokens().access).delete(path)

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YTpi", "Token abc", "Bearer not.a.token", "x"])
def test_a_header_that_is_no_token_is_401(header):
    client = client_with()
    client.credentials(HTTP_AUTHORIZATION=header)

    assert client.get("/api/v1/me").status_code == 401


def test_a_suspended_persons_living_token_stops_at_once():
    donor = make_donor()
    client = person_client(donor.user)

    accounts.suspend(user_id=donor.pk)

    answer = client.get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")
    donor.refresh_from_db()
    assert donor.available is False


def test_an_account_closed_without_ending_its_sessions_is_closed_all_the_same():
    user = make_user()
    client = person_client(user)
    user.is_active = False
    user.save()

    assert client.get("/api/v1/me").json()["code"] == "session_ended"
    assert Session.objects.get().ended_at is None


def test_a_reinstated_person_signs_in_anew():
    user = make_user()
    client = person_client(user)
    accounts.suspend(user_id=user.pk)

    accounts.reinstate(user_id=user.pk)

    assert client.get("/api/v1/me").status_code == 401
    assert person_client(user).get("/api/v1/me").status_code == 200


def test_a_token_names_its_realm_and_kind():
    pair = person_tokens()

    claims = read_token(Realm.USER, Kind.ACCESS, pair.access)

    assert Session.objects.get(pk=claims.session).account_id == claims.subject
