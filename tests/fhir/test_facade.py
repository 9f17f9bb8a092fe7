"""The façade as a whole: what it says of itself, who may read, and how it refuses."""

from __future__ import annotations

import re
import uuid

import pytest
from django.urls import get_resolver
from rest_framework.test import APIClient

from config.fhir import RESOURCES
from partners.api.authentication import MemberAuthentication
from tests.architecture.test_urls import leaves
from tests.factories import make_hospital, make_user, member_client, person_client
from tests.fhir.profiles import FHIR, parsed

pytestmark = pytest.mark.django_db

ROUTES = [
    (re.sub(r"<uuid:\w+>", str(uuid.UUID(int=0)), f"/{path}"), pattern.callback.cls)
    for path, pattern in leaves(get_resolver())
    if path.startswith("fhir/") and hasattr(pattern.callback, "cls")
]
CLOSED = [(path, view) for path, view in ROUTES if view.authentication_classes]


def code_of(answer) -> str:
    return parsed(answer).issue[0].details.coding[0].code


def test_the_statement_lists_every_resource_with_its_searches():
    statement = parsed(APIClient().get(f"{FHIR}/metadata"))

    listed = {one.type: {param.name: param.type for param in one.searchParam} for one in statement.rest[0].resource}
    assert statement.fhirVersion == "4.0.1"
    assert listed == {str(search.resource_type): dict(search.searches) for search, _ in RESOURCES}


@pytest.mark.parametrize(("path", "view"), CLOSED, ids=[path[:40] for path, _ in CLOSED])
def test_without_a_token_a_closed_address_is_401(path, view):
    answer = APIClient().get(path)

    assert (answer.status_code, code_of(answer)) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("path", "view"), CLOSED, ids=[path[:40] for path, _ in CLOSED])
def test_a_token_of_the_other_realm_is_401(path, view):
    is_partners = MemberAuthentication in view.authentication_classes
    stranger = person_client(make_user()) if is_partners else member_client(make_hospital())

    answer = stranger.get(path)

    assert (answer.status_code, code_of(answer)) == (401, "token_invalid")


@pytest.mark.parametrize("path", [f"{FHIR}/Nothing", f"{FHIR}/SupplyRequest/no-uuid", f"{FHIR}/", f"{FHIR}/metadata/x"])
def test_an_unknown_address_is_404_in_fhirs_words(path):
    answer = APIClient().get(path)

    assert (answer.status_code, code_of(answer)) == (404, "not_found")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_is_written_here(method):
    answer = getattr(member_client(make_hospital()), method)(f"{FHIR}/SupplyRequest", {}, format="json")

    assert (answer.status_code, parsed(answer).issue[0].code) == (405, "not-supported")


@pytest.mark.parametrize("query", ["", "?_format=json", "?_format=application/fhir%2Bjson"])
def test_it_speaks_json(query):
    answer = APIClient().get(f"{FHIR}/metadata{query}", headers={"Accept": "*/*"})

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/fhir+json")


@pytest.mark.parametrize(("query", "accept"), [("?_format=xml", "*/*"), ("", "application/fhir+xml")])
def test_whoever_wants_xml_is_told_that_there_is_none(query, accept):
    answer = APIClient().get(f"{FHIR}/metadata{query}", headers={"Accept": accept})

    assert (answer.status_code, parsed(answer).issue[0].code) == (406, "not-supported")
